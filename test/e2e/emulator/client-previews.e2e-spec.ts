import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { awaitClientTraffic, awaitDetached } from '../../support/await-traffic.js';
import {
  clientUrl,
  connectJsonClient,
  JSON_RELIABLE_SUBPROTOCOL,
  JSON_SUBPROTOCOL,
  WebSocketClient,
  type ConnectOptions,
  type JsonClient,
} from '../../support/connect-client.js';
import { FakeClock } from '../../support/fake-clock.js';
import { frameBytes, handshakeBytes, OPCODES, RawWebSocket } from '../../support/raw-web-socket.js';
import { RecordingUpstream, type RecordedAnswer } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

const SEND = ['webpubsub.sendToGroup'];
const STATE_ROLES = ['webpubsub.joinLeaveGroup', 'webpubsub.setGroupState', 'webpubsub.getGroupState.g'];

let emulator: WebPubSubEmulator;
let upstream: RecordingUpstream;
let clock: FakeClock;
let service: WebPubSubServiceClient;

beforeAll(async () => {
  clock = new FakeClock(Date.now());
  upstream = await RecordingUpstream.start();
  emulator = await startEmulator({
    clock,
    hubs: { chat: { eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: 'ask,other' }] } },
  });
  service = new WebPubSubServiceClient(emulator.connectionString, 'chat', { allowInsecureConnection: true });
});

afterAll(() => upstream.close());

beforeEach(() => {
  upstream.onEvent = () => ({ status: 204 });
});

function connect(options: ConnectOptions = {}): Promise<JsonClient> {
  return connectJsonClient(emulator, options);
}

function recover(client: JsonClient): Promise<WebSocketClient> {
  return WebSocketClient.connect(emulator, {
    subprotocols: JSON_RELIABLE_SUBPROTOCOL,
    query: { awps_connection_id: client.connectionId, awps_reconnection_token: client.reconnectionToken },
  });
}

/** Cuts the client's socket, and waits until the service has seen it. */
async function cut(client: JsonClient): Promise<void> {
  client.socket.terminate();
  await awaitDetached(emulator, client.connectionId);
}

async function untilEvents(count: number): Promise<void> {
  while (upstream.events.length < count) await new Promise((done) => setImmediate(done));
}

describe('invocations [client-websocket 5.6]', () => {
  it.each([
    [
      'JSON',
      { headers: { 'Content-Type': 'application/json' }, body: '{"a":1}' },
      { dataType: 'json', data: { a: 1 } },
    ],
    ['text', { headers: { 'Content-Type': 'text/plain' }, body: 'x' }, { dataType: 'text', data: 'x' }],
    ['nothing', { status: 204 }, {}],
  ] as [string, RecordedAnswer, object][])(
    'are answered with what the handler answers: %s',
    async (_fact, answer, payload) => {
      upstream.onEvent = () => answer;
      const client = await connect();
      client.send({ type: 'invoke', invocationId: '1', target: 'event', event: 'ask', dataType: 'text', data: 'q' });
      expect(await client.next()).toEqual({ type: 'invokeResponse', invocationId: '1', success: true, ...payload });
    },
  );

  it.each([
    ['nobody handles the event', 'unknown', {}],
    ['the handler refuses', 'ask', { status: 403, body: 'secret' }],
  ] as [string, string, RecordedAnswer][])('fail when %s', async (_fact, event, answer) => {
    upstream.onEvent = () => answer;
    const client = await connect();
    client.send({ type: 'invoke', invocationId: 'x', target: 'event', event });
    expect(await client.next()).toEqual({
      type: 'invokeResponse',
      invocationId: 'x',
      success: false,
      error: { name: 'InternalServerError', message: 'Internal server error' },
    });
  });

  it('do not hold up other frames, and can be cancelled', async () => {
    let cancelled: () => void;
    const isCancelled = new Promise<void>((resolve) => (cancelled = resolve));
    upstream.onEvent = () => (response) => response.once('close', () => cancelled());
    const client = await connect();
    const before = upstream.events.length;
    client.send({ type: 'invoke', invocationId: '1', target: 'event', event: 'ask', data: 1 });
    expect(await client.untilPong()).toEqual([]);
    await untilEvents(before + 1);
    client.send({ type: 'cancelInvocation', invocationId: '1' });
    client.send({ type: 'cancelInvocation', invocationId: 'unknown' });
    await isCancelled;
    expect(await client.untilPong()).toEqual([]);
  });

  it('may use the id of one that was cancelled at once, and be cancelled too', async () => {
    let cancelled: () => void;
    const isCancelled = new Promise<void>((resolve) => (cancelled = resolve));
    const before = upstream.events.length;
    upstream.onEvent = () => (response) => {
      if (upstream.events.length - before === 2) response.once('close', () => cancelled());
    };
    const frame = (message: object): Buffer => frameBytes(OPCODES.text, JSON.stringify(message));
    const invoke = frame({ type: 'invoke', invocationId: '1', target: 'event', event: 'ask', data: 1 });
    const cancel = frame({ type: 'cancelInvocation', invocationId: '1' });
    const client = await RawWebSocket.open(emulator.port, handshakeBytes(clientUrl(emulator), JSON_SUBPROTOCOL));
    client.write(invoke);
    await untilEvents(before + 1);
    client.write(Buffer.concat([cancel, invoke]));
    await untilEvents(before + 2);
    client.write(cancel);
    await isCancelled;
    expect(upstream.events).toHaveLength(before + 2);
  });

  it('have an id that is unique while they run', async () => {
    upstream.onEvent = () => 'hang';
    const client = await connect();
    for (let count = 0; count < 2; count++)
      client.send({ type: 'invoke', invocationId: '1', target: 'event', event: 'ask', data: 1 });
    expect(await client.next()).toMatchObject({ invocationId: '1', success: false, error: { name: 'BadRequest' } });
  });
});

