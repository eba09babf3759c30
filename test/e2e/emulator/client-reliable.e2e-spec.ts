import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { DEFAULT_ACCESS_KEY } from '../../../src/emulator/access-keys.js';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { signAccessToken } from '../../../src/protocol/access-token.js';
import { awaitClientTraffic, awaitDetached } from '../../support/await-traffic.js';
import {
  connectJsonClient,
  JSON_RELIABLE_SUBPROTOCOL,
  JSON_SUBPROTOCOL,
  WebSocketClient,
  type ConnectOptions,
  type JsonClient,
} from '../../support/connect-client.js';
import { FakeClock } from '../../support/fake-clock.js';
import { RecordingUpstream } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

const ALL_ROLES = ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'];
const NOT_RECOVERED = { code: 1008, reason: 'The connection could not be recovered.' };

let emulator: WebPubSubEmulator;
let upstream: RecordingUpstream;
let clock: FakeClock;
let service: WebPubSubServiceClient;

beforeAll(async () => {
  upstream = await RecordingUpstream.start();
});

afterAll(() => upstream.close());

beforeEach(async () => {
  clock = new FakeClock(Date.now());
  emulator = await startEmulator({
    clock,
    hubs: {
      chat: {
        eventHandlers: [
          { urlTemplate: upstream.url, userEventPattern: '*', systemEvents: ['connect', 'connected', 'disconnected'] },
        ],
      },
    },
  });
  service = new WebPubSubServiceClient(emulator.connectionString, 'chat', { allowInsecureConnection: true });
  upstream.requests.length = 0;
  upstream.onEvent = () => ({ status: 204 });
});

function connect(options: ConnectOptions = {}): Promise<JsonClient> {
  return connectJsonClient(emulator, { subprotocols: JSON_RELIABLE_SUBPROTOCOL, ...options });
}

function recover(client: JsonClient, options: ConnectOptions = {}): Promise<WebSocketClient> {
  return WebSocketClient.connect(emulator, {
    subprotocols: JSON_RELIABLE_SUBPROTOCOL,
    query: { awps_connection_id: client.connectionId, awps_reconnection_token: client.reconnectionToken },
    ...options,
  });
}

/** Cuts the client's socket, and waits until the service has seen it. */
async function cut(client: JsonClient): Promise<void> {
  client.socket.terminate();
  await awaitDetached(emulator, client.connectionId);
}

/** The ids and payloads of data messages, up to the answer to a ping. */
async function receivedBy(client: WebSocketClient): Promise<[unknown, unknown][]> {
  return (await client.untilPong()).map(({ sequenceId, data }) => [sequenceId, data]);
}

function eventNames(): unknown[] {
  return upstream.events.map(({ headers }) => headers['ce-eventname']);
}

