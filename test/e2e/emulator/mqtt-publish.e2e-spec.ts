import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { IPublishPacket, Packet } from 'mqtt-packet';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { ALL_ROLES, RawMqttClient, textOf, type RawMqttOptions } from '../../support/mqtt-client.js';
import { RecordingUpstream } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

let emulator: WebPubSubEmulator;

beforeEach(async () => {
  emulator = await startEmulator();
});

function connect(clientId: string, options: RawMqttOptions = {}): Promise<RawMqttClient> {
  return RawMqttClient.connect(emulator, {
    roles: ALL_ROLES,
    ...options,
    connect: { clientId, ...options.connect },
  });
}

describe('SUBSCRIBE and UNSUBSCRIBE [client-mqtt 4]', () => {
  it.each<[string, number, number, string]>([
    ['a group', 1, 1, 'a'],
    ['a wildcard #', 0xa2, 0x80, 'a/#'],
    ['a wildcard +', 0xa2, 0x80, '+/a'],
    ['a shared subscription', 0x9e, 0x80, '$share/g/a'],
    ['white space', 0x8f, 0x80, '  '],
    ['1025 characters', 0x8f, 0x80, 'a'.repeat(1025)],
    ['a reserved topic', 0x8f, 0x80, '$webpubsub/x'],
    ['the topic of server messages', 1, 1, '$webpubsub/server/messages'],
    ['the topic of an answer', 1, 1, '$webpubsub/server/events/e/succeeded'],
  ])('to %s is answered 0x%i, in 3.1.1 0x%i', async (_name, code, older, topic) => {
    for (const [version, expected] of [
      [5, code],
      [4, older],
    ] as const) {
      const client = await connect(`v${version}`, { version });
      client.send({ cmd: 'subscribe', messageId: 7, subscriptions: [{ topic, qos: 1 }] });
      expect(await client.expect('suback')).toMatchObject({ messageId: 7, granted: [expected] });
    }
  });

  it('of several topics is answered one by one', async () => {
    const client = await connect('a', { roles: ['webpubsub.joinLeaveGroups.r*'] });
    const topics = ['r1', 'x', 'r2/#', 'r.3'];
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: topics.map((topic) => ({ topic, qos: 2 })) });
    expect(await client.expect('suback')).toMatchObject({ granted: [2, 0x87, 0xa2, 0x87] });
  });

  it('by topics with slashes joins the group of that very name', async () => {
    const client = await connect('a');
    await client.subscribe('home/kitchen/light');
    client.publish({ topic: 'home/kitchen', payload: '1' });
    client.publish({ topic: 'home/kitchen/light', payload: '2' });
    expect((await client.untilPingresp()).map(textOf)).toEqual(['2']);
  });

  it('without a topic ends the connection', async () => {
    const client = await connect('a');
    client.socket.send(Buffer.from('8203000100', 'hex'));
    expect(await client.expect('disconnect')).toMatchObject({ reasonCode: 0x82 });
  });

  it('again replaces the options', async () => {
    const client = await connect('a');
    await client.subscribe('a', 2);
    await client.subscribe('a', 0);
    client.publish({ topic: 'a', payload: '1', qos: 1, messageId: 1 });
    expect((await client.untilPingresp()).map(({ cmd, ...rest }) => [cmd, 'qos' in rest && rest.qos])).toContainEqual([
      'publish',
      0,
    ]);
  });

  it('UNSUBSCRIBE leaves the group, and says what there was to leave', async () => {
    const client = await connect('a', {
      roles: ['webpubsub.joinLeaveGroup.a', 'webpubsub.joinLeaveGroup.b'],
      groups: ['c'],
    });
    await client.subscribe('a');
    client.send({ cmd: 'unsubscribe', messageId: 5, unsubscriptions: ['a', 'b', 'c'] });
    expect(await client.expect('unsuback')).toMatchObject({ messageId: 5, granted: [0, 0x11, 0x87] });
    const sender = await connect('b');
    for (const topic of ['a', 'b', 'c']) sender.publish({ topic, payload: topic });
    await sender.untilPingresp();
    expect((await client.untilPingresp()).map(textOf)).toEqual(['c']);
  });

  it('UNSUBSCRIBE of 3.1.1 is answered without codes', async () => {
    const client = await connect('a', { version: 4, roles: [] });
    client.send({ cmd: 'unsubscribe', messageId: 5, unsubscriptions: ['a'] });
    expect(await client.expect('unsuback')).toMatchObject({ messageId: 5, length: 2 });
  });
});

