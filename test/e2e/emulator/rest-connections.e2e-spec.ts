import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { describe, expect, it } from '@jest/globals';
import { callRest } from '../../support/call-rest.js';
import { WebSocketClient } from '../../support/connect-client.js';
import { connect, emulator, hub, service, useHubPerTest } from '../../support/rest-hub.js';

useHubPerTest();

describe('existence [rest-api 3]', () => {
  it('of connections, users and groups lasts as long as a connection', async () => {
    const client = await connect({ userId: 'ann', groups: ['g'] });
    const exist = () =>
      Promise.all([
        service.connectionExists(client.connectionId),
        service.userExists('ann'),
        service.groupExists('g'),
        service.userExists('ANN'),
        service.groupExists('G'),
      ]);
    expect(await exist()).toEqual([true, true, true, false, false]);
    await service.closeConnection(client.connectionId);
    expect(await exist()).toEqual([false, false, false, false, false]);
  });

  it('knows hubs without regard to case [rest-api 2]', async () => {
    const client = await connect();
    const other = new WebPubSubServiceClient(emulator.connectionString, hub.toUpperCase(), {
      allowInsecureConnection: true,
    });
    expect(await other.connectionExists(client.connectionId)).toBe(true);
  });
});

describe('closing [rest-api 4]', () => {
  it('tells the client why', async () => {
    const client = await connect();
    await service.closeConnection(client.connectionId, { reason: 'Enough, 李' });
    expect(await client.next()).toEqual({ type: 'system', event: 'disconnected', message: 'Enough, 李' });
    expect(await client.closed()).toEqual({ code: 1000, reason: 'Enough, 李' });
  });

  it('has a default reason', async () => {
    const client = await WebSocketClient.connect(emulator, { hub });
    await service.closeAllConnections();
    expect(await client.closed()).toEqual({ code: 1000, reason: 'Closed by REST API.' });
  });

  it.each([
    ['all', ':closeConnections'],
    ['a user', 'users/ann/:closeConnections'],
    ['a group', 'groups/g/:closeConnections'],
  ])('%s, but those excluded', async (_name, path) => {
    const [ann, bob] = [
      await connect({ userId: 'ann', groups: ['g'] }),
      await connect({ userId: 'ann', groups: ['g'] }),
    ];
    await callRest(emulator, `POST /api/hubs/${hub}/${path}?excluded=${bob.connectionId}&excluded=x&reason=bye`);
    expect((await ann.closed()).reason).toBe('bye');
    expect(await bob.untilPong()).toEqual([]);
  });
});
