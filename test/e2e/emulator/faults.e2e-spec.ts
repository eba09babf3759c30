import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FaultTargetError } from '../../../src/emulator/faults/fault.errors.js';
import type { Fault, FaultHandle } from '../../../src/emulator/faults/fault.js';
import type { TrafficEntry } from '../../../src/emulator/traffic-log.js';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { callRest, restToken } from '../../support/call-rest.js';
import {
  clientToken,
  connectJsonClient,
  JSON_RELIABLE_SUBPROTOCOL,
  refusalOf,
  WebSocketClient,
  type ConnectOptions,
  type JsonClient,
} from '../../support/connect-client.js';
import { FakeClock } from '../../support/fake-clock.js';
import { mqttUrl, RawMqttClient } from '../../support/mqtt-client.js';
import { RecordingUpstream } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

let emulator: WebPubSubEmulator;
let clock: FakeClock;

beforeEach(async () => {
  clock = new FakeClock(Date.now());
  emulator = await startEmulator({ clock });
});

const reliable: ConnectOptions = { subprotocols: JSON_RELIABLE_SUBPROTOCOL };

function recover(client: JsonClient): Promise<WebSocketClient> {
  return WebSocketClient.connect(emulator, {
    ...reliable,
    query: { awps_connection_id: client.connectionId, awps_reconnection_token: client.reconnectionToken },
  });
}

async function sendToAll(text: string, query = ''): Promise<void> {
  const options = { body: text, headers: { 'Content-Type': 'text/plain' } };
  expect((await callRest(emulator, `POST /api/hubs/chat/:send${query}`, options)).status).toBe(202);
}

function faultsOnRecord(): string[] {
  return emulator.traffic.entries().flatMap(noteOf);
}

function noteOf(entry: TrafficEntry): string[] {
  if (entry.door === 'client' && entry.action === 'fault') return [entry.summary];
  return entry.door === 'upstream' && entry.fault !== undefined ? [entry.fault] : [];
}

/** Waits for what a fault did, or for an upstream call without one by its event's name. */
function recorded(pattern: RegExp): Promise<void> {
  return new Promise((resolve) => {
    const stop = emulator.traffic.subscribe((entry) => {
      const texts = entry.door === 'upstream' && entry.fault === undefined ? [entry.eventName] : noteOf(entry);
      if (!texts.some((text) => pattern.test(text))) return;
      stop();
      resolve();
    });
  });
}

describe('faults of sockets', () => {
  it('dropSocket ends a connection that is not reliable, without a closing handshake', async () => {
    const client = await connectJsonClient(emulator);
    const fault = emulator.faults.set({ kind: 'dropSocket', hub: 'chat', connectionId: client.connectionId });
    expect(fault.isActive).toBe(false);
    expect((await client.closed()).code).toBe(1006);
    expect((await callRest(emulator, `HEAD /api/hubs/chat/connections/${client.connectionId}`)).status).toBe(404);
    expect(faultsOnRecord()).toEqual(['the socket was cut', 'fault 1: dropSocket hub=chat']);
  });

  it('forceRecovery makes a reliable client come back, with nothing lost', async () => {
    const client = await connectJsonClient(emulator, reliable);
    emulator.faults.set({ kind: 'forceRecovery', hub: 'CHAT', connectionId: client.connectionId });
    expect((await client.closed()).code).toBe(1006);
    await sendToAll('while away');
    expect(await (await recover(client)).next()).toMatchObject({ data: 'while away', sequenceId: 1 });
  });

  it('forceRecovery is refused for a connection that cannot come back', async () => {
    const { connectionId } = await connectJsonClient(emulator);
    const force = () => emulator.faults.set({ kind: 'forceRecovery', hub: 'chat', connectionId });
    expect(force).toThrow(`Connection ${connectionId} cannot be recovered: it is not reliable.`);
    expect(() => emulator.faults.set({ kind: 'dropSocket', hub: 'chat', connectionId: 'gone' })).toThrow(
      'Hub chat has no connection gone.',
    );
  });

  it('throttleClient holds back what the client gets until it is cleared', async () => {
    const client = await connectJsonClient(emulator);
    const fault = emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId: client.connectionId });
    await sendToAll('late');
    await sendToAll('too late', '?messageTtlSeconds=5');
    expect(client.untaken).toBe(0);
    clock.advance(6_000);
    fault.clear();
    expect(await client.next()).toMatchObject({ data: 'late' });
    expect(emulator.faults.list()).toEqual([]);
  });

  it('throttleClient ends by itself after its duration', async () => {
    const client = await connectJsonClient(emulator);
    const { connectionId } = client;
    const fault = emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId, durationMs: 1000 });
    await sendToAll('late');
    expect(fault.isActive).toBe(true);
    clock.advance(1000);
    expect(await client.next()).toMatchObject({ data: 'late' });
    expect(fault.isActive).toBe(false);
    expect(faultsOnRecord()).toEqual([
      'fault 1: throttleClient hub=chat durationMs=1000',
      'fault 1 ended: throttleClient hub=chat durationMs=1000',
    ]);
  });
});

