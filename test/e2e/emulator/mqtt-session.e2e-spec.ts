import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import type { IConnectPacket, Packet } from 'mqtt-packet';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ALL_ROLES, RawMqttClient, textOf, type RawMqttOptions } from '../../support/mqtt-client.js';
import { RecordingUpstream } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

let emulator: WebPubSubEmulator;
let service: WebPubSubServiceClient;
let clock: FakeClock;
/** `connected client1`, `disconnected client1 reason`, as they are raised. */
let events: string[];
let onEvent: () => void;

beforeEach(async () => {
  clock = new FakeClock(Date.now());
  emulator = await startEmulator({ clock });
  service = new WebPubSubServiceClient(emulator.connectionString, 'chat', { allowInsecureConnection: true });
  const ofThisTest: string[] = [];
  events = ofThisTest;
  onEvent = () => {};
  const note = (event: string): void => {
    ofThisTest.push(event);
    onEvent();
  };
  emulator.on('connected', ({ context }) => note(`connected ${context.connectionId}`));
  emulator.on('disconnected', (event) => {
    const reason = event.kind === 'disconnected' ? event.reason : '';
    note(`disconnected ${event.context.connectionId} ${reason ?? ''}`.trim());
  });
});

function raised(event: string): Promise<void> {
  return new Promise((resolve) => {
    onEvent = () => events.includes(event) && resolve();
    onEvent();
  });
}

function connect(clientId: string, options: RawMqttOptions = {}): Promise<RawMqttClient> {
  return RawMqttClient.connect(emulator, { roles: ALL_ROLES, ...options, connect: { clientId, ...options.connect } });
}

/** Of either version a CONNECT whose session lasts. */
function lasting(version: 4 | 5, packet: Partial<IConnectPacket> = {}): RawMqttOptions {
  return {
    version,
    connect: {
      clean: false,
      ...packet,
      ...(version === 5 && { properties: { sessionExpiryInterval: 30, ...packet.properties } }),
    },
  };
}

/** When the emulator has seen the socket go, the client is no more among those that are online. */
async function networkLost(): Promise<void> {
  for (;;) {
    const entries = emulator.traffic.entries();
    if (entries.some((entry) => entry.door === 'client' && entry.summary.includes('the session stays'))) return;
    await new Promise<void>((resolve) => {
      const end = emulator.traffic.subscribe(() => {
        end();
        resolve();
      });
    });
  }
}

