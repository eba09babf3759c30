import { beforeEach, describe, expect, it } from '@jest/globals';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubClient, WebPubSubJsonProtocol } from '@azure/web-pubsub-client';
import { FaultTargetError } from '../../../src/emulator/faults/fault.errors.js';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import {
  clientUrl,
  connectJsonClient,
  JSON_RELIABLE_SUBPROTOCOL,
  WebSocketClient,
} from '../../support/connect-client.js';
import { writeProtobuf } from '../../support/codec-cases.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ALL_ROLES, RawMqttClient, textOf, type RawMqttOptions } from '../../support/mqtt-client.js';
import { startEmulator } from '../../support/start-emulator.js';

let emulator: WebPubSubEmulator;
let service: WebPubSubServiceClient;
let clock: FakeClock;

beforeEach(async () => {
  clock = new FakeClock(Date.now());
  emulator = await startEmulator({ clock });
  service = new WebPubSubServiceClient(emulator.connectionString, 'chat', { allowInsecureConnection: true });
});

function connect(clientId: string, options: RawMqttOptions = {}): Promise<RawMqttClient> {
  return RawMqttClient.connect(emulator, { roles: ALL_ROLES, ...options, connect: { clientId, ...options.connect } });
}

async function subscriber(qos: 0 | 1 | 2 = 2, options: RawMqttOptions = {}): Promise<RawMqttClient> {
  const client = await connect('sub', options);
  await client.subscribe('t', qos);
  return client;
}