describe('a connection that ends while its client is throttled', () => {
  let client: JsonClient;
  let fault: FaultHandle;

  beforeEach(async () => {
    client = await connectJsonClient(emulator);
    fault = emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId: client.connectionId });
  });

  it('sends what waited, and why it was closed, when it is released', async () => {
    await sendToAll('late');
    await callRest(emulator, `DELETE /api/hubs/chat/connections/${client.connectionId}?reason=bye`);
    expect(fault.isActive).toBe(true);
    fault.clear();
    expect(await client.next()).toMatchObject({ data: 'late' });
    expect(await client.next()).toEqual({ type: 'system', event: 'disconnected', message: 'bye' });
    expect(await client.closed()).toEqual({ code: 1000, reason: 'bye' });
    expect(client.untaken).toBe(0);
    expect(faultsOnRecord().at(-1)).toBe('fault 1 ended: throttleClient hub=chat');
  });

  it.each([
    ['non-reliable', {}, 'The outbound message queue is full.'],
    ['reliable', reliable, 'The reliable message buffer is full.'],
  ])('closes with 1008 when 1,000 messages waited: %s', async (_fact, options, reason) => {
    const slow = await connectJsonClient(emulator, { ...options, groups: ['g'] });
    const held = emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId: slow.connectionId });
    const sender = await connectJsonClient(emulator, { roles: ['webpubsub.sendToGroup'] });
    for (let count = 0; count <= 1_000; count++) sender.send({ type: 'sendToGroup', group: 'g', data: count });
    await sender.untilPong();
    expect((await callRest(emulator, `HEAD /api/hubs/chat/connections/${slow.connectionId}`)).status).toBe(404);
    held.clear();
    expect(await slow.closed()).toEqual({ code: 1008, reason });
    expect(slow.untaken).toBe(0);
  });

  it('is released by clear(), and after its duration', async () => {
    const brief = await connectJsonClient(emulator);
    const { connectionId } = brief;
    emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId, durationMs: 1_000 });
    for (const id of [client.connectionId, connectionId])
      await callRest(emulator, `DELETE /api/hubs/chat/connections/${id}?reason=bye`);
    clock.advance(1_000);
    expect(await brief.closed()).toEqual({ code: 1000, reason: 'bye' });
    emulator.faults.clear();
    expect(await client.closed()).toEqual({ code: 1000, reason: 'bye' });
  });

  it('writes nothing while it is held, and is cut off after 5 seconds, with which the fault ends', async () => {
    await sendToAll('never');
    await callRest(emulator, `DELETE /api/hubs/chat/connections/${client.connectionId}?reason=bye`);
    clock.advance(4_999);
    expect([fault.isActive, client.untaken]).toEqual([true, 0]);
    const ended = recorded(/^fault 1 ended/);
    clock.advance(1);
    expect((await client.closed()).code).toBe(1006);
    await ended;
    expect([fault.isActive, client.untaken]).toEqual([false, 0]);
  });
});