describe.each([4, 5] as const)('a session of version %i [client-mqtt 3.2]', (version) => {
  it('outlives its socket by 30 s, then ends', async () => {
    const client = await connect('a', lasting(version));
    await client.drop();
    await networkLost();
    clock.advance(29_999);
    expect(await service.connectionExists('a')).toBe(true);
    clock.advance(1);
    expect(await service.connectionExists('a')).toBe(false);
    await raised('disconnected a The session expired.');
    expect(events).toEqual(['connected a', 'disconnected a The session expired.']);
    const later = await connect('a', lasting(version));
    expect(later.connack?.sessionPresent).toBe(false);
  });

  it('is there again within 30 s, with its subscriptions and what it missed, in order', async () => {
    const client = await connect('a', lasting(version));
    await client.subscribe('t', 2);
    await client.drop();
    await networkLost();
    const publisher = await connect('p');
    publisher.publish({ topic: 't', payload: '0', qos: 0 });
    for (let id = 1; id <= 3; id++) publisher.publish({ topic: 't', payload: String(id), qos: 1, messageId: id });
    publisher.publish({ topic: 't', payload: '4', qos: 2, messageId: 4 });
    await publisher.untilPingresp();
    clock.advance(20_000);
    const again = await connect('a', lasting(version));
    expect(again.connack?.sessionPresent).toBe(true);
    clock.advance(20_000);
    const received = await again.untilPingresp();
    expect(received.map((packet) => [textOf(packet), packet.cmd === 'publish' && packet.qos])).toEqual([
      ['1', 1],
      ['2', 1],
      ['3', 1],
      ['4', 2],
    ]);
    publisher.publish({ topic: 't', payload: 'live' });
    await publisher.untilPingresp();
    expect(textOf(await again.next())).toBe('live');
    expect(events).toEqual(['connected a', 'connected p']);
  });

  it('repeats what was not acknowledged, with the same ids and DUP', async () => {
    const client = await connect('a', lasting(version));
    await client.subscribe('t', 2);
    const publisher = await connect('p');
    publisher.publish({ topic: 't', payload: 'one', qos: 1, messageId: 1 });
    publisher.publish({ topic: 't', payload: 'two', qos: 2, messageId: 2 });
    publisher.publish({ topic: 't', payload: 'three', qos: 2, messageId: 3 });
    publisher.publish({ topic: 't', payload: 'acknowledged', qos: 1, messageId: 4 });
    const [one, two, three, four] = [
      await client.next(),
      await client.next(),
      await client.next(),
      await client.next(),
    ];
    client.send({ cmd: 'puback', messageId: four.messageId });
    client.send({ cmd: 'pubrec', messageId: three.messageId });
    await client.expect('pubrel');
    await client.drop();
    const again = await connect('a', lasting(version));
    expect(await again.untilPingresp()).toMatchObject([
      { cmd: 'publish', messageId: one.messageId, dup: true, payload: Buffer.from('one') },
      { cmd: 'publish', messageId: two.messageId, dup: true, payload: Buffer.from('two') },
      { cmd: 'pubrel', messageId: three.messageId },
    ]);
    again.send({ cmd: 'pubcomp', messageId: three.messageId });
    again.send({ cmd: 'puback', messageId: one.messageId });
    again.send({ cmd: 'pubrec', messageId: two.messageId });
    await again.expect('pubrel');
    again.send({ cmd: 'pubcomp', messageId: two.messageId });
    await again.untilPingresp();
    await again.drop();
    const third = await connect('a', lasting(version));
    expect(await third.untilPingresp()).toEqual([]);
  });

  it('remembers which QoS 2 messages it has received', async () => {
    const receiver = await connect('r');
    await receiver.subscribe('t');
    const client = await connect('a', lasting(version));
    client.publish({ topic: 't', payload: 'x', qos: 2, messageId: 9 });
    await client.expect('pubrec');
    await client.drop();
    const again = await connect('a', lasting(version));
    again.publish({ topic: 't', payload: 'x', qos: 2, messageId: 9, dup: true });
    await again.expect('pubrec');
    again.send({ cmd: 'pubrel', messageId: 9 });
    expect(await again.next()).toMatchObject({ cmd: 'pubcomp', messageId: 9, ...(version === 5 && { reasonCode: 0 }) });
    expect(await receiver.untilPingresp()).toHaveLength(1);
  });

  it('is not taken up by a client that wants a clean start', async () => {
    const client = await connect('a', lasting(version));
    await client.subscribe('t', 1);
    await client.drop();
    await networkLost();
    const clean = await connect('a', { version });
    expect(clean.connack?.sessionPresent).toBe(false);
    clean.publish({ topic: 't', payload: 'x' });
    expect(await clean.untilPingresp()).toEqual([]);
    expect(events).toEqual(['connected a', expect.stringMatching(/^disconnected a/), 'connected a']);
  });

  it('that ends with its network connection ends at once', async () => {
    const client = await connect('a', { version });
    await client.drop();
    await raised('disconnected a The network connection was lost.');
    expect(await service.connectionExists('a')).toBe(false);
  });

  it('is taken over by another client with its id', async () => {
    const client = await connect('a', lasting(version));
    await client.subscribe('t', 1);
    const other = await connect('a', lasting(version));
    expect(other.connack?.sessionPresent).toBe(true);
    const told = version === 5 ? [await client.next()] : [];
    expect(told).toMatchObject(version === 5 ? [{ cmd: 'disconnect', reasonCode: 0x8e }] : []);
    expect((await client.closed()).code).toBe(version === 5 ? 1000 : 1008);
    other.publish({ topic: 't', payload: 'x' });
    expect(textOf(await other.next())).toBe('x');
    expect(events).toEqual(['connected a']);
  });

  it('that would end with its network connection is replaced, not taken over', async () => {
    const client = await connect('a', { version });
    const other = await connect('a', lasting(version));
    expect(other.connack?.sessionPresent).toBe(false);
    await client.closed().catch(() => {});
    expect(events).toEqual(['connected a', expect.stringMatching(/^disconnected a/), 'connected a']);
  });

  it('is ended by REST, whether or not its client is there', async () => {
    const client = await connect('a', lasting(version));
    await service.closeConnection('a', { reason: 'be gone' });
    const told = version === 5 ? [await client.next()] : [];
    expect(told).toMatchObject(
      version === 5 ? [{ cmd: 'disconnect', reasonCode: 0x98, properties: { reasonString: 'be gone' } }] : [],
    );
    await client.closed();
    const offline = await connect('b', lasting(version));
    await offline.drop();
    await networkLost();
    await service.closeConnection('b', { reason: 'you too' });
    await raised('disconnected b you too');
    expect(events).toEqual(['connected a', 'disconnected a be gone', 'connected b', 'disconnected b you too']);
    expect(await service.connectionExists('b')).toBe(false);
  });
});