describe('a reliable client [client-websocket 9]', () => {
  it('is given a reconnection token, and numbers on data messages alone', async () => {
    const client = await connect({ roles: ALL_ROLES, groups: ['g'] });
    expect(client.reconnectionToken).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    client.send({ type: 'sendToGroup', group: 'g', data: 'a', ackId: 1 });
    await service.sendToAll('b');
    await service.group('g').sendToAll('c');
    await service.sendToConnection(client.connectionId, 'd');
    const received = await client.untilPong();
    expect(received).toEqual([
      expect.objectContaining({ data: 'a', sequenceId: 1 }),
      { type: 'ack', ackId: 1, success: true },
      expect.objectContaining({ data: 'b', sequenceId: 2 }),
      expect.objectContaining({ data: 'c', sequenceId: 3 }),
      expect.objectContaining({ data: 'd', sequenceId: 4 }),
    ]);
  });

  it('gets what it missed, in order and with its first numbers, then what is new', async () => {
    const client = await connect();
    await service.sendToAll(1);
    expect(await client.next()).toMatchObject({ sequenceId: 1 });
    await cut(client);
    await service.sendToAll(2);
    await service.sendToAll(3);
    const recovered = await recover(client);
    await service.sendToAll(4);
    expect(await receivedBy(recovered)).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
    ]);
  });

  it('does not get again what it has acknowledged', async () => {
    const client = await connect();
    for (const data of [1, 2, 3]) await service.sendToAll(data);
    client.send({ type: 'sequenceAck', sequenceId: 2 });
    await client.untilPong();
    await cut(client);
    const recovered = await recover(client);
    expect(await receivedBy(recovered)).toEqual([[3, 3]]);
    recovered.socket.terminate();
    const again = await recover(client);
    expect(await receivedBy(again)).toEqual([[3, 3]]);
  });

  it('keeps groups, roles, ack ids and events, and is not announced again', async () => {
    const client = await connect({ userId: 'ann', roles: ALL_ROLES });
    client.send({ type: 'joinGroup', group: 'g', ackId: 1 });
    await client.next();
    await cut(client);
    expect(await service.groupExists('g')).toBe(true);
    expect(await service.userExists('ann')).toBe(true);
    const recovered = await recover(client);
    recovered.send({ type: 'joinGroup', group: 'g', ackId: 1 });
    recovered.send({ type: 'sendToGroup', group: 'g', data: 'x', ackId: 2 });
    recovered.send({ type: 'event', event: 'e', data: 1, ackId: 3 });
    expect(await recovered.untilPong()).toMatchObject([
      { ackId: 1, error: { name: 'Duplicate' } },
      { data: 'x', sequenceId: 1 },
      { ackId: 2, success: true },
      { ackId: 3, success: true },
    ]);
    expect(eventNames()).toEqual(['connect', 'connected', 'e']);
  });

  it.each([
    ['an invalid access token', { token: 'x.y.z' }],
    ['another spelling of the hub', { path: '/client/hubs/CHAT' }],
    ['the legacy form', { path: '/client/?hub=chat' }],
  ] as [string, ConnectOptions][])('is recovered with %s', async (_fact, options) => {
    const client = await connect();
    await service.sendToAll(1);
    const recovered = await recover(client, options);
    expect(await receivedBy(recovered)).toEqual([[1, 1]]);
  });

  it('is answered with its first subprotocol, whatever it offers', async () => {
    const client = await connect();
    const recovered = await recover(client, { subprotocols: [JSON_SUBPROTOCOL, JSON_RELIABLE_SUBPROTOCOL] });
    expect(recovered.subprotocol).toBe(JSON_RELIABLE_SUBPROTOCOL);
  });

  it('replaces its old socket while that is still open', async () => {
    const client = await connect();
    const recovered = await recover(client);
    expect((await client.closed()).code).toBe(1006);
    await service.sendToAll(1);
    expect(await receivedBy(recovered)).toEqual([[1, 1]]);
  });

  it('receives the answer to an event that was pending when the socket broke', async () => {
    let answer: (() => void) | undefined;
    upstream.onEvent = ({ headers }) =>
      headers['ce-eventname'] === 'ask'
        ? new Promise((resolve) => (answer = () => resolve({ headers: { 'Content-Type': 'text/plain' }, body: 'a' })))
        : { status: 204 };
    const client = await connect();
    client.send({ type: 'event', event: 'ask', data: 1, ackId: 1 });
    while (!answer) await new Promise((done) => setImmediate(done));
    await cut(client);
    const recovered = await recover(client);
    answer();
    expect([await recovered.next(), await recovered.next()]).toMatchObject([
      { data: 'a', sequenceId: 1 },
      { ackId: 1 },
    ]);
  });

  it('an ordinary connection is made when awps_connection_id is absent', async () => {
    const client = await connect();
    const other = await recover(client, { query: { awps_reconnection_token: client.reconnectionToken } });
    expect(await other.next()).toMatchObject({ event: 'connected' });
  });
});