describe('faults of a connection end', () => {
  it('with it, and the fault of a socket with the socket', async () => {
    const client = await connectJsonClient(emulator, reliable);
    const { connectionId } = client;
    const throttled = emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId });
    const expired = emulator.faults.set({ kind: 'expireReconnectionToken', hub: 'chat', connectionId });
    const lost = recorded(/^fault 1 ended: throttleClient/);
    client.socket.terminate();
    await lost;
    expect([throttled.isActive, expired.isActive]).toEqual([false, true]);
    clock.advance(30_000);
    expect(expired.isActive).toBe(false);
    expect(emulator.faults.list()).toEqual([]);
    expect(faultsOnRecord().at(-1)).toBe('fault 2 ended: expireReconnectionToken hub=chat');
  });

  it('though its socket is still held', async () => {
    const { connectionId } = await connectJsonClient(emulator, reliable);
    const throttled = emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId });
    const expired = emulator.faults.set({ kind: 'expireReconnectionToken', hub: 'chat', connectionId });
    await callRest(emulator, `DELETE /api/hubs/chat/connections/${connectionId}`);
    expect([throttled.isActive, expired.isActive]).toEqual([true, false]);
  });

  it('with an MQTT session too', async () => {
    await RawMqttClient.connect(emulator, { connect: { clientId: 'm' } });
    const fault = emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId: 'm' });
    const ended = recorded(/^fault 1 ended: throttleClient/);
    await callRest(emulator, 'DELETE /api/hubs/chat/connections/m');
    await ended;
    expect(fault.isActive).toBe(false);
  });

  it('with the socket of an MQTT session that stays', async () => {
    const connect = { clientId: 'm', properties: { sessionExpiryInterval: 30 } };
    const client = await RawMqttClient.connect(emulator, { connect });
    const fault = emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId: 'm' });
    const ended = recorded(/^fault 1 ended: throttleClient/);
    await client.drop();
    await ended;
    expect(fault.isActive).toBe(false);
    expect((await callRest(emulator, 'HEAD /api/hubs/chat/connections/m')).status).toBe(200);
  });

  it('and do not pass to the socket with which the client comes back', async () => {
    const client = await connectJsonClient(emulator, reliable);
    emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId: client.connectionId });
    await sendToAll('kept');
    const ended = recorded(/^fault 1 ended: throttleClient/);
    const returned = await recover(client);
    expect(await returned.next()).toMatchObject({ data: 'kept', sequenceId: 1 });
    await ended;
    expect((await client.closed()).code).toBe(1006);
  });

  it('one by one: a socket that is held twice is released by the last', async () => {
    const client = await connectJsonClient(emulator);
    const throttle = () =>
      emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId: client.connectionId });
    const [first, second] = [throttle(), throttle()];
    await sendToAll('late');
    first.clear();
    // Pongs pass: by then a release would have written.
    client.socket.ping();
    await once(client.socket, 'pong');
    expect(client.untaken).toBe(0);
    second.clear();
    expect(await client.next()).toMatchObject({ data: 'late' });
  });
});

describe('messageTtlSeconds [rest-api 5.3]', () => {
  it('drops what a recovering client comes too late for', async () => {
    const client = await connectJsonClient(emulator, reliable);
    emulator.faults.set({ kind: 'dropSocket', hub: 'chat', connectionId: client.connectionId });
    await client.closed();
    await sendToAll('short', '?messageTtlSeconds=5');
    await sendToAll('long', '?messageTtlSeconds=20');
    await sendToAll('for ever', '?messageTtlSeconds=0');
    clock.advance(6_000);
    const returned = await recover(client);
    expect(await returned.next()).toMatchObject({ data: 'long' });
    expect(await returned.next()).toMatchObject({ data: 'for ever' });
  });
});