describe('between MQTT clients', () => {
  it.each([
    [0, 2, 0],
    [1, 0, 0],
    [1, 1, 1],
    [2, 1, 1],
    [2, 2, 2],
  ] as const)('QoS %i for a subscriber of %i is QoS %i [client-mqtt 6.1]', async (sent, granted, delivered) => {
    const receiver = await subscriber(granted);
    const publisher = await connect('p');
    publisher.publish({ topic: 't', payload: 'x', qos: sent, messageId: 1 });
    expect(await receiver.next()).toMatchObject({ cmd: 'publish', qos: delivered, dup: false, retain: false });
  });

  it('payload and properties pass unchanged, in their order', async () => {
    const receiver = await subscriber();
    const publisher = await connect('p');
    const payload = Buffer.from([0xff, 0x00, 0x7b]);
    publisher.publish({
      topic: 't',
      payload,
      properties: {
        payloadFormatIndicator: true,
        contentType: 'application/json',
        responseTopic: 'back',
        correlationData: Buffer.from('c'),
        userProperties: { b: ['1', '2'], a: '3' },
      },
    });
    const packet = await receiver.expect('publish');
    expect(packet.payload).toEqual(payload);
    expect(packet.properties).toMatchObject({
      payloadFormatIndicator: true,
      contentType: 'application/json',
      responseTopic: 'back',
      correlationData: Buffer.from('c'),
    });
    expect(Object.entries(packet.properties?.userProperties ?? {})).toEqual([
      ['b', ['1', '2']],
      ['a', '3'],
    ]);
  });

  it('come with the identifier of the subscription', async () => {
    const receiver = await connect('sub');
    receiver.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: 't', qos: 0 }],
      properties: { subscriptionIdentifier: 300 },
    });
    await receiver.expect('suback');
    receiver.publish({ topic: 't' });
    // The library reads the identifier as a number or a list.
    expect([(await receiver.expect('publish')).properties?.subscriptionIdentifier].flat()).toEqual([300]);
  });

  it('come back to their sender, unless it does not want that', async () => {
    const receiver = await connect('sub');
    receiver.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [
        { topic: 'echo', qos: 0 },
        { topic: 'silent', qos: 0, nl: true },
      ],
    });
    await receiver.expect('suback');
    receiver.publish({ topic: 'silent', payload: '1' });
    receiver.publish({ topic: 'echo', payload: '2' });
    (await connect('other')).publish({ topic: 'silent', payload: '3' });
    expect([textOf(await receiver.next()), textOf(await receiver.next())]).toEqual(['2', '3']);
  });

  it('expire, and say how long they have left', async () => {
    const lasting = { connect: { clean: false, properties: { sessionExpiryInterval: 30 } } };
    const receiver = await subscriber(1, lasting);
    await receiver.drop();
    const publisher = await connect('p');
    for (const [index, messageExpiryInterval] of [5, 20, undefined].entries()) {
      publisher.publish({
        topic: 't',
        payload: String(messageExpiryInterval),
        qos: 1,
        messageId: index + 1,
        properties: { messageExpiryInterval },
      });
    }
    await publisher.untilPingresp();
    clock.advance(5_500);
    const again = await connect('sub', lasting);
    const received = await again.untilPingresp();
    expect(
      received.map((packet) => [textOf(packet), packet.cmd === 'publish' && packet.properties?.messageExpiryInterval]),
    ).toEqual([
      ['20', 15],
      ['undefined', undefined],
    ]);
  });

  it('of one fan-out are for each receiver what it subscribed to, though some share their bytes', async () => {
    const subscribe = async (clientId: string, qos: 0 | 1 | 2, options: RawMqttOptions = {}, identifier?: number) => {
      const client = await connect(clientId, options);
      const properties = identifier === undefined ? undefined : { subscriptionIdentifier: identifier };
      client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos }], properties });
      await client.expect('suback');
      return client;
    };
    const receivers = [
      await subscribe('plain', 0),
      await subscribe('again', 0),
      await subscribe('older', 0, { version: 4 }),
      await subscribe('numbered', 0, {}, 7),
      await subscribe('careful', 1),
      await subscribe('careful2', 1),
      await subscribe('small', 0, { connect: { properties: { maximumPacketSize: 20 } } }),
    ];
    const publisher = await connect('p');
    for (const payload of ['first', 'a second one that is too long for the small', 'third']) {
      publisher.publish({ topic: 't', payload, qos: 1, messageId: 1 });
      await publisher.expect('puback');
    }
    const heard = await Promise.all(receivers.map((receiver) => receiver.untilPingresp()));
    const seen = heard.map((packets) =>
      packets.map((packet) => {
        if (packet.cmd !== 'publish') throw new Error(`unexpected ${packet.cmd}`);
        return [textOf(packet).slice(0, 5), packet.qos, packet.messageId, packet.properties?.subscriptionIdentifier];
      }),
    );
    const all = (qos: number, ids: (number | undefined)[], identifier?: number) =>
      ['first', 'a sec', 'third'].map((text, index) => [text, qos, ids[index], identifier]);
    const none = [undefined, undefined, undefined];
    expect(seen).toEqual([
      all(0, none),
      all(0, none),
      all(0, none),
      all(0, none, 7),
      all(1, [1, 2, 3]),
      all(1, [1, 2, 3]),
      [all(0, none)[0], all(0, none)[2]],
    ]);
  });

  it('of two versions understand one another', async () => {
    const older = await connect('old', { version: 4 });
    const newer = await connect('new');
    await older.subscribe('t', 1);
    await newer.subscribe('t', 1);
    newer.publish({
      topic: 't',
      payload: 'from new',
      properties: { contentType: 'text/plain', userProperties: { a: 'b' } },
    });
    expect(textOf(await older.next())).toBe('from new');
    expect(textOf(await newer.next())).toBe('from new');
    older.publish({ topic: 't', payload: 'from old' });
    expect(textOf(await newer.next())).toBe('from old');
  });
});