describe('DISCONNECT of a client [client-mqtt 8]', () => {
  it('ends the session unless it lasts', async () => {
    const client = await connect('a');
    await client.disconnect();
    await raised('disconnected a');
    expect(await service.connectionExists('a')).toBe(false);
  });

  it('may change how long the session lasts', async () => {
    const client = await connect('a', lasting(5));
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
    await raised('disconnected a');
    expect(await service.connectionExists('a')).toBe(false);
  });

  it('may not make a session last that was to end', async () => {
    const client = await connect('a');
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 10 } });
    expect(await client.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x82 });
  });

  it('in 3.1.1 keeps a session that is not clean', async () => {
    const client = await connect('a', lasting(4));
    await client.disconnect();
    await networkLost();
    expect(await service.connectionExists('a')).toBe(true);
  });
});

describe('disconnected event of an MQTT session [upstream-events 6.6]', () => {
  async function bodyAfter(version: 4 | 5, act: (client: RawMqttClient) => Promise<unknown>): Promise<unknown> {
    const upstream = await RecordingUpstream.start();
    emulator.setHub('chat', { eventHandlers: [{ urlTemplate: upstream.url, systemEvents: ['disconnected'] }] });
    try {
      await act(await connect('a', { version }));
      const event = await upstream.nextEvent();
      expect(event.headers['ce-sessionid']).toEqual(expect.any(String));
      return JSON.parse(event.body.toString()) as unknown;
    } finally {
      await emulator.close();
      await upstream.close();
    }
  }

  it('tells what the client said when it left', async () => {
    const body = await bodyAfter(5, async (client) => {
      client.send({ cmd: 'disconnect', reasonCode: 0x04, properties: { userProperties: { why: 'tired' } } });
      await client.closed();
    });
    expect(body).toMatchObject({
      mqtt: {
        initiatedByClient: true,
        disconnectPacket: { code: 4, userProperties: [{ name: 'why', value: 'tired' }] },
      },
    });
  });

  it.each<[string, 4 | 5, unknown, (client: RawMqttClient) => Promise<unknown>]>([
    [
      'of a client of 3.1.1',
      4,
      { initiatedByClient: true, disconnectPacket: { code: 0, userProperties: null } },
      (client) => client.disconnect(),
    ],
    ['of a lost network', 5, { initiatedByClient: false, disconnectPacket: null }, (client) => client.drop()],
    [
      'of a closed WebSocket',
      5,
      { initiatedByClient: true, disconnectPacket: null },
      async (client) => client.socket.close(1000),
    ],
    [
      'of the service',
      5,
      { initiatedByClient: false, disconnectPacket: { code: 0x98, userProperties: null } },
      () => service.closeConnection('a'),
    ],
    [
      'of the service, which 3.1.1 has no packet for',
      4,
      { initiatedByClient: false, disconnectPacket: null },
      () => service.closeConnection('a'),
    ],
  ])('%s says so (version %i)', async (_name, version, expected, act) => {
    expect(await bodyAfter(version, act)).toMatchObject({ mqtt: expected });
  });
});