describe('a recovery that is refused [client-websocket 9]', () => {
  it.each([
    ['without a token', () => undefined],
    ['with a malformed token', () => 'x.y.z'],
    ['with the token of another connection', (_client: JsonClient, other: JsonClient) => other.reconnectionToken],
    ['with an expired token', (client: JsonClient) => sign({ aud: client.connectionId, exp: seconds() - 1 })],
    ['with a token of another issuer', (client: JsonClient) => sign({ aud: client.connectionId, iss: 'x' })],
    ['with a token of another key', (client: JsonClient) => sign({ aud: client.connectionId }, 'x'.repeat(40))],
  ] as [string, (client: JsonClient, other: JsonClient) => string | undefined][])(
    '%s closes with 1008 and harms nobody',
    async (_fact, tokenFor) => {
      const [client, other] = [await connect(), await connect()];
      const token = tokenFor(client, other);
      const query = {
        awps_connection_id: client.connectionId,
        ...(token !== undefined && { awps_reconnection_token: token }),
      };
      const intruder = await recover(client, { query });
      expect(await intruder.closed()).toEqual(NOT_RECOVERED);
      await service.sendToAll(1);
      expect(await receivedBy(client)).toEqual([[1, 1]]);
    },
  );

  it('for an unknown connection, another hub, or one that is not reliable', async () => {
    const client = await connect();
    const plain = await connectJsonClient(emulator);
    const query = { awps_connection_id: 'unknown', awps_reconnection_token: sign({ aud: 'unknown' }) };
    expect(await (await recover(client, { query })).closed()).toEqual(NOT_RECOVERED);
    expect(await (await recover(client, { hub: 'other' })).closed()).toEqual(NOT_RECOVERED);
    const ofPlain = {
      awps_connection_id: plain.connectionId,
      awps_reconnection_token: sign({ aud: plain.connectionId }),
    };
    expect(await (await recover(client, { query: ofPlain })).closed()).toEqual(NOT_RECOVERED);
  });
});

describe('the recovery window [client-websocket 9]', () => {
  it('is 30 seconds from the drop', async () => {
    const client = await connect();
    await cut(client);
    clock.advance(29_999);
    const recovered = await recover(client);
    expect(await receivedBy(recovered)).toEqual([]);
    recovered.socket.terminate();
    await awaitClientTraffic(emulator, ({ action }) => action === 'recovered');
    await secondDetach(client);
    clock.advance(30_000);
    expect(await (await recover(client)).closed()).toEqual(NOT_RECOVERED);
    expect(await service.connectionExists(client.connectionId)).toBe(false);
  });

  it('ends with one disconnected event', async () => {
    const client = await connect();
    await cut(client);
    clock.advance(30_000);
    clock.advance(60_000);
    while (!eventNames().includes('disconnected')) await new Promise((done) => setImmediate(done));
    await service.sendToAll(1);
    expect(eventNames()).toEqual(['connect', 'connected', 'disconnected']);
    expect(JSON.parse(String(upstream.events.at(-1)?.body))).toEqual({
      reason: 'The client did not come back in time.',
    });
  });

  it.each([
    ['1001', 1001],
    ['a code of its own', 4000],
    ['no code', undefined],
  ])('begins when the client closes with %s', async (_fact, code) => {
    const client = await connect();
    client.socket.close(code);
    await awaitDetached(emulator, client.connectionId);
    await service.sendToAll(1);
    expect(await receivedBy(await recover(client))).toEqual([[1, 1]]);
  });

  it('does not begin when the client closes with 1000', async () => {
    const client = await connect();
    client.socket.close(1000, 'bye');
    await client.closed();
    expect(await (await recover(client)).closed()).toEqual(NOT_RECOVERED);
    while (!eventNames().includes('disconnected')) await new Promise((done) => setImmediate(done));
    expect(JSON.parse(String(upstream.events.at(-1)?.body))).toEqual({ reason: 'bye' });
  });

  it('does not begin at a close without a code with endsOnCloseWithoutCode, and is as long as recoveryWindowMs', async () => {
    const other = await startEmulator({ clock, endsOnCloseWithoutCode: true, recoveryWindowMs: 1_000 });
    const [first, second] = [
      await connectJsonClient(other, { subprotocols: JSON_RELIABLE_SUBPROTOCOL }),
      await connectJsonClient(other, { subprotocols: JSON_RELIABLE_SUBPROTOCOL }),
    ];
    first.socket.close();
    await first.closed();
    await awaitClientTraffic(other, ({ action, summary }) => action === 'disconnected' && summary.includes('ended'));
    second.socket.terminate();
    await awaitDetached(other, second.connectionId);
    clock.advance(1_000);
    for (const client of [first, second]) {
      const query = { awps_connection_id: client.connectionId, awps_reconnection_token: client.reconnectionToken };
      const again = await WebSocketClient.connect(other, { subprotocols: JSON_RELIABLE_SUBPROTOCOL, query });
      expect(await again.closed()).toEqual(NOT_RECOVERED);
    }
    await other.close();
  });

  it('ends when REST closes the connection', async () => {
    const client = await connect();
    await cut(client);
    await service.closeConnection(client.connectionId, { reason: 'enough' });
    expect(await (await recover(client)).closed()).toEqual(NOT_RECOVERED);
  });
});

