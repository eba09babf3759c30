import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import {
  connectJsonClient,
  JSON_RELIABLE_SUBPROTOCOL,
  JSON_SUBPROTOCOL,
  WebSocketClient,
  type ConnectOptions,
  type JsonClient,
} from '../../support/connect-client.js';
import { RecordingUpstream, type RecordedAnswer } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

let emulator: WebPubSubEmulator;
let upstream: RecordingUpstream;

const ALL_ROLES = ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'];

beforeAll(async () => {
  upstream = await RecordingUpstream.start();
  emulator = await startEmulator({
    hubs: { chat: { eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: 'order,message' }] } },
  });
});

afterAll(() => upstream.close());

beforeEach(() => {
  upstream.onEvent = () => ({ status: 204 });
});

function connect(options: ConnectOptions = {}): Promise<JsonClient> {
  return connectJsonClient(emulator, options);
}

describe('frames of the service [client-websocket 5.3]', () => {
  it('connected comes first', async () => {
    const client = await WebSocketClient.connect(emulator, { userId: 'ann', subprotocols: JSON_SUBPROTOCOL });
    expect(await client.next()).toEqual({
      type: 'system',
      event: 'connected',
      userId: 'ann',
      connectionId: expect.stringMatching(/^\w+$/),
    });
  });

  it('connected of an anonymous client has the user id null', async () => {
    const client = await WebSocketClient.connect(emulator, { subprotocols: JSON_SUBPROTOCOL });
    expect(await client.next()).toMatchObject({ userId: null });
  });

  it('disconnected comes before the service closes, with the reason of both', async () => {
    const client = await connect({ hub: 'closing' });
    const service = new WebPubSubServiceClient(emulator.connectionString, 'closing', { allowInsecureConnection: true });
    await service.closeConnection(client.connectionId, { reason: 'go away' });
    expect(await client.next()).toEqual({ type: 'system', event: 'disconnected', message: 'go away' });
    expect(await client.closed()).toEqual({ code: 1000, reason: 'go away' });
    expect(await service.connectionExists(client.connectionId)).toBe(false);
  });

  it('messages of REST come from the group, or from the server', async () => {
    const client = await connect({ hub: 'rest', groups: ['g'] });
    const service = new WebPubSubServiceClient(emulator.connectionString, 'rest', { allowInsecureConnection: true });
    await service.group('g').sendToAll({ a: 1 });
    await service.sendToAll('x', { contentType: 'text/plain' });
    expect(await client.next()).toEqual({
      type: 'message',
      from: 'group',
      group: 'g',
      fromUserId: null,
      dataType: 'json',
      data: { a: 1 },
    });
    expect(await client.next()).toEqual({ type: 'message', from: 'server', dataType: 'text', data: 'x' });
  });
});

