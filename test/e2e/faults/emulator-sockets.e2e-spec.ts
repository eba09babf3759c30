import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encode } from '@msgpack/msgpack';
import * as fc from '../../support/property.js';
import jwt from 'jsonwebtoken';
import { generate, type Packet } from 'mqtt-packet';
import { DEFAULT_ACCESS_KEY } from '../../../src/emulator/access-keys.js';
import { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { clientUrl, connectJsonClient, JSON_SUBPROTOCOL } from '../../support/connect-client.js';
import { expectCleanPrototypes, nearly, PROTOTYPE_NAMES } from '../../support/hostile-values.js';
import { ALL_ROLES, mqttUrl, RawMqttClient } from '../../support/mqtt-client.js';
import { RawConnection } from '../../support/raw-http.js';
import { closeOf, frameBytes, handshakeBytes, OPCODES, RawWebSocket } from '../../support/raw-web-socket.js';
import { TunnelClient } from '../../support/tunnel-client.js';

const { text, binary, continuation, close, ping } = OPCODES;
const errors: string[] = [];
let emulator: WebPubSubEmulator;

expectCleanPrototypes();
beforeAll(async () => {
  emulator = await WebPubSubEmulator.start({
    port: 0,
    hubs: { chat: { eventHandlers: [{ urlTemplate: 'tunnel:///eventhandler', userEventPattern: '*' }] } },
    logger: { log() {}, warn() {}, error: (message) => void errors.push(message) },
  });
});
afterAll(async () => {
  await emulator.close();
  // Whatever was attacked, nothing failed inside.
  expect(errors).toEqual([]);
});

const CONNECT = generate({
  cmd: 'connect',
  clientId: 'client1',
  protocolId: 'MQTT',
  protocolVersion: 5,
  clean: true,
  keepalive: 60,
  properties: { userProperties: { a: 'b' } },
});

function tunnelUrl(): string {
  const url = `${emulator.endpoint.replace(/^http/, 'ws')}/server/tunnel?hub=chat`;
  return `${url}&access_token=${jwt.sign({ sub: 's1' }, DEFAULT_ACCESS_KEY, { audience: url, expiresIn: 600 })}`;
}

/** Each door, what opens it, and what it says to a first message. */
const DOORS: [name: string, () => Buffer, message: Buffer, opcodeOfAnswer: number][] = [
  [
    'JSON client',
    () => handshakeBytes(clientUrl(emulator), JSON_SUBPROTOCOL),
    frameBytes(text, '{"type":"ping"}'),
    text,
  ],
  [
    'protobuf client',
    () => handshakeBytes(clientUrl(emulator), 'protobuf.webpubsub.azure.v1'),
    frameBytes(binary, Buffer.from('4a00', 'hex')),
    binary,
  ],
  ['MQTT client', () => handshakeBytes(mqttUrl(emulator), 'mqtt'), frameBytes(binary, CONNECT), binary],
  ['tunnel tool', () => handshakeBytes(tunnelUrl(), undefined), frameBytes(ping, 'alive'), OPCODES.pong],
];

/** A client that does nothing wrong is served as ever. */
async function expectAlive(): Promise<void> {
  const client = await connectJsonClient(emulator, { roles: ALL_ROLES });
  client.send({ type: 'joinGroup', group: 'g', ackId: 1 });
  client.send({ type: 'sendToGroup', group: 'g', data: 'hi', ackId: 2 });
  expect(await client.next()).toMatchObject({ type: 'ack', ackId: 1, success: true });
  expect(await client.next()).toMatchObject({ type: 'message', data: 'hi' });
  expect(await client.next()).toMatchObject({ type: 'ack', ackId: 2, success: true });
  client.socket.close(1000);
  await client.closed();
}

describe.each(DOORS)('the socket of a %s', (_name, handshake, message, opcodeOfAnswer) => {
  const open = (): Promise<RawWebSocket> => RawWebSocket.open(emulator.port, handshake());

  it('is served when handshake and frames come byte by byte', async () => {
    const connection = await RawConnection.open(emulator.port);
    await connection.writeByByte(handshake());
    expect(await connection.answer()).toMatchObject({ status: 101 });
    await connection.writeByByte(Buffer.concat([frameBytes(ping, 'a'), message]));
    const opcodes = new Set<number>();
    while (!(opcodes.has(OPCODES.pong) && opcodes.has(opcodeOfAnswer))) {
      const head = await connection.bytes(2);
      const length = head[1] === 126 ? (await connection.bytes(2)).readUInt16BE(0) : head[1];
      opcodes.add(head[0] & 0x0f);
      await connection.bytes(length);
    }
  });

  it('may be cut at every byte', async () => {
    const whole = Buffer.concat([handshake(), message]);
    for (let cut = 1; cut < whole.length; cut += cut < whole.length - message.length - 10 ? 17 : 1) {
      const connection = await RawConnection.open(emulator.port);
      connection.write(whole.subarray(0, cut));
      if (cut % 2 === 0) await connection.reset();
      else connection.end();
    }
    await expectAlive();
  });

  it.each<[string, Buffer, number[]]>([
    ['a frame without a mask', frameBytes(text, '{}', { isMasked: false }), [1002]],
    ['the first reserved bit', frameBytes(text, '{}', { reserved: 4 }), [1002]],
    ['the second reserved bit', frameBytes(text, '{}', { reserved: 2 }), [1002]],
    ['the third reserved bit on a ping', frameBytes(ping, '', { reserved: 1 }), [1002]],
    ['a kind of frame that does not exist', frameBytes(3, 'x'), [1002]],
    ['a kind of control frame that does not exist', frameBytes(11, 'x'), [1002]],
    ['a continuation of nothing', frameBytes(continuation, 'x'), [1002]],
    [
      'a message in the middle of another',
      Buffer.concat([frameBytes(text, '{', { isFinal: false }), frameBytes(text, '}')]),
      [1002],
    ],
    ['a ping that is too long', frameBytes(ping, 'x'.repeat(126)), [1002]],
    ['a ping in pieces', frameBytes(ping, 'x', { isFinal: false }), [1002]],
    ['a close frame of one byte', frameBytes(close, 'x'), [1002]],
    ['a close code that is reserved', frameBytes(close, Buffer.from([0x03, 0xed])), [1002]],
    ['a close code that does not exist', frameBytes(close, Buffer.from([0x00, 0x01])), [1002]],
    ['a close reason that is no text', frameBytes(close, Buffer.from([0x03, 0xe8, 0xff, 0xfe])), [1007]],
    ['text that is none', frameBytes(text, Buffer.from([0x7b, 0xff, 0xfe, 0x7d])), [1007]],
    ['half a character', frameBytes(text, Buffer.from([0xf0, 0x9f])), [1007]],
    ['a length of 2^63', frameBytes(binary, '', { declaredLength: 2n ** 63n }), [1009]],
    ['a length of 2^53', frameBytes(binary, '', { declaredLength: 2n ** 53n }), [1009]],
    ['a length of 1 GiB', frameBytes(binary, '', { declaredLength: 2n ** 30n }), [1009]],
    [
      'pieces without an end',
      Buffer.concat([
        frameBytes(binary, '', { isFinal: false }),
        ...Array.from({ length: 20_000 }, () => frameBytes(continuation, '', { isFinal: false })),
      ]),
      [1008, 1009],
    ],
    ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n'), [1002]],
  ])('is closed for %s', async (_attack, bytes, codes) => {
    const socket = await open();
    const frames = await socket.write(bytes).framesUntilClosed();
    expect(codes).toContain(closeOf(frames.at(-1)!).code);
    await expectAlive();
  });

  it('answers pings, cuts off who sends thousands at once, and does not answer what follows a close frame', async () => {
    const socket = await open();
    socket.write(Buffer.concat(Array.from({ length: 20 }, () => frameBytes(ping, 'x'))));
    socket.write(
      Buffer.concat([frameBytes(close, Buffer.from([0x03, 0xe8])), message, message, frameBytes(ping, 'late')]),
    );
    const frames = await socket.framesUntilClosed();
    expect(frames.filter(({ opcode }) => opcode === OPCODES.pong).map(({ payload }) => String(payload))).toEqual(
      Array.from({ length: 20 }, () => 'x'),
    );
    expect(frames.at(-1)?.opcode).toBe(close);
    const flooding = await open();
    flooding.write(Buffer.concat(Array.from({ length: 50_000 }, () => frameBytes(ping, 'x'))));
    await flooding.framesUntilClosed();
    await expectAlive();
  });

  it.each<[string, string[]]>([
    ['a body', ['Content-Length: 5']],
    ['a chunked body', ['Transfer-Encoding: chunked']],
    ['a second key', ['Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==']],
    ['extensions without an end', [`Sec-WebSocket-Extensions: ${'permessage-deflate; '.repeat(500)}`]],
    ['an extension that is none', ['Sec-WebSocket-Extensions: "']],
    ['the names of prototypes', PROTOTYPE_NAMES.map((name) => `${name}: x`)],
  ])('is opened or refused, and never left, with %s in its handshake', async (_attack, lines) => {
    const connection = await RawConnection.open(emulator.port);
    const [head] = handshake().toString().split('\r\n\r\n');
    connection.write(`${head}\r\n${lines.join('\r\n')}\r\n\r\nhello`);
    const answer = await connection.answer();
    expect([101, 400, 401]).toContain(answer?.status);
    // As the beginning of a frame, those bytes are wrong.
    await connection.end().closed();
    await expectAlive();
  });
});

describe('packets of MQTT clients', () => {
  const packets: Packet[] = [
    {
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: 'a', qos: 2 }],
      properties: { subscriptionIdentifier: 1 },
    },
    { cmd: 'publish', topic: 'a', payload: 'x', qos: 2, messageId: 2, dup: false, retain: false },
    {
      ...{ cmd: 'publish', topic: '$webpubsub/server/events/e', payload: 'x', qos: 0, dup: false, retain: false },
      properties: { userProperties: { a: ['1', '2'] }, correlationData: Buffer.from('c'), responseTopic: 'r' },
    },
    { cmd: 'pubrel', messageId: 2 },
    { cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['a', 'b'] },
    { cmd: 'pingreq' },
    { cmd: 'disconnect', reasonCode: 4, properties: { reasonString: 'r', userProperties: { __a: 'b' } } },
  ];
  const wires = packets.map((packet) => generate(packet, { protocolVersion: 5 }));

  it('may be cut at every byte, into frames or for good [client-mqtt 1]', async () => {
    const whole = Buffer.concat([CONNECT, ...wires.slice(0, 2)]);
    for (let cut = 1; cut < whole.length; cut++) {
      const client = await RawMqttClient.open(emulator, { roles: ALL_ROLES });
      client.socket.send(whole.subarray(0, cut));
      client.socket.send(whole.subarray(cut));
      await client.expect('connack');
      await client.expect('suback');
      expect([(await client.next()).cmd, (await client.next()).cmd].sort()).toEqual(['publish', 'pubrec']);
      await client.drop();
      const other = await RawMqttClient.open(emulator, { roles: ALL_ROLES });
      other.socket.send(whole.subarray(0, cut));
      await other.drop();
    }
    await expectAlive();
  });

  it('that are nearly right are answered, or close the socket [mqtt-5 4.13]', async () => {
    const attack = fc.constantFrom(CONNECT, ...wires).chain((wire) => nearly(wire));
    const property = fc.asyncProperty(attack, fc.boolean(), async (bytes, isConnected) => {
      const client = await RawMqttClient.open(emulator, { roles: ALL_ROLES });
      if (isConnected) client.socket.send(CONNECT);
      client.socket.send(bytes);
      // Half a packet waits for the rest; the end of the WebSocket ends it all.
      client.socket.close(1000);
      await client.closed();
    });
    await fc.assert(property, { numRuns: 150 });
    await expectAlive();
  });

  // One that only announces more than may come waits for its keep alive time, as a silent client does.
  it.each<[string, string]>([
    ['a length of five bytes', '30ffffffff7f'],
    ['a length of 256 MB', `30ffffff7f${'00'.repeat(1_100_000)}`],
    ['a type that does not exist', '0000'],
    ['a string longer than the packet', '3003ffff61'],
    ['no topic', '3000'],
    ['a topic that is no text', '30060003fffefd00'],
    ['NUL in a topic', '30060003610062 00'.replace(' ', '')],
    ['a property that does not exist', '3006000161037f0000'],
    ['properties longer than the packet', '300500016180 01'.replace(' ', '')],
    ['a QoS of 3', '3604000161 00'.replace(' ', '')],
    ['a subscription without topics', '8203000100'],
    ['a CONNACK', '200300000000'],
    ['a second CONNECT', CONNECT.toString('hex')],
    ['packet id 0', '3206000161000000'],
  ])('are refused with %s', async (_attack, hex) => {
    const client = await RawMqttClient.connect(emulator, { roles: ALL_ROLES });
    client.socket.send(Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(8)]));
    await client.closed();
    await expectAlive();
  });

  it.each<[string, Buffer]>([
    ['PINGREQs', generate({ cmd: 'pingreq' })],
    ['QoS 0 messages', Buffer.from('3003000161', 'hex')],
    ['PUBACKs', Buffer.from('40020001', 'hex')],
  ])('end their socket, when 100 000 %s come in one frame', async (_what, packet) => {
    const flood = Buffer.concat(Array.from({ length: 100_000 }, () => packet));
    for (const isConnected of [true, false]) {
      const client = await RawMqttClient.open(emulator, { roles: ALL_ROLES, version: 4 });
      const connect = generate({
        cmd: 'connect',
        clientId: 'flood',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        keepalive: 60,
      });
      if (isConnected) {
        client.socket.send(connect);
        await client.expect('connack');
        client.socket.send(flood);
      } else client.socket.send(Buffer.concat([connect, flood]));
      expect(await client.closed()).toEqual({ code: 1008, reason: 'A frame has at most 10000 packets.' });
    }
    await expectAlive();
  });

  it('tell a client of 5.0 by a DISCONNECT that there were too many in a frame [mqtt-5 3.14.2.1]', async () => {
    const client = await RawMqttClient.connect(emulator);
    client.socket.send(Buffer.from('c000'.repeat(100_000), 'hex'));
    for (let count = 0; count < 10_000; count++) await client.expect('pingresp');
    expect(await client.expect('disconnect')).toMatchObject({
      reasonCode: 0x96,
      properties: { reasonString: 'A frame has at most 10000 packets.' },
    });
    expect(await client.closed()).toMatchObject({ code: 1000 });
  });

  it('are answered in order, though thousands wait for a CONNECT', async () => {
    const client = await RawMqttClient.open(emulator, { roles: ALL_ROLES });
    const subscriptions = [{ topic: 'a', qos: 0 as const }];
    const subscribes = Array.from({ length: 5_000 }, (_, index) =>
      generate({ cmd: 'subscribe', messageId: index + 1, subscriptions }, { protocolVersion: 5 }),
    );
    client.socket.send(Buffer.concat([CONNECT, ...subscribes]));
    await client.expect('connack');
    for (let messageId = 1; messageId <= subscribes.length; messageId++) {
      expect((await client.expect('suback')).messageId).toBe(messageId);
    }
    await client.drop();
  });

  it.each(PROTOTYPE_NAMES)('may have a user property called %s', async (name) => {
    const client = await RawMqttClient.connect(emulator, { roles: ALL_ROLES });
    await client.subscribe('a');
    client.socket.send(Buffer.concat([publishWithProperty(name, 'x'), generate({ cmd: 'pingreq' })]));
    const packet = await client.expect('publish');
    const properties = packet.properties?.userProperties as Record<string, unknown>;
    expect(Object.entries(properties ?? {}).map(([key, value]) => [key, String(value)])).toEqual([[name, 'x']]);
    await client.disconnect();
  });
});

