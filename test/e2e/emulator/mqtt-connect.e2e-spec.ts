import { beforeEach, describe, expect, it } from '@jest/globals';
import type { IClientOptions } from 'mqtt';
import { generate, type IConnectPacket } from 'mqtt-packet';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { signAccessToken } from '../../../src/protocol/access-token.js';
import { RefusedHandshake, refusalOf as refusalOfWebSocket, WebSocketClient } from '../../support/connect-client.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ALL_ROLES, connectNpmMqtt, RawMqttClient, textOf, type RawMqttOptions } from '../../support/mqtt-client.js';
import { RecordingUpstream, type Answer, type RecordedRequest } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

let emulator: WebPubSubEmulator;
const clock = new FakeClock(Date.now());

beforeEach(async () => {
  emulator = await startEmulator({ clock });
});

async function refusalOf(options: RawMqttOptions): Promise<RefusedHandshake> {
  try {
    await RawMqttClient.open(emulator, options);
  } catch (error) {
    if (error instanceof RefusedHandshake) return error;
    throw error;
  }
  throw new Error('The handshake was accepted.');
}

/** A property that comes two times, which the packet library writes though its types do not know it. */
function twice<T>(value: T): T {
  return [value, value] as T;
}

describe('upgrade of an MQTT client [client-mqtt 1]', () => {
  it('answers the subprotocol mqtt, whatever else is offered', async () => {
    const { socket } = await RawMqttClient.open(emulator, { subprotocols: ['json.webpubsub.azure.v1', 'mqtt'] });
    expect(socket.protocol).toBe('mqtt');
  });

  it.each<[string, number, RawMqttOptions]>([
    ['without a token', 401, { token: null }],
    ['with a token that is none', 401, { token: 'x' }],
    ['with a token for other clients', 401, { claims: { aud: 'http://localhost/client/hubs/chat' } }],
    ['with an expired token', 401, { claims: { exp: 1 } }],
    ['with a token for another hub', 401, { claims: { aud: 'http://localhost/clients/mqtt/hubs/other' } }],
    ['with an invalid group in its token', 400, { groups: [' '] }],
    ['that does not offer mqtt', 400, { subprotocols: ['json.webpubsub.azure.v1'] }],
    ['that offers no subprotocol', 400, { subprotocols: [] }],
    ['of a hub with an impossible name', 400, { hub: '1' }],
  ])('refuses a client %s with %i', async (_name, status, options) => {
    expect((await refusalOf(options)).status).toBe(status);
  });

  it.each([
    [
      'in the header Authorization',
      (token: string) => ({ token: null, headers: { Authorization: `Bearer ${token}` } }),
    ],
    ['in the query', (token: string) => ({ token })],
    ['in the query under another spelling', (token: string) => ({ token: null, query: `ACCESS_TOKEN=${token}` })],
  ])('takes the token %s', async (_name, optionsFor) => {
    const token = signAccessToken(
      { aud: `${emulator.endpoint}/clients/mqtt/hubs/CHAT`, exp: clock.now() / 1000 + 60 },
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH',
    );
    const client = await RawMqttClient.connect(emulator, optionsFor(token));
    expect(client.connack?.reasonCode).toBe(0);
  });

  it('lets anonymous clients in where the hub allows them, without roles', async () => {
    emulator.setHub('chat', { anonymousConnectPolicy: 'allow' });
    const client = await RawMqttClient.connect(emulator, { token: null });
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 0 }] });
    expect(await client.expect('suback')).toMatchObject({ granted: [0x87] });
  });

  it.each(['webpubsub.group', 'group'])('enters the groups of the claim %s', async (claim) => {
    const client = await RawMqttClient.connect(emulator, {
      roles: ['webpubsub.sendToGroup'],
      claims: { [claim]: ['a'] },
    });
    client.publish({ topic: 'a', payload: 'x' });
    expect(await client.expect('publish')).toMatchObject({ topic: 'a', qos: 0 });
  });
});