describe('groups [client-websocket 5.2, 5.4, 6]', () => {
  it.each([
    ['text', { dataType: 'text', data: 'hé' }],
    ['JSON by default', { data: { a: [1, null, 'x'] } }],
    ['a JSON string', { dataType: 'json', data: 'x' }],
    ['false', { data: false }],
    ['binary', { dataType: 'binary', data: 'AP8=' }],
    ['protobuf', { dataType: 'protobuf', data: 'CgF4' }],
    ['metadata', { dataType: 'text', data: 'x', metadata: { Trace: '1', trace: '2' } }],
  ])('carry %s', async (_fact, payload) => {
    const ann = await connect({ userId: 'ann', roles: ALL_ROLES });
    const bob = await connect({ groups: ['g'] });
    ann.send({ type: 'sendToGroup', group: 'g', ackId: 1, ...payload });
    expect(await ann.next()).toEqual({ type: 'ack', ackId: 1, success: true });
    expect(await bob.next()).toEqual({
      type: 'message',
      from: 'group',
      group: 'g',
      fromUserId: 'ann',
      dataType: 'json',
      ...payload,
    });
  });

  it('carry the digits of numbers that a double does not hold', async () => {
    const client = await connect({ roles: ALL_ROLES, groups: ['g'] });
    client.send('{"type":"sendToGroup","group":"g","data":{"id":12345678901234567890}}');
    expect(await client.nextText()).toContain('"data":{"id":12345678901234567890}');
  });

  it('echo before the ack, and not at all with noEcho', async () => {
    const [ann, bob] = [await connect({ roles: ALL_ROLES, groups: ['g'] }), await connect({ groups: ['g'] })];
    ann.send({ type: 'sendToGroup', group: 'g', data: 1, ackId: 1 });
    expect([await ann.next(), await ann.next()]).toMatchObject([{ data: 1 }, { ackId: 1 }]);
    ann.send({ type: 'sendToGroup', group: 'g', data: 2, noEcho: true, ackId: 2 });
    expect(await ann.next()).toMatchObject({ ackId: 2 });
    expect([await bob.next(), await bob.next()]).toMatchObject([{ data: 1 }, { data: 2 }]);
    expect(await ann.untilPong()).toEqual([]);
  });

  it('are joined and left, twice too', async () => {
    const client = await connect({ roles: ALL_ROLES });
    const steps = ['leaveGroup', 'joinGroup', 'joinGroup', 'leaveGroup', 'leaveGroup'];
    for (const [index, type] of steps.entries()) {
      client.send({ type, group: 'g', ackId: index });
      client.send({ type: 'sendToGroup', group: 'g', data: index });
    }
    const received = await client.untilPong();
    expect(received.filter(({ success }) => success === true)).toHaveLength(steps.length);
    expect(received.filter(({ type }) => type === 'message').map(({ data }) => data)).toEqual([1, 2]);
  });

  it.each([
    ['joinGroup', {}, 'join'],
    ['leaveGroup', {}, 'leave'],
    ['sendToGroup', { data: 1 }, 'send to'],
  ])('[5.4] %s without the role is Forbidden, and the id stays free', async (type, payload, verb) => {
    const client = await connect({ roles: ['webpubsub.joinLeaveGroup.ok', 'webpubsub.sendToGroups.o?'] });
    client.send({ type, group: 'g', ackId: 7, ...payload });
    expect(await client.next()).toEqual({
      type: 'ack',
      ackId: 7,
      success: false,
      error: { name: 'Forbidden', message: `The client does not have permission to ${verb} group 'g'.` },
    });
    client.send({ type, group: 'ok', ackId: 7, ...payload });
    expect(await client.next()).toEqual({ type: 'ack', ackId: 7, success: true });
  });

  it('are not acknowledged without an ackId, whatever becomes of it', async () => {
    const client = await connect({ roles: ['webpubsub.joinLeaveGroup'] });
    client.send({ type: 'joinGroup', group: 'g' });
    client.send({ type: 'sendToGroup', group: 'g', data: 1 });
    expect(await client.untilPong()).toEqual([]);
  });
});

describe('acks [client-websocket 5.4]', () => {
  it('are given once for an id, across all kinds of requests, and a repeated request does nothing', async () => {
    const client = await connect({ roles: ALL_ROLES, groups: ['g'] });
    client.send({ type: 'joinGroup', group: 'g', ackId: 3 });
    client.send({ type: 'sendToGroup', group: 'g', data: 1, ackId: 3 });
    expect(await client.untilPong()).toEqual([
      { type: 'ack', ackId: 3, success: true },
      {
        type: 'ack',
        ackId: 3,
        success: false,
        error: { name: 'Duplicate', message: 'Message with ack-id: 3 has been processed' },
      },
    ]);
  });

  it.each(['0', '9007199254740993', '18446744073709551615'])('carry the id %s exactly', async (ackId) => {
    const client = await connect({ roles: ALL_ROLES });
    client.send(`{"type":"joinGroup","group":"g","ackId":${ackId}}`);
    expect(await client.nextText()).toBe(`{"type":"ack","ackId":${ackId},"success":true}`);
  });
});