/** By hand, since libraries take an object. */
function publishWithProperty(name: string, value: string): Buffer {
  const lengthed = (part: string) =>
    Buffer.concat([Buffer.from([part.length >> 8, part.length & 0xff]), Buffer.from(part)]);
  const properties = Buffer.concat([Buffer.from([0x26]), lengthed(name), lengthed(value)]);
  const rest = Buffer.concat([lengthed('a'), Buffer.from([properties.length]), properties, Buffer.from('p')]);
  return Buffer.concat([Buffer.from([0x30, rest.length]), rest]);
}

describe('messages of tunnel tools', () => {
  const options = () => ({ endpoint: emulator.endpoint, hub: 'chat', accessKey: DEFAULT_ACCESS_KEY });

  const packed = (parts: unknown): Buffer => {
    const body = encode(parts);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    return Buffer.concat([length, body]);
  };

  it('that are nearly right are answered or passed over, and the tunnel stays', async () => {
    const tool = await TunnelClient.connect(options());
    const answer = packed([
      2,
      JSON.stringify({ AckId: 1, StatusCode: 200, Headers: { a: ['b'] }, NotCompleted: true }),
      null,
    ]);
    const garbage = fc.oneof(
      nearly(answer),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    for (const bytes of fc.sample(garbage, 300)) tool.socket.send(bytes);
    tool.socket.send('text');
    tool.socket.send(Buffer.alloc(0));
    await expectEventThrough(tool);
    await tool.close();
  });

  it.each(PROTOTYPE_NAMES)('may have a header called %s in an answer', async (name) => {
    const tool = await TunnelClient.connect(options());
    await expectEventThrough(tool, `"${name}":["x"],"${name.toUpperCase()}":["y"],`);
    await tool.close();
  });

  it.each<[string, string]>([
    ['a status that is none', '"StatusCode":"200","Headers":{}'],
    ['a status of 0', '"StatusCode":0,"Headers":{}'],
    ['no status', '"Headers":{}'],
  ])('with %s fail the event, and not later', async (_attack, fields) => {
    const tool = await TunnelClient.connect(options());
    const client = await connectJsonClient(emulator);
    client.send({ type: 'event', event: 'e', data: 1, ackId: 1 });
    const { AckId } = (await tool.next()).fields;
    tool.socket.send(packed([2, `{"AckId":${String(AckId)},${fields}}`, null]));
    expect(await client.next()).toMatchObject({ type: 'ack', ackId: 1, success: false });
    await tool.close();
  });

  it.each<[string, string]>([
    ['a line break', 'a\r\nX-Evil: 1'],
    ['a control character', 'a\0'],
  ])('are not sent with %s in metadata: the event fails', async (_attack, value) => {
    const tool = await TunnelClient.connect(options());
    const client = await connectJsonClient(emulator);
    client.send({ type: 'event', event: 'e', data: 1, ackId: 1, metadata: { a: value } });
    expect(await client.next()).toMatchObject({ type: 'ack', ackId: 1, success: false });
    expect(tool.unread).toBe(0);
    await tool.close();
  });

  async function expectEventThrough(tool: TunnelClient, headers = ''): Promise<void> {
    const client = await connectJsonClient(emulator);
    client.send({ type: 'event', event: 'e', data: 1, ackId: 1 });
    const { AckId } = (await tool.next()).fields;
    const fields = `"AckId":${String(AckId)},"StatusCode":200,"Headers":{${headers}"Content-Type":["text/plain"]}`;
    tool.socket.send(packed([2, `{${fields}}`, Buffer.from('through')]));
    expect(await client.next()).toMatchObject({ type: 'message', data: 'through' });
    expect(await client.next()).toMatchObject({ type: 'ack', ackId: 1, success: true });
  }
});
