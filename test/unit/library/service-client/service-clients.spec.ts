import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { ServiceClientFactory } from '../../../../src/library/service-client/service-client.factory.js';
import { ServiceClients } from '../../../../src/library/service-client/service-clients.js';

const KEY = 'a-key-of-more-than-thirty-two-characters';
const clientsOf = (endpoint = 'https://demo.webpubsub.azure.com') =>
  new ServiceClients(new ServiceClientFactory({ connectionString: `Endpoint=${endpoint};AccessKey=${KEY};` }));

describe('ServiceClients', () => {
  it('gives one client per hub, whatever the case of the name', () => {
    const clients = clientsOf();
    const client = clients.for('Sample_ChatApp');
    expect(client).toBeInstanceOf(WebPubSubServiceClient);
    expect(client.hubName).toBe('Sample_ChatApp');
    expect(clients.for('sample_chatapp')).toBe(client);
    expect(clients.for('other')).not.toBe(client);
  });

  it('refuses a name that is no hub name', () => {
    expect(() => clientsOf().for('a/b')).toThrow('"a/b" is no hub name');
  });

  it('says what is missing when the options name no service', () => {
    const clients = new ServiceClients(new ServiceClientFactory({ upstreamAuth: { signature: 'off' } }));
    expect(() => clients.for('chat')).toThrow('There is no service to call');
  });

  it('a client that stands in for a missing service says so when it is used, not before', () => {
    const client = new ServiceClientFactory({}).createUnavailable('chat');
    expect(client).toBeInstanceOf(WebPubSubServiceClient);
    expect((client as { then?: unknown }).then).toBeUndefined();
    expect(() => client.sendToAll('hello')).toThrow('There is no service to call');
    expect(() => client.group('room')).toThrow('There is no service to call');
  });
});

describe('ServiceClients.clientAccess [auth 3]', () => {
  it.each([
    ['default', undefined, 'client/hubs/chat'],
    ['default', 'default', 'client/hubs/chat'],
    ['MQTT', 'mqtt', 'clients/mqtt/hubs/chat'],
  ] as const)('makes the URL of a %s client (clientProtocol %s)', async (_, clientProtocol, path) => {
    const options = { userId: 'ann', roles: ['webpubsub.sendToGroup.a'], groups: ['a'], clientProtocol };
    const access = await clientsOf().clientAccess('chat', options);
    expect(access.baseUrl).toBe(`wss://demo.webpubsub.azure.com/${path}`);
    expect(access.url).toBe(`${access.baseUrl}?access_token=${access.token}`);
    expect(Object.keys(access).sort()).toEqual(['baseUrl', 'token', 'url']);
    const claims = jwt.verify(access.token, KEY, { audience: `https://demo.webpubsub.azure.com/${path}` });
    expect(claims).toMatchObject({ sub: 'ann', role: ['webpubsub.sendToGroup.a'], 'webpubsub.group': ['a'] });
  });

  it('makes ws:// URLs of http:// endpoints, with the port', async () => {
    const { baseUrl } = await clientsOf('http://localhost:8888').clientAccess('chat');
    expect(baseUrl).toBe('ws://localhost:8888/client/hubs/chat');
  });

  it('makes anonymous access without a user id', async () => {
    const { token } = await clientsOf().clientAccess('chat');
    expect(jwt.decode(token)).not.toHaveProperty('sub');
  });

  it('lets the access expire as said', async () => {
    const { token } = await clientsOf().clientAccess('chat', { expirationTimeInMinutes: 5 });
    const { exp, iat } = jwt.decode(token) as { exp: number; iat: number };
    expect(exp - iat).toBe(300);
  });

  it.each([0, -1, NaN, Infinity, '5' as never])('refuses %j minutes', async (expirationTimeInMinutes) => {
    await expect(clientsOf().clientAccess('chat', { expirationTimeInMinutes })).rejects.toThrow(RangeError);
  });

  it('refuses a name that is no hub name', async () => {
    await expect(clientsOf().clientAccess('a b')).rejects.toThrow('is no hub name');
  });
});