describe('from MQTT to other clients [client-mqtt 6.2, 6.3]', () => {
  it.each<[string, string | undefined, string | Buffer, { dataType: string; data: unknown }]>([
    ['JSON', 'application/json', '{"a":[1,2.0]}', { dataType: 'json', data: { a: [1, 2] } }],
    ['JSON with parameters', 'Application/JSON; charset=utf-8', '1', { dataType: 'json', data: 1 }],
    ['text', 'text/plain', 'Zoë', { dataType: 'text', data: 'Zoë' }],
    ['protobuf', 'application/x-protobuf', Buffer.from([10, 0]), { dataType: 'protobuf', data: 'CgA=' }],
    ['bytes', 'application/octet-stream', Buffer.from([255]), { dataType: 'binary', data: '/w==' }],
    ['nothing said', undefined, 'x', { dataType: 'binary', data: 'eA==' }],
    ['something else', 'image/png', 'x', { dataType: 'binary', data: 'eA==' }],
    ['what is no JSON', 'application/json', '{', { dataType: 'binary', data: 'ew==' }],
    ['what is no text', 'text/plain', Buffer.from([255]), { dataType: 'binary', data: '/w==' }],
  ])('%s is %p', async (_name, contentType, payload, expected) => {
    const receiver = await connectJsonClient(emulator, { groups: ['t'] });
    const publisher = await connect('p', { userId: 'ann' });
    publisher.publish({ topic: 't', payload, properties: { contentType } });
    expect(await receiver.next()).toEqual({
      type: 'message',
      from: 'group',
      group: 't',
      fromUserId: 'ann',
      ...expected,
    });
  });

  it('reliable clients get a sequence id, whatever the QoS', async () => {
    const receiver = await connectJsonClient(emulator, { groups: ['t'], subprotocols: JSON_RELIABLE_SUBPROTOCOL });
    const publisher = await connect('p');
    publisher.publish({ topic: 't', payload: 'x', properties: { contentType: 'text/plain' } });
    expect(await receiver.next()).toMatchObject({ sequenceId: 1, data: 'x' });
  });

  it('simple clients get the payload', async () => {
    const receiver = await WebSocketClient.connect(emulator, { groups: ['t'] });
    const publisher = await connect('p');
    publisher.publish({ topic: 't', payload: 'x', properties: { contentType: 'text/plain' } });
    publisher.publish({ topic: 't', payload: 'y' });
    expect(await receiver.nextFrame()).toEqual({ payload: Buffer.from('x'), isBinary: false });
    expect(await receiver.nextFrame()).toEqual({ payload: Buffer.from('y'), isBinary: true });
  });
});

describe('with the official client', () => {
  it.each([
    ['reliable JSON', undefined],
    ['JSON', WebPubSubJsonProtocol()],
  ])('%s: both ways', async (_name, protocol) => {
    const client = new WebPubSubClient(clientUrl(emulator, { userId: 'bob', roles: ALL_ROLES }), {
      ...(protocol && { protocol }),
      // Their timers outlive the client.
      keepAliveIntervalInMs: 0,
      keepAliveTimeoutInMs: 0,
    });
    const received = new Promise<unknown>((resolve) => {
      client.on('group-message', ({ message }) => resolve(message));
    });
    await client.start();
    try {
      const mqtt = await subscriber();
      await client.sendToGroup('t', 'to mqtt', 'text', { noEcho: true });
      const packet = await mqtt.expect('publish');
      expect([packet.topic, textOf(packet), packet.qos, packet.properties?.contentType]).toEqual([
        't',
        'to mqtt',
        1,
        'text/plain',
      ]);
      await client.joinGroup('t');
      mqtt.publish({ topic: 't', payload: 'from mqtt', properties: { contentType: 'text/plain' } });
      expect(await received).toMatchObject({ group: 't', data: 'from mqtt', dataType: 'text' });
    } finally {
      const stopped = new Promise<void>((resolve) => client.on('stopped', () => resolve()));
      client.stop();
      await stopped;
    }
  });
});

describe('with protobuf clients', () => {
  it('messages pass both ways', async () => {
    const client = await WebSocketClient.connect(emulator, {
      roles: ALL_ROLES,
      groups: ['t'],
      subprotocols: 'protobuf.webpubsub.azure.v1',
    });
    await client.nextFrame();
    const mqtt = await subscriber();
    client.send(
      writeProtobuf({
        kind: 'sendToGroup',
        group: 't',
        data: { kind: 'protobuf', bytes: Buffer.from([10, 0]) },
        noEcho: true,
      }),
    );
    const packet = await mqtt.expect('publish');
    expect([packet.payload, packet.qos, packet.properties?.contentType]).toEqual([
      Buffer.from([10, 0]),
      1,
      'application/x-protobuf',
    ]);
    mqtt.publish({ topic: 't', payload: 'from mqtt', properties: { contentType: 'text/plain' } });
    // DownstreamMessage.data_message { from: group, group: t, data: { text_data } }
    const { payload } = await client.nextFrame();
    expect(payload.toString('latin1')).toContain('\x12\x01t\x1a\x0b\x0a\x09from mqtt');
  });
});