describe('maxConnections', () => {
  it('counts MQTT clients with the others, and lets one in when one has gone', async () => {
    emulator = await startEmulator({ clock, maxConnections: 1 });
    const first = await RawMqttClient.connect(emulator);
    expect(await refusalOf({})).toMatchObject({ status: 429, body: 'Connection count reaches limit.' });
    const refusal = await refusalOfWebSocket(WebSocketClient.connect(emulator));
    expect(refusal).toEqual({ status: 429, body: 'Connection count reaches limit.' });
    await first.disconnect();
    const second = await WebSocketClient.connect(emulator);
    expect((await refusalOf({})).status).toBe(429);
    second.socket.close(1000);
    await second.closed();
    const third = await RawMqttClient.connect(emulator);
    expect(third.connack?.reasonCode).toBe(0);
  });
});

describe('CONNECT [client-mqtt 3]', () => {
  it.each<[string, number, number, 4 | 5, Partial<IConnectPacket>]>([
    ['a client id with a hyphen', 2, 0x85, 5, { clientId: 'a-b' }],
    ['a client id of 129 characters', 2, 0x85, 5, { clientId: 'a'.repeat(129) }],
    ['an empty client id', 2, 0, 4, { clientId: '' }],
    ['a keep alive of 0', 3, 0, 4, { keepalive: 0 }],
    ['a keep alive of 181 s', 3, 0, 4, { keepalive: 181 }],
    ['MQTT 3.1', 1, 0, 4, { protocolVersion: 3, protocolId: 'MQIsdp' }],
    ['a blank will topic', 3, 0x90, 5, { will: { topic: ' ', payload: Buffer.from('') } }],
    ['a will topic with a wildcard', 3, 0x90, 5, { will: { topic: 'a/+', payload: Buffer.from('') } }],
    ['a will topic of 1025 characters', 3, 0x90, 5, { will: { topic: 'a'.repeat(1025), payload: Buffer.from('') } }],
    ['a will of 2001 bytes', 3, 0x95, 5, { will: { topic: 'a', payload: Buffer.alloc(2001) } }],
    ['a retained will', 0, 0x9a, 5, { will: { topic: 'a', payload: Buffer.from(''), retain: true } }],
    ['enhanced authentication', 0, 0x8c, 5, { properties: { authenticationMethod: 'x' } }],
    ['a Receive Maximum of 0', 0, 0x82, 5, { properties: { receiveMaximum: 0 } }],
    ['a Maximum Packet Size of 0', 0, 0x82, 5, { properties: { maximumPacketSize: 0 } }],
    ['two Receive Maximums', 0, 0x82, 5, { properties: { receiveMaximum: twice(5) } }],
    ['two Session Expiry Intervals', 0, 0x82, 5, { properties: { sessionExpiryInterval: twice(5) } }],
    [
      'two Will Delay Intervals',
      0,
      0x82,
      5,
      { will: { topic: 'a', payload: Buffer.from(''), properties: { willDelayInterval: twice(5) } } },
    ],
  ])('with %s is refused', async (_name, returnCode, reasonCode, version, connect) => {
    // What both versions know is refused in both.
    for (const tried of version === 5 && returnCode > 0 ? ([5, 4] as const) : [version]) {
      const client = await RawMqttClient.connect(emulator, { version: tried, connect });
      expect(client.connack).toMatchObject(tried === 5 ? { reasonCode } : { returnCode });
      expect((await client.closed()).code).toBe(1000);
    }
  });

  it.each<[string, 4 | 5, IClientOptions, string]>([
    [
      'the client id that mqtt.js makes up',
      4,
      { clientId: undefined },
      '2: A client id has 1 to 128 letters and digits.',
    ],
    ['the same in 5.0', 5, { clientId: undefined }, '85: A client id has 1 to 128 letters and digits.'],
    ['no keep alive', 4, { keepalive: 0 }, '3: In MQTT 3.1.1 the keep alive is 1 to 180 s.'],
  ])('that is refused for %s leaves the reason in log and record', async (_name, version, options, told) => {
    const warnings: string[] = [];
    const logger = { log() {}, warn: (line: string) => void warnings.push(line), error() {} };
    const service = await startEmulator({ clock, logger });
    await expect(connectNpmMqtt(service, { version }, options)).rejects.toThrow(/refused/);
    const reason = told.slice(told.indexOf(' ') + 1);
    expect(warnings).toEqual([`An MQTT client of hub chat was refused: ${reason}`]);
    const refused = service.traffic.entries().find((entry) => entry.door === 'client' && entry.action === 'refused');
    expect(refused).toMatchObject({ hub: 'chat', summary: `CONNACK 0x${told}` });
  });

  it.each<[string, 4 | 5, Partial<IConnectPacket>]>([
    ['a client id of 128 characters', 4, { clientId: 'a'.repeat(128) }],
    ['a keep alive of 1 s', 4, { keepalive: 1 }],
    ['a keep alive of 180 s', 4, { keepalive: 180 }],
    ['a keep alive of 0', 5, { keepalive: 0 }],
    ['a keep alive of 65535 s', 5, { keepalive: 65_535 }],
    ['a will of 2000 bytes', 4, { will: { topic: 'a'.repeat(1024), payload: Buffer.alloc(2000) } }],
    ['a retained will', 4, { will: { topic: 'a', payload: Buffer.from(''), retain: true } }],
    ['a password without a user name', 5, { password: Buffer.from('x'), username: '' }],
  ])('with %s is accepted', async (_name, version, connect) => {
    const client = await RawMqttClient.connect(emulator, { version, connect });
    expect(client.connack).toMatchObject(version === 5 ? { reasonCode: 0 } : { returnCode: 0 });
  });

  it('of an unknown level is refused with 0x84', async () => {
    const client = await RawMqttClient.open(emulator);
    client.socket.send(Buffer.from('100d00044d5154540602003c0000016162', 'hex'));
    expect(await client.expect('connack')).toMatchObject({ reasonCode: 0x84 });
    await client.closed();
  });

  it.each([4, 5] as const)(
    'of an unknown level after one of level %d closes the socket, and nothing else',
    async (version) => {
      const problems: string[] = [];
      const report = (message: string) => void problems.push(message);
      const service = await startEmulator({ logger: { log() {}, warn: report, error: report } });
      const client = await RawMqttClient.open(service, { version });
      const connect: IConnectPacket = {
        cmd: 'connect',
        clientId: 'a',
        protocolVersion: version,
        clean: true,
        keepalive: 60,
      };
      const ofUnknownLevel = Buffer.from('100d00044d5154540602003c0000016162', 'hex');
      client.socket.send(Buffer.concat([generate(connect, { protocolVersion: version }), ofUnknownLevel]));
      expect((await client.closed()).reason).toBe('The packet is malformed: Invalid protocol version.');
      await expect(client.next()).rejects.toThrow('The socket was closed');
      expect(problems).toEqual([]);
    },
  );

  it('is answered with what the standard requires of a server with these limits [client-mqtt 3.1]', async () => {
    const client = await RawMqttClient.connect(emulator);
    expect(client.connack).toMatchObject({ sessionPresent: false, reasonCode: 0 });
    expect(client.connack?.properties).toEqual({
      retainAvailable: false,
      wildcardSubscriptionAvailable: false,
      sharedSubscriptionAvailable: false,
      maximumPacketSize: 1024 * 1024,
    });
  });

  it('without a client id is given one in 5.0', async () => {
    const client = await RawMqttClient.connect(emulator, { connect: { clientId: '' } });
    expect(client.connack?.properties?.assignedClientIdentifier).toMatch(/^[0-9A-Za-z]{16,128}$/);
  });

  it.each([
    [31, 30],
    [4_294_967_295, 30],
    [30, undefined],
    [0, undefined],
  ])('asking for %i s of session is told %p', async (requested, told) => {
    const client = await RawMqttClient.connect(emulator, {
      connect: { properties: { sessionExpiryInterval: requested } },
    });
    expect(client.connack?.properties?.sessionExpiryInterval).toBe(told);
  });

  it('may be followed by packets before it is answered', async () => {
    const client = await RawMqttClient.open(emulator, { roles: ['webpubsub.joinLeaveGroup'] });
    client.send({ cmd: 'connect', clientId: 'a', protocolVersion: 5, clean: true, keepalive: 0 });
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 0 }] });
    await client.expect('connack');
    expect(await client.expect('suback')).toMatchObject({ granted: [0] });
  });

  it('a second time ends the connection', async () => {
    const client = await RawMqttClient.connect(emulator);
    client.send({ cmd: 'connect', clientId: 'client1', protocolVersion: 5, clean: true, keepalive: 0 });
    expect(await client.expect('disconnect')).toMatchObject({ reasonCode: 0x82 });
    await client.closed();
  });

  it('must come first', async () => {
    const client = await RawMqttClient.open(emulator);
    client.send({ cmd: 'pingreq' });
    expect((await client.closed()).code).toBe(1002);
  });

  it('must come within 30 s [assumed]', async () => {
    const client = await RawMqttClient.open(emulator);
    clock.advance(30_000);
    expect((await client.closed()).code).toBe(1008);
  });

  it('makes the client id the connection id [client-mqtt 2]', async () => {
    const ids = new Set<string>();
    emulator.on('connected', ({ context }) => void ids.add(context.connectionId));
    const client = await RawMqttClient.connect(emulator);
    expect([...ids]).toEqual(['client1']);
    await client.disconnect();
  });
});