describe('streams to groups [client-websocket 5.7]', () => {
  const start = { type: 'sendToGroup', group: 'g', noEcho: false, stream: { streamId: 's', idleTimeoutMs: 1_000 } };
  const write = (streamSequenceId: number, data: unknown): object => ({
    type: 'streamData',
    streamId: 's',
    streamSequenceId,
    dataType: 'json',
    data,
  });
  const received = (streamSequenceId: number, data: unknown): object => ({
    type: 'message',
    from: 'group',
    group: 'g',
    fromUserId: 'ann',
    dataType: 'json',
    data,
    stream: { streamId: 's', streamSequenceId },
  });
  const end = (streamSequenceId: number, error?: object): object => ({
    ...received(streamSequenceId, ''),
    dataType: 'text',
    stream: { streamId: 's', streamSequenceId, endOfStream: true, ...(error && { error }) },
  });

  async function connectPair(): Promise<[JsonClient, JsonClient]> {
    return [await connect({ userId: 'ann', roles: SEND }), await connect({ groups: ['g'] })];
  }

  it('are started, written, acknowledged and ended', async () => {
    const [publisher, receiver] = await connectPair();
    for (const frame of [start, write(1, 'a'), write(2, 'b'), { type: 'streamEnd', streamId: 's' }])
      publisher.send(frame);
    expect(await publisher.untilPong()).toEqual([
      { type: 'streamAck', streamId: 's', expectedSequenceId: 1 },
      { type: 'streamAck', streamId: 's', expectedSequenceId: 2 },
      { type: 'streamAck', streamId: 's', expectedSequenceId: 3 },
      { type: 'streamClosed', streamId: 's' },
    ]);
    expect(await receiver.untilPong()).toEqual([received(1, 'a'), received(2, 'b'), end(3)]);
  });

  it('publish nothing twice, and nothing out of order', async () => {
    const [publisher, receiver] = await connectPair();
    for (const frame of [start, write(1, 'a'), write(1, 'a'), write(3, 'c'), write(2, 'b')]) publisher.send(frame);
    expect((await publisher.untilPong()).slice(1)).toEqual([
      { type: 'streamAck', streamId: 's', expectedSequenceId: 2 },
      { type: 'streamAck', streamId: 's', expectedSequenceId: 2 },
      {
        type: 'streamNack',
        streamId: 's',
        name: 'InvalidSequenceId',
        message: 'The stream expects the sequence id 2.',
        expectedSequenceId: 2,
      },
      { type: 'streamAck', streamId: 's', expectedSequenceId: 3 },
    ]);
    expect(await receiver.untilPong()).toEqual([received(1, 'a'), received(2, 'b')]);
  });

  it('end with the error of the publisher', async () => {
    const [publisher, receiver] = await connectPair();
    publisher.send(start);
    publisher.send({ type: 'streamEnd', streamId: 's', error: { message: 'm', userErrorCode: 'u' } });
    await publisher.untilPong();
    expect(await receiver.untilPong()).toEqual([end(1, { name: 'UserError', message: 'm', userErrorCode: 'u' })]);
  });

  it('are cancelled when the publisher leaves', async () => {
    const [publisher, receiver] = await connectPair();
    publisher.send(start);
    await publisher.untilPong();
    publisher.socket.terminate();
    expect(await receiver.next()).toMatchObject({ stream: { endOfStream: true, error: { name: 'Cancelled' } } });
  });

  it('time out when nothing is sent, and a keep-alive puts that off', async () => {
    const [publisher, receiver] = await connectPair();
    publisher.send(start);
    await publisher.untilPong();
    clock.advance(999);
    publisher.send({ type: 'streamData', streamId: 's' });
    await publisher.untilPong();
    clock.advance(999);
    expect(await publisher.untilPong()).toEqual([]);
    clock.advance(1);
    expect(await publisher.next()).toMatchObject({ type: 'streamClosed', error: { name: 'IdleTimeout' } });
    expect(await receiver.next()).toMatchObject({ stream: { endOfStream: true, error: { name: 'IdleTimeout' } } });
  });

  it.each([
    ['without the role', [], start, 'Forbidden'],
    ['of an idle timeout of 0', SEND, { ...start, stream: { streamId: 's', idleTimeoutMs: 0 } }, 'BadRequest'],
    ['of an unknown id', SEND, write(1, 'x'), 'StreamNotFound'],
    ['of an unknown id at its end', SEND, { type: 'streamEnd', streamId: 's' }, 'StreamNotFound'],
    ['of an unknown id kept alive', SEND, { type: 'streamData', streamId: 's' }, 'StreamNotFound'],
  ])('are refused: %s', async (_fact, roles, frame, name) => {
    const client = await connect({ roles });
    client.send(frame);
    expect(await client.next()).toEqual({
      type: 'streamClosed',
      streamId: 's',
      error: { name, message: expect.stringMatching(/./) },
    });
  });

  it.each([
    ['write', write(2, 'b')],
    ['keep alive', { type: 'streamData', streamId: 's' }],
    ['end with an error of theirs', { type: 'streamEnd', streamId: 's', error: { message: 'm', userErrorCode: 'u' } }],
  ])('end as forbidden when those whose permission was revoked %s', async (_fact, frame) => {
    const [publisher, receiver] = await connectPair();
    for (const first of [start, write(1, 'a')]) publisher.send(first);
    await publisher.untilPong();
    await service.revokePermission(publisher.connectionId, 'sendToGroup', { targetName: 'g' });
    publisher.send(frame);
    publisher.send(write(3, 'c'));
    const error = { name: 'Forbidden', message: "The client does not have permission to send to group 'g'." };
    expect(await publisher.untilPong()).toMatchObject([
      { type: 'streamClosed', streamId: 's', error },
      { type: 'streamClosed', streamId: 's', error: { name: 'StreamNotFound' } },
    ]);
    expect(await receiver.untilPong()).toEqual([received(1, 'a'), end(2, error)]);
  });

  it('are started once, though the start is repeated before any data; the last one counts', async () => {
    const [publisher, receiver] = await connectPair();
    publisher.send(start);
    publisher.send({ ...start, stream: { streamId: 's', idleTimeoutMs: 3_000 } });
    await publisher.untilPong();
    clock.advance(2_000);
    publisher.send(write(1, 'a'));
    publisher.send({ type: 'streamEnd', streamId: 's' });
    expect(await publisher.untilPong()).toEqual([
      { type: 'streamAck', streamId: 's', expectedSequenceId: 2 },
      { type: 'streamClosed', streamId: 's' },
    ]);
    expect(await receiver.untilPong()).toEqual([received(1, 'a'), end(2)]);
  });

  it('answer a start that is repeated as the first one', async () => {
    const publisher = await connect({ roles: SEND });
    publisher.send(start);
    publisher.send(start);
    const ack = { type: 'streamAck', streamId: 's', expectedSequenceId: 1 };
    expect(await publisher.untilPong()).toEqual([ack, ack]);
  });

  it.each([
    ['after data', [start, write(1, 'a'), start], 'BadRequest', 2, 'Cancelled'],
    ['to another group', [start, { ...start, group: 'other' }], 'BadRequest', 1, 'Cancelled'],
    ['to a forbidden group', [start, { ...start, group: 'forbidden' }], 'Forbidden', 1, 'Forbidden'],
  ])('end when their id is started anew %s', async (_fact, frames, name, endId, nameForReceivers) => {
    const publisher = await connect({
      userId: 'ann',
      roles: ['webpubsub.sendToGroup.g', 'webpubsub.sendToGroup.other'],
    });
    const receiver = await connect({ groups: ['g'] });
    for (const frame of [...frames, write(endId, 'x')]) publisher.send(frame);
    expect((await publisher.untilPong()).slice(-2)).toMatchObject([
      { type: 'streamClosed', streamId: 's', error: { name } },
      { type: 'streamClosed', streamId: 's', error: { name: 'StreamNotFound' } },
    ]);
    expect((await receiver.untilPong()).at(-1)).toMatchObject({
      stream: { streamId: 's', streamSequenceId: endId, endOfStream: true, error: { name: nameForReceivers } },
    });
    publisher.send(start);
    expect(await publisher.next()).toEqual({ type: 'streamAck', streamId: 's', expectedSequenceId: 1 });
  });

  it('reach simple clients as bare frames', async () => {
    const publisher = await connect({ roles: SEND });
    const simple = await WebSocketClient.connect(emulator, { groups: ['g'] });
    for (const frame of [start, write(1, 'a'), { type: 'streamEnd', streamId: 's' }]) publisher.send(frame);
    publisher.send({ type: 'sendToGroup', group: 'g', data: 'marker' });
    expect([await simple.nextText(), await simple.nextText()]).toEqual(['"a"', '"marker"']);
  });

  it('go on after a recovery, which the client then learns from a connected frame', async () => {
    const publisher = await connect({ roles: SEND, subprotocols: JSON_RELIABLE_SUBPROTOCOL });
    publisher.send(start);
    publisher.send(write(1, 'a'));
    await publisher.untilPong();
    await cut(publisher);
    const recovered = await recover(publisher);
    expect(await recovered.next()).toMatchObject({ event: 'connected', reconnectionToken: expect.stringMatching(/./) });
    recovered.send(write(2, 'b'));
    expect(await recovered.next()).toEqual({ type: 'streamAck', streamId: 's', expectedSequenceId: 3 });
  });

  it('that ended while the publisher was away are told after the recovery, before the connected frame', async () => {
    const publisher = await connect({ roles: SEND, subprotocols: JSON_RELIABLE_SUBPROTOCOL });
    publisher.send(start);
    await publisher.untilPong();
    await cut(publisher);
    clock.advance(1_000);
    const recovered = await recover(publisher);
    expect(await recovered.untilPong()).toEqual([
      { type: 'streamClosed', streamId: 's', error: { name: 'IdleTimeout', message: expect.stringMatching(/./) } },
      expect.objectContaining({ event: 'connected', reconnectionToken: expect.stringMatching(/./) }),
    ]);
  });

  it('whose end was lost with the socket are told again as they ended', async () => {
    const publisher = await connect({ roles: SEND, subprotocols: JSON_RELIABLE_SUBPROTOCOL });
    const { connectionId } = publisher;
    publisher.send(start);
    await publisher.untilPong();
    emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId });
    publisher.send({ type: 'streamEnd', streamId: 's' });
    await awaitClientTraffic(
      emulator,
      (entry) => entry.connectionId === connectionId && entry.summary === 'streamClosed s',
    );
    await cut(publisher);
    expect(await (await recover(publisher)).untilPong()).toEqual([
      { type: 'streamClosed', streamId: 's' },
      expect.objectContaining({ event: 'connected' }),
    ]);
  });

  it('that ended are told again up to 100, and none whose id runs anew', async () => {
    const publisher = await connect({ roles: SEND, subprotocols: JSON_RELIABLE_SUBPROTOCOL });
    const startOf = (streamId: string): object => ({ ...start, stream: { streamId, idleTimeoutMs: 5_000 } });
    for (let count = 0; count < 102; count++) {
      publisher.send(startOf(`${count}`));
      publisher.send({ type: 'streamEnd', streamId: `${count}` });
    }
    publisher.send(startOf('50'));
    await publisher.untilPong();
    await cut(publisher);
    const told = (await (await recover(publisher)).untilPong()).map(({ streamId, event }) => streamId ?? event);
    const ids = Array.from({ length: 102 }, (_, count) => `${count}`);
    expect(told).toEqual([...ids.slice(2, 50), ...ids.slice(51), 'connected']);
  });
});