describe('a client that goes while upstream is busy with its user event', () => {
  const topic = '$webpubsub/server/events/order';
  const will = { topic: 't', payload: Buffer.from('farewell') };
  let upstream: RecordingUpstream;
  let listener: RawMqttClient;
  /** Each answers one of the user events that are still to be answered, the oldest first. */
  let answers: (() => void)[];

  beforeEach(async () => {
    answers = [];
    upstream = await RecordingUpstream.start(({ headers }) =>
      headers['ce-type'] === 'azure.webpubsub.user.order'
        ? (response) => void answers.push(() => response.writeHead(204).end())
        : { status: 204 },
    );
    emulator.setHub('chat', {
      eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: '*', systemEvents: ['disconnected'] }],
    });
    listener = await connect('r');
    await listener.subscribe('t', 0);
  });

  afterEach(async () => {
    for (const answer of answers) answer();
    await emulator.close();
    await upstream.close();
  });

  /** What comes from the client then waits, until upstream is told to answer. */
  async function busyClient(options: RawMqttOptions): Promise<RawMqttClient> {
    const client = await connect('a', options);
    client.publish({ topic, payload: 'first' });
    await upstream.nextEvent();
    return client;
  }

  /** Bodies of the user events, and words for the others. */
  function heardUpstream(): string[] {
    return upstream.events.map(({ headers, body }) =>
      headers['ce-eventname'] === 'order' ? body.toString() : String(headers['ce-eventname']),
    );
  }

  it('with DISCONNECT has taken leave when that comes: no will, its own expiry, its own words', async () => {
    const client = await busyClient(lasting(5, { will }));
    client.publish({ topic, payload: 'second' });
    client.publish({ topic: 't', payload: 'published before' });
    const properties = { sessionExpiryInterval: 0, userProperties: { why: 'tired' } };
    client.send({ cmd: 'disconnect', reasonCode: 0, properties });
    client.socket.close(1000);
    await raised('disconnected a');
    await client.closed();
    await Promise.all([upstream.nextEvent(), upstream.nextEvent()]);
    expect(heardUpstream().sort()).toEqual(['disconnected', 'first', 'second']);
    const disconnected = upstream.events.find(({ headers }) => headers['ce-eventname'] === 'disconnected');
    expect(JSON.parse(String(disconnected?.body))).toMatchObject({
      mqtt: {
        initiatedByClient: true,
        disconnectPacket: { code: 0, userProperties: [{ name: 'why', value: 'tired' }] },
      },
    });
    expect((await listener.untilPingresp()).map(textOf)).toEqual(['published before']);
    expect(await service.connectionExists('a')).toBe(false);
  });

  it('with DISCONNECT leaves nothing behind for its next socket', async () => {
    const client = await busyClient(lasting(5, { will }));
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 20 } });
    await client.closed();
    await networkLost();
    const again = await connect('a', lasting(5, { will }));
    expect(again.connack?.sessionPresent).toBe(true);
    expect(await listener.untilPingresp()).toEqual([]);
    answers.shift()?.();
    expect(await again.next()).toMatchObject({ topic: `${topic}/succeeded` });
    emulator.traffic.clear();
    await again.drop();
    await networkLost();
    expect(textOf(await listener.next())).toBe('farewell');
    clock.advance(29_999);
    expect(await service.connectionExists('a')).toBe(true);
    expect(events).toEqual(['connected r', 'connected a']);
  });

  it('and asks for its will gets it published then', async () => {
    const client = await busyClient(lasting(5, { will }));
    await client.disconnect(0x04);
    expect(textOf(await listener.next())).toBe('farewell');
  });

  it('is lost when its network is: what it had sent counts, and its session ends', async () => {
    const client = await busyClient({ connect: { will } });
    client.publish({ topic: 't', payload: '0' });
    client.publish({ topic, payload: 'second' });
    client.publish({ topic: 't', payload: '1', qos: 1, messageId: 1 });
    client.publish({ topic: 't', payload: '2', qos: 2, messageId: 2 });
    expect(await client.untilPingresp()).toEqual([]);
    await client.drop();
    await raised('disconnected a The network connection was lost.');
    expect(await service.connectionExists('a')).toBe(false);
    expect((await listener.untilPingresp()).map(textOf)).toEqual(['0', '1', '2', 'farewell']);
    await Promise.all([upstream.nextEvent(), upstream.nextEvent()]);
    expect(heardUpstream().sort()).toEqual(['disconnected', 'first', 'second']);
  });

  it('is away from then on: its will and its session wait no longer than they should', async () => {
    const delayed = { ...will, properties: { willDelayInterval: 10 } };
    const client = await busyClient(lasting(5, { will: delayed }));
    await client.drop();
    await networkLost();
    clock.advance(9_999);
    expect(await listener.untilPingresp()).toEqual([]);
    clock.advance(1);
    expect(textOf(await listener.next())).toBe('farewell');
    clock.advance(20_000);
    await raised('disconnected a The session expired.');
    expect(await service.connectionExists('a')).toBe(false);
  });

  it('returns to a session that has what it had sent, and gets the answers', async () => {
    const client = await busyClient(lasting(5));
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 's', qos: 0 }] });
    client.publish({ topic: 't', payload: 'once', qos: 2, messageId: 9 });
    client.publish({ topic, payload: 'second' });
    expect(await client.untilPingresp()).toEqual([]);
    await client.drop();
    await networkLost();
    const again = await connect('a', lasting(5));
    again.publish({ topic: 't', payload: 'once', qos: 2, messageId: 9, dup: true });
    again.publish({ topic: 's', payload: 'subscribed' });
    expect(await again.next()).toMatchObject({ cmd: 'pubrec', messageId: 9 });
    expect(textOf(await again.next())).toBe('subscribed');
    expect((await listener.untilPingresp()).map(textOf)).toEqual(['once']);
    expect(heardUpstream()).toEqual(['first']);
    answers.shift()?.();
    await again.expect('publish');
    await upstream.nextEvent();
    expect(heardUpstream()).toEqual(['first', 'second']);
    answers.shift()?.();
    await again.expect('publish');
  });

  it('is heard to the end when another takes its session over, or its keep alive runs out', async () => {
    const client = await busyClient(lasting(5, { keepalive: 10 }));
    client.publish({ topic: 't', payload: 'taken over' });
    expect(await client.untilPingresp()).toEqual([]);
    const other = await connect('a', lasting(5, { keepalive: 10 }));
    expect(await client.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8e });
    expect(textOf(await listener.next())).toBe('taken over');
    other.publish({ topic, payload: 'second' });
    other.publish({ topic: 't', payload: 'timed out' });
    expect(await other.untilPingresp()).toEqual([]);
    clock.advance(15_000);
    expect(await other.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8d });
    expect(textOf(await listener.next())).toBe('timed out');
  });

  it('is given up by upstream when REST ends its session', async () => {
    const client = await busyClient({});
    client.publish({ topic, payload: 'second' });
    client.publish({ topic: 't', payload: 'too late' });
    expect(await client.untilPingresp()).toEqual([]);
    await service.closeConnection('a', { reason: 'be gone' });
    await raised('disconnected a be gone');
    await upstream.nextEvent();
    expect(heardUpstream()).toEqual(['first', 'disconnected']);
    expect(await listener.untilPingresp()).toEqual([]);
  });
});