describe('faults of tokens', () => {
  it('expireAccessToken refuses the next handshakes of that user', async () => {
    emulator.faults.set({ kind: 'expireAccessToken', hub: 'chat', userId: 'ann', times: 1 });
    await connectJsonClient(emulator, { userId: 'bob' });
    await connectJsonClient(emulator, { hub: 'other', userId: 'ann' });
    const refusal = await refusalOf(WebSocketClient.connect(emulator, { userId: 'ann' }));
    expect(refusal.status).toBe(401);
    await connectJsonClient(emulator, { userId: 'ann' });
    expect(faultsOnRecord()).toContain('fault: the access token of a client is taken as expired');
  });

  it('expireAccessToken means tokens in the header too', async () => {
    emulator.faults.set({ kind: 'expireAccessToken' });
    const headers = { Authorization: `Bearer ${clientToken(emulator)}` };
    const connecting = WebSocketClient.connect(emulator, { token: null, webSocket: { headers } });
    expect((await refusalOf(connecting)).status).toBe(401);
  });

  it('expireAccessToken strikes MQTT clients, however they spell the parameter', async () => {
    emulator.faults.set({ kind: 'expireAccessToken', hub: 'chat', userId: 'ann', times: 1 });
    const url = new URL(mqttUrl(emulator, { userId: 'ann' }));
    const options = { token: null, query: `ACCESS_TOKEN=${url.searchParams.get('access_token')}` };
    await expect(RawMqttClient.open(emulator, options)).rejects.toMatchObject({ status: 401 });
    await RawMqttClient.open(emulator, options);
    expect(faultsOnRecord()).toContain('fault: the access token of a client is taken as expired');
  });

  it('expireReconnectionToken refuses to recover that connection', async () => {
    const [ann, bob] = [await connectJsonClient(emulator, reliable), await connectJsonClient(emulator, reliable)];
    const fault = emulator.faults.set({
      kind: 'expireReconnectionToken',
      hub: 'chat',
      connectionId: ann.connectionId,
    });
    const refused = await recover(ann);
    expect(await refused.closed()).toEqual({ code: 1008, reason: 'The connection could not be recovered.' });
    await sendToAll('hi');
    expect(await (await recover(bob)).next()).toMatchObject({ data: 'hi' });
    fault.clear();
    expect(await (await recover(ann)).next()).toMatchObject({ data: 'hi' });
  });
});

describe('expireReconnectionToken is refused', () => {
  const expire = (connectionId: string) => () =>
    emulator.faults.set({ kind: 'expireReconnectionToken', hub: 'chat', connectionId });

  it('for a connection that is not reliable', async () => {
    const { connectionId } = await connectJsonClient(emulator);
    const problem = `Connection ${connectionId} cannot be recovered: it is not reliable.`;
    expect(expire(connectionId)).toThrow(new FaultTargetError(problem));
    expect(emulator.faults.list()).toEqual([]);
  });

  it('for an MQTT session, which is taken up without such a token', async () => {
    await RawMqttClient.connect(emulator, { connect: { clientId: 'm', properties: { sessionExpiryInterval: 60 } } });
    const problem = 'Connection m has no reconnection token: it is an MQTT session.';
    expect(expire('m')).toThrow(new FaultTargetError(problem));
    expect(emulator.faults.list()).toEqual([]);
  });
});