describe('group state [client-websocket 5.8]', () => {
  const set = (state?: object, ackId = 1): object => ({ type: 'setGroupState', group: 'g', ackId, state });
  const subscribe = { type: 'subscribeGroupState', group: 'g', ackId: 1 };

  it('is told to those who subscribed: first what there is, then every change', async () => {
    const ann = await connect({ userId: 'ann', roles: STATE_ROLES, groups: ['g'] });
    const bob = await connect({ roles: STATE_ROLES, groups: ['g'] });
    ann.send(set({ mood: 'good' }));
    expect(await ann.next()).toEqual({ type: 'ack', ackId: 1, success: true });
    bob.send(subscribe);
    const item = { connectionId: ann.connectionId, userId: 'ann', updatedAt: clock.now() };
    expect([await bob.next(), await bob.next()]).toEqual([
      { type: 'ack', ackId: 1, success: true },
      { type: 'groupStateSnapshot', group: 'g', items: [{ ...item, state: { mood: 'good' } }] },
    ]);
    ann.send(set(undefined, 2));
    expect(await bob.next()).toEqual({ type: 'groupStateUpdate', group: 'g', items: [item] });
    bob.send({ type: 'unsubscribeGroupState', group: 'g', ackId: 2 });
    await bob.next();
    ann.send(set({ mood: 'bad' }, 3));
    await ann.untilPong();
    expect(await bob.untilPong()).toEqual([]);
  });

  it('ends when its owner leaves the group, or the service', async () => {
    const watcher = await connect({ roles: STATE_ROLES, groups: ['g'], subprotocols: JSON_RELIABLE_SUBPROTOCOL });
    watcher.send(subscribe);
    expect(await watcher.next()).toMatchObject({ ackId: 1 });
    expect(await watcher.next()).toMatchObject({ type: 'groupStateSnapshot', items: [], sequenceId: 1 });
    for (const leave of ['group', 'service']) {
      const client = await connect({ roles: STATE_ROLES, groups: ['g'] });
      client.send(set({ k: 'v' }));
      expect(await watcher.next()).toMatchObject({ items: [{ connectionId: client.connectionId, state: { k: 'v' } }] });
      if (leave === 'group') client.send({ type: 'leaveGroup', group: 'g' });
      else client.socket.close();
      const update = await watcher.next();
      expect(update).toMatchObject({ items: [{ connectionId: client.connectionId }], sequenceId: expect.any(Number) });
      expect((update['items'] as object[])[0]).not.toHaveProperty('state');
    }
  });

  it.each([
    ['set without the role', set({ k: 'v' }), [], ['g'], 'Forbidden'],
    ['set outside the group', set({ k: 'v' }), STATE_ROLES, [], 'Forbidden'],
    ['set with more than 512 bytes', set({ k: 'é'.repeat(256) }), STATE_ROLES, ['g'], 'BadRequest'],
    ['subscribed to without the role', subscribe, [], ['g'], 'Forbidden'],
    ['subscribed to outside the group', subscribe, STATE_ROLES, [], 'Forbidden'],
  ])('cannot be %s', async (_fact, frame, roles, groups, name) => {
    const client = await connect({ roles, groups });
    client.send(frame);
    expect(await client.next()).toMatchObject({ ackId: 1, success: false, error: { name } });
  });

  it('may have 512 bytes', async () => {
    const client = await connect({ roles: STATE_ROLES, groups: ['g'] });
    client.send(set({ k: 'x'.repeat(511) }));
    expect(await client.next()).toMatchObject({ ackId: 1, success: true });
  });
});