describe('PUBLISH [client-mqtt 5]', () => {
  it.each([4, 5] as const)('goes through the steps of its QoS (version %i)', async (version) => {
    const client = await connect('a', { version });
    await client.subscribe('other');
    client.publish({ topic: 'a', payload: 'x', qos: 1, messageId: 1 });
    const nobody = version === 5 ? { reasonCode: 0x10 } : {};
    expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 1, ...nobody });
    client.publish({ topic: 'a', payload: 'x', qos: 2, messageId: 2 });
    expect(await client.next()).toMatchObject({ cmd: 'pubrec', messageId: 2, ...nobody });
    client.send({ cmd: 'pubrel', messageId: 2 });
    expect(await client.next()).toMatchObject({ cmd: 'pubcomp', messageId: 2 });
  });

  it('of QoS 2 is delivered once, however often it comes before PUBREL', async () => {
    const receiver = await connect('r');
    await receiver.subscribe('a');
    const client = await connect('a');
    for (const dup of [false, true, true]) {
      client.publish({ topic: 'a', payload: 'x', qos: 2, messageId: 9, dup });
      expect(await client.next()).toMatchObject({ cmd: 'pubrec', messageId: 9, reasonCode: 0 });
    }
    client.send({ cmd: 'pubrel', messageId: 9 });
    expect(await client.next()).toMatchObject({ cmd: 'pubcomp', messageId: 9, reasonCode: 0 });
    client.send({ cmd: 'pubrel', messageId: 9 });
    expect(await client.next()).toMatchObject({ cmd: 'pubcomp', messageId: 9, reasonCode: 0x92 });
    client.publish({ topic: 'a', payload: 'y', qos: 2, messageId: 9 });
    await client.expect('pubrec');
    expect((await receiver.untilPingresp()).map(textOf)).toEqual(['x', 'y']);
  });

  it('without permission: QoS 1 and 2 are refused, QoS 0 ends the connection', async () => {
    const client = await connect('a', { roles: [] });
    client.publish({ topic: 'a', qos: 1, messageId: 1 });
    expect(await client.next()).toMatchObject({ cmd: 'puback', reasonCode: 0x87 });
    client.publish({ topic: 'a', qos: 2, messageId: 1 });
    expect(await client.next()).toMatchObject({ cmd: 'pubrec', reasonCode: 0x87 });
    client.publish({ topic: 'a', qos: 0 });
    expect(await client.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x87 });
    expect((await client.closed()).code).toBe(1000);
  });

  it('without permission in 3.1.1: plain acknowledgements and no delivery; QoS 0 closes and says why', async () => {
    const receiver = await connect('r');
    await receiver.subscribe('a');
    const client = await connect('a', { version: 4, roles: [] });
    client.publish({ topic: 'a', qos: 1, messageId: 1 });
    expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 1, length: 2 });
    client.publish({ topic: 'a', qos: 2, messageId: 2 });
    expect(await client.next()).toMatchObject({ cmd: 'pubrec', messageId: 2, length: 2 });
    client.send({ cmd: 'pubrel', messageId: 2 });
    await client.expect('pubcomp');
    client.publish({ topic: 'a', qos: 0 });
    expect(await client.closed()).toEqual({ code: 1008, reason: 'The client may not send to this group.' });
    expect(await receiver.untilPingresp()).toEqual([]);
  });

  it.each<[string, number, Partial<IPublishPacket> & { topic: string }]>([
    ['a topic alias', 0x94, { topic: 'a', properties: { topicAlias: 1 } }],
    ['the retain flag', 0x9a, { topic: 'a', retain: true }],
    ['an empty topic', 0x90, { topic: '' }],
    ['a wildcard', 0x90, { topic: 'a/#' }],
    ['a subscription identifier', 0x82, { topic: 'a', properties: { subscriptionIdentifier: 1 } }],
    ['a blank topic', 0x90, { topic: ' ' }],
    ['a reserved topic', 0x90, { topic: '$webpubsub/server/messages' }],
    ['an event topic with a slash', 0x90, { topic: '$webpubsub/server/events/a/b' }],
    ['an event topic without an event', 0x90, { topic: '$webpubsub/server/events/' }],
  ])('of QoS 0 with %s ends the connection', async (_name, reasonCode, packet) => {
    const client = await connect('a');
    client.publish(packet);
    expect(await client.next()).toMatchObject({ cmd: 'disconnect', reasonCode });
    await client.closed();
  });

  it('of QoS 1 to a reserved topic is refused, and the connection stays', async () => {
    const client = await connect('a');
    client.publish({ topic: '$webpubsub/x', qos: 1, messageId: 3 });
    expect(await client.next()).toMatchObject({ cmd: 'puback', reasonCode: 0x90, messageId: 3 });
    expect(await client.untilPingresp()).toEqual([]);
  });

  it('with the retain flag in 3.1.1 is delivered unretained [assumed]', async () => {
    const client = await connect('a', { version: 4 });
    await client.subscribe('a');
    client.publish({ topic: 'a', payload: 'x', retain: true });
    expect(await client.next()).toMatchObject({ cmd: 'publish', retain: false });
  });

  it('of more than 1 MiB ends the connection', async () => {
    const client = await connect('a');
    client.publish({ topic: 'a', payload: Buffer.alloc(1024 * 1024) });
    expect(await client.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x95 });
  });

  it('of almost 1 MiB, in many frames, is delivered', async () => {
    const client = await connect('a');
    await client.subscribe('a');
    const payload = Buffer.alloc(1024 * 1024 - 100, 'x');
    const packet = Buffer.concat([Buffer.from('30a2ff3f00016100', 'hex'), payload]);
    packet.writeUIntBE(0, 1, 3);
    // Remaining length as MQTT writes it.
    let rest = packet.length - 4;
    for (let index = 1; index <= 3; index++) {
      packet[index] = (rest % 128) | (index < 3 ? 0x80 : 0);
      rest = Math.floor(rest / 128);
    }
    for (let at = 0; at < packet.length; at += 100_000) client.socket.send(packet.subarray(at, at + 100_000));
    expect(textOf(await client.next())).toHaveLength(payload.length);
  });

  it.each<[string, Packet]>([
    ['PUBLISH', { cmd: 'publish', topic: 'a', payload: '', qos: 0, dup: false, retain: false }],
    ['SUBSCRIBE', { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 0 }] }],
    ['PUBACK', { cmd: 'puback', messageId: 1, reasonCode: 0 }],
    ['DISCONNECT', { cmd: 'disconnect', reasonCode: 0 }],
  ])('or another packet with a property that comes twice ends the connection: %s', async (_name, packet) => {
    const properties = {
      publish: { messageExpiryInterval: [5, 5] },
      subscribe: { subscriptionIdentifier: [1, 2] },
      puback: { reasonString: ['a', 'b'] },
      disconnect: { reasonString: ['a', 'b'] },
    };
    const client = await connect('a');
    client.send(Object.assign(packet, { properties: properties[packet.cmd as keyof typeof properties] }));
    expect(await client.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x82 });
    await client.closed();
  });

  it('in one frame with other packets is taken apart', async () => {
    const client = await connect('a');
    client.socket.send(Buffer.from('c000c000c000', 'hex'));
    expect([await client.next(), await client.next(), await client.next()].map(({ cmd }) => cmd)).toEqual(
      Array(3).fill('pingresp'),
    );
  });

  it.each([
    ['a text frame', 0x82, (client: RawMqttClient) => client.socket.send('hello')],
    ['reserved flags', 0x81, (client: RawMqttClient) => client.socket.send(Buffer.from('c100', 'hex'))],
    ['a packet id of 0', 0x81, (client: RawMqttClient) => client.publish({ topic: 'a', qos: 1, messageId: 0 })],
    ['a packet without its id', 0x81, (client: RawMqttClient) => client.socket.send(Buffer.from('6200', 'hex'))],
    ['a packet of the service', 0x82, (client: RawMqttClient) => client.send({ cmd: 'pingresp' })],
    ['AUTH', 0x82, (client: RawMqttClient) => client.send({ cmd: 'auth', reasonCode: 0x19 })],
    [
      'a length that never ends',
      0x81,
      (client: RawMqttClient) => client.socket.send(Buffer.from('30ffffffffff', 'hex')),
    ],
  ])('%s ends the connection', async (_name, reasonCode, act) => {
    const client = await connect('a');
    act(client);
    expect(await client.next()).toMatchObject({ cmd: 'disconnect', reasonCode });
    await client.closed();
  });

  it('of random bytes never harms the others', async () => {
    const witness = await connect('witness');
    for (let seed = 1; seed <= 60; seed++) {
      const client = await connect('a');
      let state = seed;
      const bytes = Buffer.from(
        Array.from({ length: 1 + (seed % 40) }, () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % 256),
      );
      client.socket.send(Buffer.concat([Buffer.from([((seed % 15) + 1) << 4, bytes.length]), bytes]));
      client.send({ cmd: 'pingreq' });
      client.send({ cmd: 'disconnect', reasonCode: 0 });
      await client.closed();
    }
    expect(await witness.untilPingresp()).toEqual([]);
  });
});