describe('faults of calls to upstream', () => {
  let upstream: RecordingUpstream;

  beforeAll(async () => {
    upstream = await RecordingUpstream.start();
  });

  afterAll(() => upstream.close());

  async function connect(): Promise<JsonClient> {
    upstream.requests.length = 0;
    emulator.setHub('chat', { eventHandlers: [{ urlTemplate: `${upstream.url}/{event}`, userEventPattern: '*' }] });
    return connectJsonClient(emulator);
  }

  function raise(client: JsonClient, ackId = 1): void {
    client.send({ type: 'event', event: 'greet', dataType: 'text', data: 'hi', ackId });
  }

  it('delayUpstream waits', async () => {
    const client = await connect();
    raise(client);
    await client.next();
    emulator.faults.set({ kind: 'delayUpstream', delayMs: 5_000, times: 1 });
    raise(client, 2);
    await recorded(/^fault 1 ended: delayUpstream/);
    expect(upstream.events).toHaveLength(1);
    clock.advance(5_000);
    expect(await client.next()).toMatchObject({ ackId: 2, success: true });
    expect(faultsOnRecord()).toContain('delayed by 5000 ms');
  });

  it('failUpstream answers in the place of upstream', async () => {
    const client = await connect();
    emulator.faults.set({ kind: 'failUpstream', status: 403, eventName: 'GREET', times: 1 });
    raise(client);
    expect(await client.next()).toMatchObject({ ackId: 1, success: false });
    expect(upstream.events).toHaveLength(0);
    raise(client, 2);
    expect(await client.next()).toMatchObject({ ackId: 2, success: true });
    expect(faultsOnRecord()).toContain('answered with 403 without asking upstream');
  });

  it('failUpstream without a status breaks the connection, which is tried again', async () => {
    const client = await connect();
    emulator.faults.set({ kind: 'failUpstream', hub: 'chat', connectionId: client.connectionId, times: 1 });
    raise(client);
    await recorded(/^the connection was broken/);
    await new Promise(setImmediate);
    clock.advance(1_000);
    expect(await client.next()).toMatchObject({ ackId: 1, success: true });
    expect(upstream.events).toHaveLength(1);
  });

  it('repeatUpstream sends the same event again', async () => {
    const client = await connect();
    emulator.faults.set({ kind: 'repeatUpstream', copies: 2, times: 1 });
    raise(client);
    expect(await client.next()).toMatchObject({ ackId: 1, success: true });
    expect(upstream.events).toHaveLength(3);
    expect(new Set(upstream.events.map(({ headers }) => headers['ce-id'])).size).toBe(1);
    expect(faultsOnRecord()).toContain('sent 3 times');
  });

  it('refuseValidation shows at once, though the URL was known to be good', async () => {
    const client = await connect();
    raise(client);
    expect(await client.next()).toMatchObject({ success: true });
    const refused = recorded(/^the validation was refused without asking upstream/);
    const fault = emulator.faults.set({ kind: 'refuseValidation', hub: 'chat' });
    await refused;
    raise(client, 2);
    expect(await client.next()).toMatchObject({ ackId: 2, success: false });
    const asked = recorded(/^validate$/);
    fault.clear();
    await asked;
    raise(client, 3);
    expect(await client.next()).toMatchObject({ ackId: 3, success: true });
  });

  it('refuseValidation with a status that is tried again holds events back until it is decided', async () => {
    const client = await connect();
    raise(client);
    expect(await client.next()).toMatchObject({ ackId: 1, success: true });
    let refused = recorded(/^the validation was refused without asking upstream/);
    const fault = emulator.faults.set({ kind: 'refuseValidation', hub: 'chat', status: 503 });
    raise(client, 2);
    for (const delayMs of [1_000, 3_000, 5_000]) {
      await refused;
      await new Promise(setImmediate);
      refused = recorded(/^the validation was refused without asking upstream/);
      clock.advance(delayMs);
    }
    expect(await client.next()).toMatchObject({ ackId: 2, success: false });
    fault.clear();
    raise(client, 3);
    expect(await client.next()).toMatchObject({ ackId: 3, success: true });
    expect(upstream.events).toHaveLength(2);
  });
});