describe('connect event of an MQTT client [upstream-events 6.6]', () => {
  let upstream: RecordingUpstream;

  async function withUpstream(answer: Answer, act: () => Promise<void>): Promise<void> {
    upstream = await RecordingUpstream.start(({ headers }) =>
      headers['ce-eventname'] === 'connect' ? answer : undefined,
    );
    emulator.setHub('chat', {
      eventHandlers: [{ urlTemplate: upstream.url, systemEvents: ['connect', 'connected', 'disconnected'] }],
    });
    try {
      await act();
    } finally {
      await emulator.close();
      await upstream.close();
    }
  }

  function bodyOf(request: RecordedRequest): Record<string, unknown> {
    return JSON.parse(request.body.toString()) as Record<string, unknown>;
  }

  it('tells what CONNECT said, and the connected event follows', () =>
    withUpstream({ status: 204 }, async () => {
      await RawMqttClient.connect(emulator, {
        userId: 'ann',
        query: 'room=1',
        connect: {
          username: 'u',
          password: Buffer.from('pass'),
          clean: false,
          properties: { sessionExpiryInterval: 10, userProperties: { a: ['1', '2'], b: '3' } },
        },
      });
      const connect = await upstream.nextEvent();
      expect(connect.headers).toMatchObject({
        'ce-type': 'azure.webpubsub.sys.connect',
        'ce-connectionid': 'client1',
        'ce-userid': 'ann',
        'ce-subprotocol': 'mqtt',
        'ce-source': `/hubs/chat/client/client1/${String(connect.headers['ce-physicalconnectionid'])}`,
      });
      expect(connect.headers).not.toHaveProperty('ce-sessionid');
      expect(bodyOf(connect)).toMatchObject({
        claims: { sub: ['ann'] },
        query: { room: ['1'] },
        subprotocols: ['mqtt'],
        mqtt: {
          protocolVersion: 5,
          cleanStart: false,
          username: 'u',
          password: Buffer.from('pass').toString('base64'),
          userProperties: [
            { name: 'a', value: '1' },
            { name: 'a', value: '2' },
            { name: 'b', value: '3' },
          ],
        },
      });
      const connected = await upstream.nextEvent();
      expect(connected.headers).toMatchObject({
        'ce-type': 'azure.webpubsub.sys.connected',
        'ce-physicalconnectionid': connect.headers['ce-physicalconnectionid'],
      });
      expect(connected.headers['ce-sessionid']).toEqual(expect.any(String));
    }));

  it('may give user, roles, groups and user properties', () =>
    withUpstream(
      {
        status: 200,
        body: JSON.stringify({
          userId: 'bob',
          groups: ['a'],
          roles: ['webpubsub.sendToGroup.a'],
          mqtt: {
            userProperties: [
              { name: 'x', value: '1' },
              { name: 'y', value: '2' },
              { name: 'x', value: '3' },
            ],
          },
        }),
      },
      async () => {
        const client = await RawMqttClient.connect(emulator, { userId: 'ann' });
        expect({ ...client.connack?.properties?.userProperties }).toEqual({ x: ['1', '3'], y: '2' });
        client.publish({ topic: 'a', payload: 'hi' });
        await client.expect('publish');
        await upstream.nextEvent();
        expect((await upstream.nextEvent()).headers['ce-userid']).toBe('bob');
      },
    ));

  const refusal = (mqtt: unknown, status = 401): Answer => ({ status, body: JSON.stringify({ mqtt }) });

  it.each<[string, Answer, number, number]>([
    ['a code of 5.0', refusal({ code: 0x8a, reason: 'banned', userProperties: [{ name: 'a', value: 'b' }] }), 0x8a, 3],
    ['a code of 3.1.1', refusal({ code: 4 }), 0x80, 4],
    ['a code that is none', refusal({ code: 77 }), 0x80, 3],
    ['400 and no JSON', { status: 400 }, 0x86, 4],
    ['401 and no JSON', { status: 401, body: 'no' }, 0x87, 5],
    ['403 and no JSON', { status: 403 }, 0x80, 3],
    ['200 and invalid JSON', { status: 200, body: '{' }, 0x80, 3],
    ['200 and another subprotocol', { status: 200, body: '{"subprotocol":"json.webpubsub.azure.v1"}' }, 0x80, 3],
  ])('answered with %s refuses the client [client-mqtt 3.1]', (_name, answer, reasonCode, returnCode) =>
    withUpstream(answer, async () => {
      const newer = await RawMqttClient.connect(emulator, { version: 5 });
      expect(newer.connack).toMatchObject({ reasonCode });
      expect((await newer.closed()).code).toBe(1000);
      const older = await RawMqttClient.connect(emulator, { version: 4 });
      expect(older.connack).toMatchObject({ returnCode });
      expect(await older.closed()).toEqual({ code: 1000, reason: '' });
    }),
  );

  it('gives its reason and user properties to a client of 5.0', () =>
    withUpstream(refusal({ code: 0x87, reason: 'not you', userProperties: [{ name: 'a', value: 'b' }] }), async () => {
      const { connack } = await RawMqttClient.connect(emulator);
      expect(connack?.properties?.reasonString).toBe('not you');
      expect({ ...connack?.properties?.userProperties }).toEqual({ a: 'b' });
    }));

  it('may be followed by DISCONNECT before it is answered: the client is heard, then gone, without its will', async () => {
    let accept = (): void => {};
    upstream = await RecordingUpstream.start(({ headers }) => {
      if (headers['ce-eventname'] === 'order') return 'hang';
      if (headers['ce-eventname'] !== 'connect') return { status: 204 };
      return (response) => {
        accept = () => response.writeHead(204).end();
      };
    });
    const systemEvents = ['connect', 'connected', 'disconnected'] as const;
    const hasty = await RawMqttClient.open(emulator, { roles: ALL_ROLES });
    const listener = await RawMqttClient.connect(emulator, { roles: ALL_ROLES });
    await listener.subscribe('t');
    emulator.setHub('chat', { eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: '*', systemEvents }] });
    const will = { topic: 't', payload: Buffer.from('farewell') };
    hasty.send({ cmd: 'connect', clientId: 'hasty', protocolVersion: 5, clean: true, keepalive: 0, will });
    hasty.publish({ topic: '$webpubsub/server/events/order', payload: 'first' });
    hasty.publish({ topic: 't', payload: 'second' });
    hasty.send({ cmd: 'disconnect', reasonCode: 0 });
    await upstream.nextEvent();
    accept();
    await hasty.closed();
    await Promise.all([upstream.nextEvent(), upstream.nextEvent(), upstream.nextEvent()]);
    const disconnected = upstream.events.find(({ headers }) => headers['ce-eventname'] === 'disconnected');
    expect(bodyOf(disconnected!)).toMatchObject({ mqtt: { initiatedByClient: true, disconnectPacket: { code: 0 } } });
    expect((await listener.untilPingresp()).map(textOf)).toEqual(['second']);
    // This order breaks off the call that is never answered.
    await upstream.close();
    await emulator.close();
  });

  it('is given up when the client goes, and takes no other client’s place', async () => {
    let answerFirst = (): void => {};
    let isFirst = true;
    upstream = await RecordingUpstream.start(() => {
      if (!isFirst) return { status: 204 };
      isFirst = false;
      return (response) => {
        answerFirst = () => response.writeHead(204).end();
      };
    });
    emulator.setHub('chat', { eventHandlers: [{ urlTemplate: upstream.url, systemEvents: ['connect'] }] });
    const early = await RawMqttClient.open(emulator);
    early.send({ cmd: 'connect', clientId: 'client1', protocolVersion: 5, clean: true, keepalive: 0 });
    await upstream.nextEvent();
    await early.drop();
    const late = await RawMqttClient.connect(emulator);
    answerFirst();
    expect(await late.untilPingresp()).toEqual([]);
    await emulator.close();
    await upstream.close();
  });
});