describe('user events [client-websocket 7]', () => {
  it('reach the handler with payload and metadata, and its answer comes before the ack', async () => {
    upstream.onEvent = () => ({
      headers: { 'Content-Type': 'application/json', 'x-webpubsub-metadata-Answer': 'a' },
      body: '{"ok":true}',
    });
    const client = await connect({ userId: 'ann' });
    client.send({ type: 'event', event: 'Order', ackId: 1, data: { a: 1 }, metadata: { Trace: 't' } });
    expect([await client.next(), await client.next()]).toEqual([
      { type: 'message', from: 'server', dataType: 'json', data: { ok: true }, metadata: { answer: 'a' } },
      { type: 'ack', ackId: 1, success: true },
    ]);
    const event = await upstream.nextEvent();
    expect(event.headers).toMatchObject({
      'ce-eventname': 'Order',
      'ce-subprotocol': JSON_SUBPROTOCOL,
      'x-webpubsub-metadata-trace': 't',
    });
    expect(event.body.toString()).toBe('{"a":1}');
  });

  it.each([
    ['nobody handles the event', 'unknown', {}],
    ['the handler refuses', 'order', { status: 400 }],
    [
      'the handler answers in an unknown content type',
      'order',
      { headers: { 'Content-Type': 'image/png' }, body: 'x' },
    ],
  ] as [string, string, RecordedAnswer][])('fail with InternalServerError when %s', async (_fact, event, answer) => {
    upstream.onEvent = () => answer;
    const client = await connect();
    client.send({ type: 'event', event, data: 1, ackId: 1 });
    expect(await client.next()).toEqual({
      type: 'ack',
      ackId: 1,
      success: false,
      error: { name: 'InternalServerError', message: 'Internal server error' },
    });
    upstream.onEvent = () => ({ status: 204 });
    client.send({ type: 'event', event: 'order', data: 1, ackId: 1 });
    expect(await client.next()).toMatchObject({ ackId: 1, success: true });
  });

  it('[2] hold up the frames behind them', async () => {
    let answer: () => void;
    upstream.onEvent = () => new Promise((resolve) => (answer = () => resolve({ status: 204 })));
    const before = upstream.events.length;
    const client = await connect({ roles: ALL_ROLES });
    client.send({ type: 'event', event: 'order', data: 1, ackId: 1 });
    client.send({ type: 'joinGroup', group: 'g', ackId: 2 });
    client.send({ type: 'ping' });
    while (upstream.events.length === before) await new Promise((done) => setImmediate(done));
    expect(client.untaken).toBe(0);
    answer!();
    expect([await client.next(), await client.next(), await client.next()]).toMatchObject([
      { ackId: 1 },
      { ackId: 2 },
      { type: 'pong' },
    ]);
  });
});

describe('wrong frames [client-websocket 5.1, 11]', () => {
  it.each([
    ['binary', Buffer.from('{"type":"ping"}'), { code: 1003, reason: 'The JSON subprotocol requires text messages.' }],
    ['no JSON', 'ping', { code: 1007, reason: 'The client message is not a valid JSON protocol message.' }],
    [
      'a bad request with an ackId',
      '{"type":"joinGroup","ackId":1}',
      { code: 1007, reason: 'The client message is not a valid JSON protocol message.' },
    ],
  ])('%s closes', async (_fact, frame, close) => {
    const client = await connect({ roles: ALL_ROLES });
    client.send(frame);
    expect(await client.closed()).toEqual(close);
  });

  it('end a reliable connection for good', async () => {
    const client = await connect({ subprotocols: JSON_RELIABLE_SUBPROTOCOL });
    client.send('x');
    await client.closed();
    const again = await WebSocketClient.connect(emulator, {
      subprotocols: JSON_RELIABLE_SUBPROTOCOL,
      query: { awps_connection_id: client.connectionId, awps_reconnection_token: client.reconnectionToken },
    });
    expect(await again.closed()).toMatchObject({ code: 1008 });
  });
});

it('sequenceAck is accepted and ignored on a connection that is not reliable [client-websocket 5.2]', async () => {
  const client = await connect();
  client.send({ type: 'sequenceAck', sequenceId: 5 });
  expect(await client.untilPong()).toEqual([]);
});
