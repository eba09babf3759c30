import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { writeProtobuf } from '../../support/codec-cases.js';
import { connectJsonClient, WebSocketClient, type ConnectOptions } from '../../support/connect-client.js';
import { RecordingUpstream } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

const PROTOBUF = 'protobuf.webpubsub.azure.v1';
const PROTOBUF_RELIABLE = 'protobuf.reliable.webpubsub.azure.v1';
const ALL_ROLES = ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'];

let emulator: WebPubSubEmulator;
let upstream: RecordingUpstream;

beforeAll(async () => {
  upstream = await RecordingUpstream.start();
  emulator = await startEmulator({
    hubs: { chat: { eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: '*' }] } },
  });
});

afterAll(() => upstream.close());

async function connect(options: ConnectOptions = {}): Promise<WebSocketClient> {
  const client = await WebSocketClient.connect(emulator, { subprotocols: PROTOBUF, roles: ALL_ROLES, ...options });
  expect(await nextHex(client)).toMatch(/^1a/);
  return client;
}

async function nextHex(client: WebSocketClient): Promise<string> {
  const { payload, isBinary } = await client.nextFrame();
  expect(isBinary).toBe(true);
  return payload.toString('hex');
}

describe('protobuf clients [client-websocket 10]', () => {
  it('are told that they are connected', async () => {
    const client = await WebSocketClient.connect(emulator, { subprotocols: PROTOBUF, userId: 'ann' });
    // system_message { connected_message { connection_id (32 bytes), user_id } }
    expect(await nextHex(client)).toMatch(/^1a290a270a20([0-9a-f]{64})1203616e6e$/);
  });

  it('join, publish and are acknowledged, from the first bytes of the wire', async () => {
    const client = await connect();
    client.send(Buffer.from('32080A04726F6F6D1000', 'hex'));
    expect(await nextHex(client)).toBe('0a0408001001');
    client.send(
      writeProtobuf({
        kind: 'sendToGroup',
        group: 'room',
        data: { kind: 'text', text: 'x' },
        noEcho: false,
        ackId: 1n,
      }),
    );
    expect(await nextHex(client)).toBe('12120a0567726f75701204726f6f6d1a030a0178');
    expect(await nextHex(client)).toBe('0a0408011001');
    client.send(writeProtobuf({ kind: 'ping' }));
    expect(await nextHex(client)).toBe('2200');
  });

  it('[3] exchange payloads with JSON clients', async () => {
    const [client, json] = [
      await connect({ groups: ['g'] }),
      await connectJsonClient(emulator, { groups: ['g'], roles: ALL_ROLES }),
    ];
    const send = { kind: 'sendToGroup', group: 'g', noEcho: true } as const;
    client.send(writeProtobuf({ ...send, data: { kind: 'text', text: 'x' } }));
    client.send(writeProtobuf({ ...send, data: { kind: 'json', json: '{"a":1}' } }));
    client.send(writeProtobuf({ ...send, data: { kind: 'binary', bytes: Buffer.from([255]) } }));
    client.send(writeProtobuf({ ...send, data: { kind: 'protobuf', bytes: Buffer.from('0a0178', 'hex') } }));
    const received = [await json.next(), await json.next(), await json.next(), await json.next()];
    expect(received.map(({ dataType, data }) => [dataType, data])).toEqual([
      ['text', 'x'],
      ['json', { a: 1 }],
      ['binary', '/w=='],
      ['protobuf', 'CgF4'],
    ]);
    json.send({ type: 'sendToGroup', group: 'g', data: [1] });
    expect(await nextHex(client)).toBe('12110a0567726f75701201671a0522035b315d');
  });

  it('raise events with protobuf payloads, and receive the answer before the ack', async () => {
    upstream.onEvent = (request) => ({ headers: { 'Content-Type': 'application/x-protobuf' }, body: request.body });
    const client = await connect();
    const bytes = Buffer.from('0a0178', 'hex');
    client.send(writeProtobuf({ kind: 'sendEvent', event: 'e', data: { kind: 'protobuf', bytes }, ackId: 1n }));
    expect(await nextHex(client)).toBe('120f0a067365727665721a051a030a0178');
    expect(await nextHex(client)).toBe('0a0408011001');
    const event = await upstream.nextEvent();
    expect(event.headers['content-type']).toBe('application/x-protobuf');
    expect(event.body).toEqual(bytes);
  });

  it.each([
    ['text', 'x', 1003, 'The protobuf.webpubsub.azure.v1 subprotocol requires binary messages.'],
    [
      'an empty message',
      Buffer.alloc(0),
      1007,
      'The client message is not a valid protobuf.webpubsub.azure.v1 protocol message.',
    ],
    [
      'garbage',
      Buffer.from([255, 255]),
      1007,
      'The client message is not a valid protobuf.webpubsub.azure.v1 protocol message.',
    ],
  ])('[11] are closed for %s', async (_fact, frame, code, reason) => {
    for (const subprotocols of [PROTOBUF, PROTOBUF_RELIABLE]) {
      const client = await connect({ subprotocols });
      client.send(frame);
      expect(await client.closed()).toEqual({ code, reason });
    }
  });
});

describe('a reliable protobuf client [client-websocket 9, 10]', () => {
  it('is recovered, and gets what it has not acknowledged with its numbers', async () => {
    const client = await WebSocketClient.connect(emulator, {
      subprotocols: PROTOBUF_RELIABLE,
      groups: ['g'],
      roles: ALL_ROLES,
    });
    const connected = (await client.nextFrame()).payload.toString('latin1');
    const connectionId = /[0-9a-f]{32}/.exec(connected)?.[0] ?? '';
    const token = /[\w-]+\.[\w-]+\.[\w-]+$/.exec(connected)?.[0] ?? '';
    const send = { kind: 'sendToGroup', group: 'g', noEcho: false } as const;
    for (const text of 'ab') client.send(writeProtobuf({ ...send, data: { kind: 'text', text } }));
    const [first, second] = [await nextHex(client), await nextHex(client)];
    expect([first.slice(-4), second.slice(-4)]).toEqual(['2001', '2002']);
    client.send(writeProtobuf({ kind: 'sequenceAck', sequenceId: 1n }));
    client.send(writeProtobuf({ kind: 'ping' }));
    await client.nextFrame();
    client.socket.terminate();
    const recovered = await WebSocketClient.connect(emulator, {
      subprotocols: PROTOBUF_RELIABLE,
      query: { awps_connection_id: connectionId, awps_reconnection_token: token },
    });
    expect(await nextHex(recovered)).toBe(second);
  });
});