describe('will [client-mqtt 3, 8]', () => {
  const will = { topic: 't', payload: Buffer.from('farewell'), qos: 1 as const };

  async function receiver(): Promise<RawMqttClient> {
    const client = await connect('r');
    await client.subscribe('t', 0);
    return client;
  }

  it.each<[string, (client: RawMqttClient) => Promise<unknown>]>([
    ['the network is lost', (client) => client.drop()],
    ['it asks for it', (client) => client.disconnect(0x04)],
    ['it breaks the protocol', async (client) => client.publish({ topic: 'a/#' })],
    ['REST closes it', () => service.closeConnection('a')],
    ['another takes its place', () => connect('a')],
  ])('is published when %s', async (_name, act) => {
    const listener = await receiver();
    await act(await connect('a', { connect: { will } }));
    expect(textOf(await listener.next())).toBe('farewell');
  });

  it('is not published when the client takes leave', async () => {
    const listener = await receiver();
    const client = await connect('a', { connect: { will } });
    await client.disconnect();
    await raised('disconnected a');
    expect(await listener.untilPingresp()).toEqual([]);
  });

  it('is lost when the client may not send to its topic', async () => {
    const listener = await receiver();
    const client = await connect('a', { roles: [], connect: { will } });
    await client.drop();
    await raised('disconnected a The network connection was lost.');
    expect(await listener.untilPingresp()).toEqual([]);
  });

  it('carries its properties', async () => {
    const listener = await receiver();
    const properties = { contentType: 'text/plain', userProperties: { a: 'b' }, messageExpiryInterval: 60 };
    const client = await connect('a', { connect: { will: { ...will, properties } } });
    await client.drop();
    const packet = await listener.expect('publish');
    expect(packet.properties).toMatchObject({ contentType: 'text/plain', messageExpiryInterval: 60 });
    expect({ ...packet.properties?.userProperties }).toEqual({ a: 'b' });
  });

  it('waits as long as it is told to, and is forgotten when the client returns', async () => {
    const listener = await receiver();
    const delayed = { ...will, properties: { willDelayInterval: 10 } };
    const first = await connect('a', lasting(5, { will: delayed }));
    await first.drop();
    await networkLost();
    clock.advance(9_000);
    const second = await connect('a', lasting(5, { will: delayed }));
    expect(second.connack?.sessionPresent).toBe(true);
    clock.advance(20_000);
    expect(await listener.untilPingresp()).toEqual([]);
    emulator.traffic.clear();
    await second.drop();
    await networkLost();
    clock.advance(9_999);
    expect(await listener.untilPingresp()).toEqual([]);
    clock.advance(1);
    expect(textOf(await listener.next())).toBe('farewell');
    clock.advance(30_000);
    expect(await listener.untilPingresp()).toEqual([]);
  });

  it('does not wait beyond the end of its session', async () => {
    const listener = await receiver();
    const delayed = { ...will, properties: { willDelayInterval: 3600 } };
    const client = await connect('a', { connect: { will: delayed } });
    await client.drop();
    expect(textOf(await listener.next())).toBe('farewell');
  });

  it('may be a user event', async () => {
    const heard: string[] = [];
    emulator.on(
      'gone',
      (event) => void heard.push(event.kind === 'user' && event.data.kind === 'text' ? event.data.text : ''),
    );
    const client = await connect('a', {
      roles: [],
      connect: {
        will: {
          topic: '$webpubsub/server/events/gone',
          payload: Buffer.from('x'),
          properties: { contentType: 'text/plain' },
        },
      },
    });
    await client.drop();
    await raised('disconnected a The network connection was lost.');
    expect(heard).toEqual(['x']);
  });
});