it('the record tells what passed, a fan-out once, and no password', async () => {
  const receivers = [await connect('r1'), await connect('r2')];
  for (const receiver of receivers) await receiver.subscribe('a');
  emulator.traffic.clear();
  const client = await connect('a', { connect: { username: 'u', password: Buffer.from('open sesame') } });
  client.publish({ topic: 'a', payload: 'x', qos: 1, messageId: 1 });
  await client.expect('puback');
  client.send({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: 'b/#', qos: 1 }] });
  await client.expect('suback');
  const entries = emulator.traffic.entries();
  expect(entries.map((entry) => entry.door === 'client' && `${entry.action}: ${entry.summary}`)).toEqual([
    'received: CONNECT MQTT 5.0, clean start',
    'sent: CONNACK',
    'connected: mqtt',
    'received: PUBLISH a QoS 1',
    'fanOut: message to group a',
    'received: SUBSCRIBE b/# QoS 1',
    'sent: SUBACK 0xa2',
  ]);
  expect(entries[4]).toMatchObject({ hub: 'chat', connectionId: 'a', receivers: 2 });
  expect(JSON.stringify(entries)).not.toContain('sesame');
  expect(JSON.stringify(entries)).not.toContain(Buffer.from('open sesame').toString('base64'));
});

describe('user events of MQTT clients [client-mqtt 7]', () => {
  let upstream: RecordingUpstream;

  beforeEach(async () => {
    upstream = await RecordingUpstream.start();
    emulator.setHub('chat', { eventHandlers: [{ urlTemplate: `${upstream.url}/e`, userEventPattern: '*' }] });
  });

  afterEach(async () => {
    await emulator.close();
    await upstream.close();
  });

  const topic = '$webpubsub/server/events/order';

  it('carry content type, payload and user properties to upstream, with the ids of connection and session', async () => {
    const client = await connect('a', { userId: 'ann', roles: [] });
    client.publish({
      topic,
      payload: '{"n":1}',
      properties: { contentType: 'application/json', userProperties: { x: ['1', '2'], y: '3' } },
    });
    const { headers, body } = await upstream.nextEvent();
    expect(body.toString()).toBe('{"n":1}');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'ce-type': 'azure.webpubsub.user.order',
      'ce-connectionid': 'a',
      'ce-userid': 'ann',
      'ce-subprotocol': 'mqtt',
      'ce-sessionid': expect.any(String),
      'ce-physicalconnectionid': expect.any(String),
      'mqtt-x': '1, 2',
      'mqtt-y': '3',
    });
  });

  it.each([
    [4, undefined],
    [5, undefined],
    [5, 'no mime type'],
  ] as const)('are octet-stream without a content type (version %i, %p)', async (version, contentType) => {
    const client = await connect('a', { version });
    client.publish({ topic, payload: 'x', properties: { contentType } });
    expect((await upstream.nextEvent()).headers['content-type']).toBe('application/octet-stream');
  });

  it.each([0, 1, 2] as const)(
    'are answered with their QoS (%i), on their topic, with their correlation data',
    async (qos) => {
      upstream.onEvent = () => ({
        headers: { 'Content-Type': 'application/json', 'mqtt-a': 'b' },
        body: '{"ok":true}',
      });
      const client = await connect('a');
      client.publish({ topic, payload: 'x', qos, messageId: 4, properties: { correlationData: Buffer.from([1, 2]) } });
      const acknowledged = qos > 0 ? [await client.next()] : [];
      expect(acknowledged.map(({ cmd }) => cmd)).toEqual([[], ['puback'], ['pubrec']][qos]);
      const answer = await client.expect('publish');
      expect(answer).toMatchObject({ topic: `${topic}/succeeded`, qos, retain: false });
      expect(textOf(answer)).toBe('{"ok":true}');
      expect(answer.properties).toMatchObject({
        contentType: 'application/json',
        correlationData: Buffer.from([1, 2]),
      });
      expect({ ...answer.properties?.userProperties }).toEqual({ a: 'b', 'azure-status-code': '200' });
    },
  );

  it('are answered with user properties as upstream wrote them, letters beyond ASCII included', async () => {
    upstream.onEvent = () => ({ headers: { 'mqtt-greeting': Buffer.from('Grüße, 李 😀').toString('latin1') } });
    const client = await connect('a');
    client.publish({ topic });
    const answer = await client.expect('publish');
    expect({ ...answer.properties?.userProperties }).toEqual({ greeting: 'Grüße, 李 😀', 'azure-status-code': '200' });
  });

  it('without an answer of upstream are told its status', async () => {
    upstream.onEvent = () => ({ status: 204 });
    const client = await connect('a');
    client.publish({ topic });
    const answer = await client.expect('publish');
    expect([answer.topic, textOf(answer), { ...answer.properties?.userProperties }]).toEqual([
      `${topic}/succeeded`,
      '',
      { 'azure-status-code': '204' },
    ]);
  });

  it('that upstream refuses arrive on the failed topic, with its body', async () => {
    upstream.onEvent = () => ({ status: 403, headers: { 'Content-Type': 'text/plain' }, body: 'no' });
    const client = await connect('a');
    client.publish({ topic });
    const answer = await client.expect('publish');
    expect([
      answer.topic,
      textOf(answer),
      { ...answer.properties?.userProperties },
      answer.properties?.contentType,
    ]).toEqual([`${topic}/failed`, 'no', { 'azure-status-code': '403' }, 'text/plain']);
  });

  it('that nobody handles fail', async () => {
    emulator.setHub('chat', {});
    const client = await connect('a');
    client.publish({ topic });
    const answer = await client.expect('publish');
    expect([answer.topic, { ...answer.properties?.userProperties }]).toEqual([
      `${topic}/failed`,
      { 'azure-status-code': '500' },
    ]);
  });

  it('of 3.1.1 are answered with topic, payload and QoS alone', async () => {
    upstream.onEvent = () => ({ headers: { 'Content-Type': 'text/plain' }, body: 'ok' });
    const client = await connect('a', { version: 4 });
    client.publish({ topic, qos: 1, messageId: 1 });
    await client.expect('puback');
    const answer = await client.expect('publish');
    expect([answer.topic, textOf(answer), answer.qos, answer.properties]).toEqual([
      `${topic}/succeeded`,
      'ok',
      1,
      undefined,
    ]);
  });

  it('are raised one at a time; acknowledgements and pings do not wait for them', async () => {
    const answers: (() => void)[] = [];
    upstream.onEvent = () => (response) => void answers.push(() => response.writeHead(204).end());
    const client = await connect('a');
    client.publish({ topic: `${topic}1` });
    client.publish({ topic: `${topic}2` });
    await upstream.nextEvent();
    expect(await client.untilPingresp()).toEqual([]);
    expect(upstream.events).toHaveLength(1);
    answers[0]();
    await upstream.nextEvent();
    answers[1]();
    expect([await client.expect('publish'), await client.expect('publish')].map((answer) => answer.topic)).toEqual([
      `${topic}1/succeeded`,
      `${topic}2/succeeded`,
    ]);
  });

  it('published just before DISCONNECT still reach upstream', async () => {
    const client = await connect('a');
    client.publish({ topic, payload: 'last' });
    await client.disconnect();
    expect((await upstream.nextEvent()).body.toString()).toBe('last');
  });

  it('from a client that floods are not lost, and it is not read faster than they are handled', async () => {
    const client = await connect('a', { connect: { properties: { receiveMaximum: 10 } } });
    const count = 300;
    for (let index = 0; index < count; index++) client.publish({ topic, payload: String(index) });
    const answers = [];
    for (let index = 0; index < count; index++) answers.push(await client.expect('publish'));
    expect(answers.every((answer) => answer.topic === `${topic}/succeeded`)).toBe(true);
    expect(upstream.events.map(({ body }) => body.toString())).toEqual(
      Array.from({ length: count }, (_, index) => String(index)),
    );
  });
});