describe('the buffer of unacknowledged messages [client-websocket 9, 12]', () => {
  it('closes with 1008 when it overflows, and the connection is lost', async () => {
    const sender = await connectJsonClient(emulator, { roles: ALL_ROLES });
    const client = await connect({ groups: ['g'] });
    for (let count = 0; count <= 1_000; count++) sender.send({ type: 'sendToGroup', group: 'g', data: count });
    expect(await client.closed()).toEqual({ code: 1008, reason: 'The reliable message buffer is full.' });
    expect(await (await recover(client)).closed()).toEqual(NOT_RECOVERED);
  });

  it('overflows for a client that is away, too', async () => {
    const sender = await connectJsonClient(emulator, { roles: ALL_ROLES });
    const client = await connect({ groups: ['g'] });
    await cut(client);
    for (let count = 0; count < 1_000; count++) sender.send({ type: 'sendToGroup', group: 'g', data: count });
    await sender.untilPong();
    expect(await service.connectionExists(client.connectionId)).toBe(true);
    sender.send({ type: 'sendToGroup', group: 'g', data: 'one too many' });
    await sender.untilPong();
    expect(await service.connectionExists(client.connectionId)).toBe(false);
  });

  it('has room again for what is acknowledged', async () => {
    const sender = await connectJsonClient(emulator, { roles: ALL_ROLES });
    const client = await connect({ groups: ['g'] });
    for (let round = 0; round < 3; round++) {
      for (let count = 0; count < 600; count++) sender.send({ type: 'sendToGroup', group: 'g', data: count });
      await sender.untilPong();
      const received = await receivedBy(client);
      expect(received).toHaveLength(600);
      client.send({ type: 'sequenceAck', sequenceId: received.at(-1)![0] });
    }
    expect(await receivedBy(client)).toEqual([]);
  });
});

describe('the time to live of messages [client-websocket 5.5]', () => {
  it('is enforced for a client that is away; the others keep their numbers', async () => {
    const sender = await connectJsonClient(emulator, { roles: ALL_ROLES });
    const client = await connect({ groups: ['g'] });
    await cut(client);
    const send = (data: number, more: object): void => sender.send({ type: 'sendToGroup', group: 'g', data, ...more });
    send(1, {});
    send(2, { ttlSeconds: 10 });
    send(3, { ttlSeconds: 0 });
    send(4, { ttlSeconds: 20 });
    await sender.untilPong();
    clock.advance(10_000);
    expect(await receivedBy(await recover(client))).toEqual([
      [1, 1],
      [3, 3],
      [4, 4],
    ]);
  });

  it('is enforced for a client that does not read', async () => {
    const sender = await connectJsonClient(emulator, { roles: ALL_ROLES });
    const client = await connectJsonClient(emulator, { groups: ['g'] });
    const throttle = emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId: client.connectionId });
    sender.send({ type: 'sendToGroup', group: 'g', data: 1, ttlSeconds: 10 });
    sender.send({ type: 'sendToGroup', group: 'g', data: 2 });
    await sender.untilPong();
    clock.advance(10_000);
    throttle.clear();
    expect(await client.next()).toMatchObject({ data: 2 });
  });
});

function sign(claims: Record<string, unknown>, key = DEFAULT_ACCESS_KEY): string {
  return signAccessToken({ iss: 'https://webpubsub.azure.com', exp: seconds() + 3600, ...claims }, key);
}

function seconds(): number {
  return Math.floor(clock.now() / 1000);
}

async function secondDetach({ connectionId }: JsonClient): Promise<void> {
  let count = 0;
  while (count < 2) {
    count = emulator.traffic
      .entries()
      .filter((entry) => entry.door === 'client' && entry.connectionId === connectionId)
      .filter((entry) => entry.door === 'client' && entry.summary.includes('waits to be recovered')).length;
    await new Promise((done) => setImmediate(done));
  }
}