describe('keep alive [client-mqtt 8]', () => {
  it('ends the connection after one and a half intervals without a packet', async () => {
    const client = await connect('a', { connect: { keepalive: 10 } });
    clock.advance(14_000);
    expect(await client.untilPingresp()).toEqual([]);
    clock.advance(14_999);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    clock.advance(1);
    expect(await client.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8d });
    await raised('disconnected a The network connection was lost.');
  });

  it('closes a client of 3.1.1 and says why', async () => {
    const client = await connect('a', { version: 4, connect: { keepalive: 10 } });
    clock.advance(15_000);
    expect(await client.closed()).toEqual({ code: 1008, reason: 'The keep alive time has passed.' });
  });

  it('of 0 is no limit in 5.0', async () => {
    const client = await connect('a', { connect: { keepalive: 0 } });
    clock.advance(24 * 3_600_000);
    expect(await client.untilPingresp()).toEqual([]);
  });

  it('leaves no timers behind', async () => {
    const before = clock.pending;
    const client = await connect('a', { connect: { keepalive: 10 } });
    await client.disconnect();
    await raised('disconnected a');
    expect(clock.pending).toBe(before);
  });
});

describe('flow control [client-mqtt 3]', () => {
  it('keeps no more in flight than the client takes, and goes on as it acknowledges', async () => {
    const client = await connect('a', { connect: { properties: { receiveMaximum: 2 } } });
    await client.subscribe('t', 2);
    await client.subscribe('zero', 0);
    const publisher = await connect('p');
    for (let id = 1; id <= 4; id++) publisher.publish({ topic: 't', payload: String(id), qos: 2, messageId: id });
    publisher.publish({ topic: 'zero', payload: 'q0' });
    await publisher.untilPingresp();
    const [one, two, zero, ...rest] = await client.untilPingresp();
    expect([textOf(one), textOf(two), textOf(zero), rest]).toEqual(['1', '2', 'q0', []]);
    client.send({ cmd: 'pubrec', messageId: one.messageId });
    expect(await client.untilPingresp()).toMatchObject([{ cmd: 'pubrel' }]);
    client.send({ cmd: 'pubcomp', messageId: one.messageId });
    expect(textOf(await client.next())).toBe('3');
    client.send({ cmd: 'pubrec', messageId: two.messageId, reasonCode: 0x97 });
    expect(textOf(await client.next())).toBe('4');
  });

  it.each([
    ['1', (client: RawMqttClient, messageId?: number) => client.send({ cmd: 'puback', messageId })],
    ['2', (client: RawMqttClient, messageId?: number) => client.send({ cmd: 'pubrec', messageId, reasonCode: 0x97 })],
  ])('of a client that returns starts anew with what was in flight (QoS %s) [mqtt-5 4.9]', async (qos, end) => {
    const client = await connect('a', lasting(5));
    await client.subscribe('t', qos === '1' ? 1 : 2);
    const publisher = await connect('p');
    for (const payload of ['1', '2', '3', '4']) {
      publisher.publish({ topic: 't', payload, qos: 2, messageId: Number(payload) });
    }
    await publisher.untilPingresp();
    expect(await client.untilPingresp()).toHaveLength(4);
    await client.drop();
    const again = await connect('a', lasting(5, { properties: { receiveMaximum: 2 } }));
    publisher.publish({ topic: 't', payload: '5', qos: 2, messageId: 5 });
    const seen = await again.untilPingresp();
    expect(seen).toHaveLength(2);
    for (let index = 0; index < 5; index++) {
      end(again, seen[index].messageId);
      seen.push(...(await again.untilPingresp()));
    }
    expect(seen.map((packet) => [textOf(packet), packet.messageId, packet.cmd === 'publish' && packet.dup])).toEqual([
      ['1', 1, true],
      ['2', 2, true],
      ['3', 3, true],
      ['4', 4, true],
      ['5', 5, false],
    ]);
  });

  it('answers a PUBREC for a message it does not know', async () => {
    const client = await connect('a');
    client.send({ cmd: 'pubrec', messageId: 77 });
    expect(await client.next()).toMatchObject({ cmd: 'pubrel', messageId: 77, reasonCode: 0x92 });
    client.send({ cmd: 'puback', messageId: 77 });
    client.send({ cmd: 'pubcomp', messageId: 77 });
    expect(await client.untilPingresp()).toEqual([]);
  });

  it('leaves out what is larger than the client takes, and goes on', async () => {
    const client = await connect('a', { connect: { properties: { maximumPacketSize: 100 } } });
    await client.subscribe('t', 1);
    const publisher = await connect('p');
    for (const [index, size] of [200, 10, 200, 20].entries()) {
      publisher.publish({ topic: 't', payload: 'x'.repeat(size), qos: 1, messageId: index + 1 });
    }
    await publisher.untilPingresp();
    expect((await client.untilPingresp()).map((packet) => textOf(packet).length)).toEqual([10, 20]);
  });

  it('does without reason strings where the client does not want them, or cannot hold them', async () => {
    for (const properties of [{ requestProblemInformation: false }, { maximumPacketSize: 20 }]) {
      const client = await connect('a', { roles: [], connect: { properties } });
      client.publish({ topic: 't', qos: 1, messageId: 1 });
      const puback: Packet = await client.next();
      expect(puback).toMatchObject({ cmd: 'puback', reasonCode: 0x87 });
      expect(puback).not.toHaveProperty('properties.reasonString');
    }
  });
});

describe('the end of the emulator', () => {
  it('is told to clients of 5.0, and every session ends', async () => {
    const client = await connect('a');
    const lasts = await connect('b', lasting(5));
    await lasts.drop();
    await networkLost();
    await RawMqttClient.open(emulator);
    await emulator.close();
    expect(await client.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8b });
    expect(events).toHaveLength(4);
    expect(clock.pending).toBe(0);
  });
});