describe('idle()', () => {
  /** The packet when it has arrived, without waiting for it. */
  function arrived(packet: Promise<Packet>): Promise<Packet | undefined> {
    return Promise.race([packet, Promise.resolve(undefined)]);
  }

  it('waits for what MQTT clients have published to arrive', async () => {
    const receiver = await connect('r');
    await receiver.subscribe('a');
    const publisher = await connect('p');
    publisher.publish({ topic: 'a', payload: 'hi' });
    await emulator.idle();
    expect(await arrived(receiver.next())).toMatchObject({ cmd: 'publish', topic: 'a', payload: Buffer.from('hi') });
  });

  it('waits for the answers to their user events', async () => {
    const upstream = await RecordingUpstream.start(() => ({ headers: { 'Content-Type': 'text/plain' }, body: 'ok' }));
    emulator.setHub('chat', { eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: '*' }] });
    const client = await connect('a');
    for (const name of ['e', 'f']) client.publish({ topic: `$webpubsub/server/events/${name}` });
    await emulator.idle();
    for (const name of ['e', 'f']) {
      expect(await arrived(client.next())).toMatchObject({ topic: `$webpubsub/server/events/${name}/succeeded` });
    }
    await emulator.close();
    await upstream.close();
  });

  it('does not wait for a client that is held', async () => {
    const receiver = await connect('r');
    await receiver.subscribe('a');
    const publisher = await connect('p');
    const fault = emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId: 'r' });
    publisher.publish({ topic: 'a', payload: 'late' });
    const late = receiver.next();
    await emulator.idle();
    expect(await arrived(late)).toBeUndefined();
    fault.clear();
    await emulator.idle();
    expect(await arrived(late)).toMatchObject({ cmd: 'publish', payload: Buffer.from('late') });
  });
});