describe('from REST and other clients to MQTT', () => {
  it.each<[string, string | undefined, 'json' | 'text' | 'binary', unknown]>([
    ['{"a":1}', 'application/json', 'json', { a: 1 }],
    ['text', 'text/plain', 'text', 'text'],
    ['x', 'application/octet-stream', 'binary', Buffer.from('x').toString('base64')],
  ])('%s comes with %s', async (payload, contentType, dataType, data) => {
    const receiver = await subscriber();
    const older = await connect('old', { version: 4 });
    await older.subscribe('t', 0);
    const sender = await connectJsonClient(emulator, { roles: ALL_ROLES });
    sender.send({ type: 'sendToGroup', group: 't', dataType, data });
    const packet = await receiver.expect('publish');
    expect([textOf(packet), packet.qos, packet.properties?.contentType]).toEqual([payload, 1, contentType]);
    expect(textOf(await older.next())).toBe(payload);
  });

  it.each<[string, () => Promise<void>, string]>([
    ['to a group', () => service.group('t').sendToAll('x', { contentType: 'text/plain' }), 't'],
    ['to all', () => service.sendToAll('x', { contentType: 'text/plain' }), '$webpubsub/server/messages'],
    ['to a user', () => service.sendToUser('ann', 'x', { contentType: 'text/plain' }), '$webpubsub/server/messages'],
    [
      'to a connection',
      () => service.sendToConnection('sub', 'x', { contentType: 'text/plain' }),
      '$webpubsub/server/messages',
    ],
  ])('REST %s arrives with QoS 1', async (_name, send, topic) => {
    const receiver = await subscriber(2, { userId: 'ann' });
    await send();
    const packet = await receiver.expect('publish');
    expect([packet.topic, textOf(packet), packet.qos, packet.properties?.contentType]).toEqual([
      topic,
      'x',
      1,
      'text/plain',
    ]);
  });

  it('REST joins and leaves for a client; groups it did not subscribe to have QoS 0 [assumed]', async () => {
    const receiver = await connect('sub', { userId: 'ann' });
    await service.group('t').addConnection('sub');
    await service.group('t').sendToAll('x', { contentType: 'text/plain' });
    expect(await receiver.next()).toMatchObject({ topic: 't', qos: 0 });
    await service.group('t').removeUser('ann');
    await service.group('t').sendToAll('y', { contentType: 'text/plain' });
    expect(await receiver.untilPingresp()).toEqual([]);
  });

  it('REST leaves and joins: the options of the subscription are forgotten', async () => {
    const receiver = await connect('sub');
    receiver.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: 't', qos: 1, nl: true }],
      properties: { subscriptionIdentifier: 9 },
    });
    await receiver.expect('suback');
    await service.group('t').removeConnection('sub');
    await service.group('t').addConnection('sub');
    await service.group('t').sendToAll('x', { contentType: 'text/plain' });
    receiver.publish({ topic: 't', payload: 'own' });
    const received = await receiver.untilPingresp();
    expect(received.map((packet) => [textOf(packet), packet.cmd === 'publish' && packet.qos])).toEqual([
      ['x', 0],
      ['own', 0],
    ]);
    for (const packet of received) expect(packet).not.toHaveProperty('properties.subscriptionIdentifier');
  });

  it('the end of a group stream is no message', async () => {
    const receiver = await subscriber();
    const sender = await connectJsonClient(emulator, { roles: ALL_ROLES });
    const data = { type: 'streamData', streamId: 's', streamSequenceId: 1, dataType: 'text', data: 'x' };
    sender.send({ type: 'sendToGroup', group: 't', stream: { streamId: 's' } });
    sender.send(data);
    sender.send({ type: 'streamEnd', streamId: 's' });
    sender.send({ type: 'sendToGroup', group: 't', dataType: 'text', data: 'after' });
    expect([textOf(await receiver.next()), textOf(await receiver.next())]).toEqual(['x', 'after']);
  });

  it('REST finds it by connection, user and group, and grants it permissions', async () => {
    const client = await connect('sub', { userId: 'ann', roles: [] });
    expect(await service.connectionExists('sub')).toBe(true);
    expect(await service.userExists('ann')).toBe(true);
    await service.grantPermission('sub', 'joinLeaveGroup', { targetName: 't' });
    await client.subscribe('t', 1);
    expect(await service.groupExists('t')).toBe(true);
    await service.revokePermission('sub', 'joinLeaveGroup', { targetName: 't' });
    client.send({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: 't', qos: 1 }] });
    expect(await client.expect('suback')).toMatchObject({ granted: [0x87] });
  });

  it('REST may leave it out', async () => {
    const receiver = await subscriber();
    await service.sendToAll('x', { contentType: 'text/plain', excludedConnections: ['sub'] });
    await service.sendToAll('y', { contentType: 'text/plain', filter: "userId eq 'nobody'" });
    await service.sendToAll('z', { contentType: 'text/plain' });
    expect((await receiver.untilPingresp()).map(textOf)).toEqual(['z']);
  });
});