describe('faults over HTTP', () => {
  const call = (line: string, body?: object | string, headers: Record<string, string> = {}) =>
    callRest(emulator, line, { authorization: null, headers, ...(body !== undefined && { body }) });

  it('are set, listed and cleared', async () => {
    const fault: Fault = { kind: 'failUpstream', status: 503, times: 2 };
    const created = await call('POST /emulator/faults', fault);
    expect(created).toMatchObject({ status: 201, json: { id: 1, isActive: true, fault } });
    await call('POST /emulator/faults', { kind: 'expireAccessToken' });
    expect((await call('GET /emulator/faults')).json).toMatchObject({ value: [{ id: 1 }, { id: 2 }] });
    expect((await call('GET /emulator/faults/1')).json).toMatchObject({ id: 1, fault });
    expect((await call('DELETE /emulator/faults/1')).status).toBe(204);
    expect((await call('DELETE /emulator/faults/1')).status).toBe(404);
    expect((await call('DELETE /emulator/faults')).status).toBe(204);
    expect((await call('GET /emulator/faults')).json).toEqual({ value: [] });
    expect(faultsOnRecord()).toEqual([
      'fault 1: failUpstream times=2 status=503',
      'fault 2: expireAccessToken',
      'fault 1 ended: failUpstream times=2 status=503',
      'fault 2 ended: expireAccessToken',
    ]);
  });

  it('strike', async () => {
    const client = await connectJsonClient(emulator);
    const reply = await call('POST /emulator/faults', {
      kind: 'dropSocket',
      hub: 'chat',
      connectionId: client.connectionId,
    });
    expect(reply).toMatchObject({ status: 201, json: { isActive: false } });
    expect((await client.closed()).code).toBe(1006);
  });

  it.each<[string, string, string | object | undefined, number, object]>([
    ['no JSON', 'POST /emulator/faults', '{', 400, { code: 'BadRequest' }],
    ['an unknown kind', 'POST /emulator/faults', { kind: 'x' }, 400, { target: 'fault.kind' }],
    ['an unknown connection', 'POST /emulator/faults', { kind: 'dropSocket', hub: 'a', connectionId: 'b' }, 404, {}],
    ['too much', 'POST /emulator/faults', `"${'x'.repeat(70_000)}"`, 413, {}],
    ['another verb', 'PUT /emulator/faults', {}, 405, {}],
    ['another verb for one', 'GET /emulator/faults/x', undefined, 404, {}],
  ])('are refused: %s', async (_name, line, body, status, json) => {
    expect(await call(line, body)).toMatchObject({ status, json });
  });

  it('are for programs of this machine, and for no page of another origin', async () => {
    expect((await call('GET /emulator/faults', undefined, { Host: 'evil.example' })).status).toBe(401);
    expect((await call('GET /emulator/faults', undefined, { Origin: emulator.endpoint })).status).toBe(200);
    const preflight = await call('OPTIONS /emulator/faults', undefined, { Origin: 'https://evil.example' });
    expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each<[string, Record<string, string>]>([
    ['of another origin', { Origin: 'https://evil.example' }],
    ['on another port', { Origin: 'http://localhost:3000' }],
    ['that hides its origin', { Origin: 'null' }],
    ['whose name points here', { Origin: 'http://evil.example', Host: 'evil.example' }],
    ['of another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['of this site', { 'Sec-Fetch-Site': 'same-site' }],
  ])('are set by no page %s, though it signs tokens with the default key, which is public', async (_which, headers) => {
    const fault: Fault = { kind: 'failUpstream' };
    const audience = `http://${headers['Host'] ?? new URL(emulator.endpoint).host}/emulator/faults`;
    const token = restToken(audience);
    for (const line of ['POST /emulator/faults', `POST /emulator/faults?access_token=${token}`]) {
      const reply = await callRest(emulator, line, { authorization: `Bearer ${token}`, headers, body: fault });
      expect(reply).toMatchObject({ status: 403, json: { code: 'Forbidden' } });
    }
    expect(emulator.faults.list()).toEqual([]);
  });

  it.each([
    ['X-Forwarded-For', '203.0.113.9'],
    ['X-Forwarded-Host', 'a.example'],
    ['Forwarded', 'for=203.0.113.9'],
    ['Via', '1.1 proxy'],
  ])('need a token in Authorization when a proxy passes them on (%s)', async (name, value) => {
    const headers = { [name]: value };
    const token = restToken(`${emulator.endpoint}/emulator/faults`);
    const line = `GET /emulator/faults?access_token=${token}`;
    expect((await call(line, undefined, headers)).json).toMatchObject({
      code: 'Unauthorized',
      message: expect.stringContaining('through proxies'),
    });
    expect((await callRest(emulator, 'GET /emulator/faults', { headers })).status).toBe(200);
  });
});