it('a simple client sends to a group of MQTT clients', async () => {
  const receiver = await subscriber();
  const sender = await WebSocketClient.connect(emulator, {
    roles: ALL_ROLES,
    query: { webpubsub_mode: 'sendToGroup', group: 't' },
  });
  sender.send('x');
  sender.send(Buffer.from([255]));
  const [text, bytes] = [await receiver.expect('publish'), await receiver.expect('publish')];
  expect([text.payload, text.properties?.contentType]).toEqual([Buffer.from('x'), 'text/plain']);
  expect([bytes.payload, bytes.properties?.contentType]).toEqual([Buffer.from([255]), 'application/octet-stream']);
});

describe('fault switches', () => {
  it('cut the network of a session, which may be taken up again', async () => {
    const lasting = { connect: { clean: false, properties: { sessionExpiryInterval: 30 } } };
    const client = await subscriber(1, lasting);
    emulator.faults.set({ kind: 'dropSocket', hub: 'chat', connectionId: 'sub' });
    expect((await client.closed()).code).toBe(1006);
    const again = await connect('sub', lasting);
    expect(again.connack?.sessionPresent).toBe(true);
  });

  it('let a session that ends with its network alone when it is to be taken up again', async () => {
    const client = await subscriber();
    const force = () => emulator.faults.set({ kind: 'forceRecovery', hub: 'chat', connectionId: 'sub' });
    expect(force).toThrow(FaultTargetError);
    expect(await client.untilPingresp()).toEqual([]);
  });

  it('let messages of QoS 0 expire that are held back', async () => {
    const client = await subscriber(0);
    const held = emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId: 'sub' });
    const group = service.group('t');
    await group.sendToAll('expires', { contentType: 'text/plain', messageTtlSeconds: 5 });
    await group.sendToAll('expires later', { contentType: 'text/plain', messageTtlSeconds: 6 });
    clock.advance(5_000);
    held.clear();
    expect((await client.untilPingresp()).map(textOf)).toEqual(['expires later']);
  });

  it('let them expire also when the client is closed then', async () => {
    const client = await subscriber(0);
    emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId: 'sub' });
    await service.group('t').sendToAll('expires', { contentType: 'text/plain', messageTtlSeconds: 5 });
    await service.group('t').sendToAll('stays', { contentType: 'text/plain' });
    clock.advance(5_000);
    await service.closeConnection('sub');
    expect(textOf(await client.next())).toBe('stays');
    expect(await client.next()).toMatchObject({ cmd: 'disconnect' });
  });

  it('hold back what is sent, until they are cleared', async () => {
    const client = await subscriber();
    const held = emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId: 'sub' });
    const publisher = await connect('p');
    publisher.publish({ topic: 't', payload: 'x', qos: 1, messageId: 1 });
    await publisher.expect('puback');
    client.send({ cmd: 'pingreq' });
    await service.connectionExists('sub');
    held.clear();
    expect([(await client.next()).cmd, (await client.next()).cmd]).toEqual(['publish', 'pingresp']);
  });
});
