import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { WebSocket } from 'ws';
import type { UpstreamRequest, UpstreamResponse } from '../../../src/emulator/core/upstream-transport.js';
import { TunnelEndpoint } from '../../../src/emulator/tunnel/tunnel.endpoint.js';
import { TrafficLog } from '../../../src/emulator/traffic-log.js';
import { FakeClock } from '../../support/fake-clock.js';
import { RawConnection } from '../../support/raw-http.js';
import { handshakeBytes } from '../../support/raw-web-socket.js';
import { TunnelClient, type TunnelClientOptions } from '../../support/tunnel-client.js';
import { hostUpgrades, type UpgradeHost } from '../../support/upgrade-host.js';

const PRIMARY = 'primary-key-for-tests-0123456789abcdef';
const SECONDARY = 'secondary-key-for-tests-0123456789abc';

const clock = new FakeClock(Date.now());
let lines: string[];
let onLine: () => void;
let tunnels: TunnelEndpoint;
let host: UpgradeHost;
let clients: TunnelClient[];

beforeEach(async () => {
  lines = [];
  clients = [];
  onLine = () => {};
  const write = (line: string): void => {
    lines.push(line);
    onLine();
  };
  tunnels = new TunnelEndpoint({
    accessKeys: { primary: PRIMARY, secondary: SECONDARY },
    clock,
    logger: { log: write, warn: write, error: write },
    traffic: new TrafficLog(() => clock.now()),
  });
  host = await hostUpgrades(tunnels);
});

afterEach(async () => {
  for (const client of clients) client.drop();
  await host.close();
});

function optionsFor(hub: string, rest: Partial<TunnelClientOptions> = {}): TunnelClientOptions {
  return { endpoint: host.endpoint, accessKey: PRIMARY, hub, ...rest };
}

async function connect(hub = 'chat', rest: Partial<TunnelClientOptions> = {}): Promise<TunnelClient> {
  const client = await TunnelClient.connect(optionsFor(hub, rest));
  clients.push(client);
  return client;
}

function post(path = '/eventhandler', body?: string): UpstreamRequest {
  return {
    method: 'POST',
    url: `tunnel://${path}`,
    headers: { 'ce-id': '1' },
    body: body === undefined ? undefined : Buffer.from(body),
  };
}

function send(hub = 'chat', request = post(), signal = new AbortController().signal): Promise<UpstreamResponse> {
  return tunnels.send(hub, request, signal);
}

/** When a marker has gone round, everything sent before it has been handled. */
async function settle(client: TunnelClient): Promise<void> {
  client.socket.ping();
  await new Promise((resolve) => client.socket.once('pong', resolve));
}

function logged(text: string): Promise<void> {
  return new Promise((resolve) => {
    onLine = () => lines.some((line) => line.includes(text)) && resolve();
    onLine();
  });
}

async function statusOfRefusal(options: TunnelClientOptions): Promise<string> {
  return TunnelClient.open(options).then(
    () => 'accepted',
    (error: Error) => error.message,
  );
}

describe('handshake of a tunnel [tunnel 2, 4.1]', () => {
  it('is answered at once with type 10, the server id of the token and no reconnection token', async () => {
    const client = await TunnelClient.open(optionsFor('chat', { serverId: 's1' }));
    clients.push(client);
    const message = await client.next();
    expect(message.type).toBe(10);
    expect(message.fields).toEqual({
      Type: 10,
      ConnectionId: tunnels.list()[0].connectionId,
      UserId: 's1',
      ReconnectionToken: null,
      TracingId: null,
    });
    expect(message.content).toBeNull();
  });

  it.each([
    ['the hub in another case', 'CHAT', {}],
    ['a target', 'chat', { target: 't 1' }],
    ['the secondary key', 'chat', { accessKey: SECONDARY }],
    ['a hub name that needs encoding', 'a[b]', {}],
  ])('accepts %s', async (_name, hub, rest) => {
    await connect(hub, rest);
    expect(tunnels.list(hub)).toHaveLength(1);
  });

  it('answers no subprotocol even when one is offered [tunnel 13]', async () => {
    const url = `${host.endpoint.replace('http', 'ws')}/server/tunnel?hub=chat`;
    const token = jwt.sign({}, PRIMARY, { audience: url, expiresIn: 60 });
    const socket = new WebSocket(`${url}&access_token=${token}`, ['anything']);
    const [error] = await new Promise<unknown[]>((resolve) => socket.once('error', (...args) => resolve(args)));
    // The ws client insists on an answer to its offer: that it finds none is what is looked for.
    expect(String(error)).toContain('no subprotocol');
  });

  it.each<[string, number, Partial<TunnelClientOptions>]>([
    ['without a token', 401, { token: null }],
    ['with what is not a token', 401, { token: 'x' }],
    ['signed with another key', 401, { accessKey: 'another-key-0123456789-0123456789-012' }],
    ['whose token has expired', 401, { expiresIn: -3600 }],
    ['whose audience is of http', 401, { audience: 'http://localhost/server/tunnel?hub=chat' }],
    ['whose audience lacks the query', 401, { audience: 'ws://localhost/server/tunnel' }],
    ['without a hub', 400, { hub: '' }],
    ['of a hub with an impossible name', 400, { hub: '1 2' }],
  ])('refuses a tool %s with %i', async (_name, status, rest) => {
    expect(await statusOfRefusal(optionsFor('chat', rest))).toContain(String(status));
    expect(tunnels.list()).toEqual([]);
  });

  it.each(['http://evil.example', 'http://localhost:3000', 'null'])(
    'refuses the page %s, though its token is good: tools send no Origin [tunnel 2]',
    async (origin) => {
      const url = `${host.endpoint.replace('http', 'ws')}/server/tunnel?hub=chat`;
      const token = jwt.sign({ sub: 's1' }, PRIMARY, { audience: url, expiresIn: 60 });
      const connection = await RawConnection.open(Number(new URL(host.endpoint).port));
      connection.write(handshakeBytes(`${url}&access_token=${token}`, undefined, [`Origin: ${origin}`]));
      expect(await connection.answer()).toMatchObject({
        status: 403,
        body: 'A tunnel is opened by a tool, not by a page: the request has an Origin header.',
      });
      expect(tunnels.list()).toEqual([]);
    },
  );

  it('refuses a token made for another hub', async () => {
    const url = `${host.endpoint.replace('http', 'ws')}/server/tunnel?hub=`;
    expect(await statusOfRefusal(optionsFor('chat', { audience: `${url}other` }))).toContain('401');
  });

  it('says in the log who came and went, and why somebody was refused, without tokens', async () => {
    const client = await connect('chat', { serverId: 's1' });
    await client.close();
    await logged('disconnected');
    await statusOfRefusal(optionsFor('chat', { token: 'secret-token' }));
    expect(lines).toEqual([
      expect.stringMatching(/^Tunnel connected: .* of hub chat, server s1\.$/),
      expect.stringMatching(/^Tunnel disconnected: .* of hub chat\.$/),
      expect.stringContaining('refused: the token is malformed'),
    ]);
    expect(lines.join()).not.toContain('secret-token');
    await statusOfRefusal(optionsFor('chat', { audience: 'ws://x\u009b2J\u2028' }));
    expect(lines.at(-1)).toContain('the audience of the token is "ws://x\\u009b2J\\u2028", expected');
  });
});

describe('requests over a tunnel [tunnel 5]', () => {
  it('carry method, absolute URL, header lists and body', async () => {
    const client = await connect();
    const answer = send('chat', {
      method: 'POST',
      url: 'tunnel:///eventhandler/connect?x=1',
      headers: { 'ce-specversion': '1.0', 'ce-signature': 'sha256=a,sha256=b', Host: 'h', 'Content-Length': '2' },
      body: Buffer.from('hi'),
    });
    const request = await client.next();
    expect(request.json).toBe(
      `{"Type":1,"AckId":${String(request.fields['AckId'])},"HttpMethod":"POST","Url":"tunnel:///eventhandler/connect?x=1",` +
        '"Headers":{"ce-specversion":["1.0"],"ce-signature":["sha256=a","sha256=b"]},' +
        '"LocalRouting":false,"ChannelName":"","TracingId":null}',
    );
    expect(Buffer.from(request.content!).toString()).toBe('hi');
    client.answer(request, {
      status: 200,
      headers: { 'Content-Type': ['text/plain'], 'set-cookie': ['a=1', 'b=2'], connection: ['keep-alive'] },
      body: 'ok',
    });
    const { status, headers, body } = await answer;
    expect({ status, headers, body: Buffer.from(body).toString() }).toEqual({
      status: 200,
      headers: { 'content-type': ['text/plain'], 'set-cookie': ['a=1', 'b=2'], connection: ['keep-alive'] },
      body: 'ok',
    });
  });

  it('are answered in any order', async () => {
    const client = await connect();
    const answers = [send('chat', post('/1')), send('chat', post('/2')), send('chat', post('/3'))];
    const requests = [await client.next(), await client.next(), await client.next()];
    for (const request of requests.toReversed()) {
      client.answer(request, { status: 200, body: String(request.fields['Url']) });
    }
    const bodies = (await Promise.all(answers)).map(({ body }) => Buffer.from(body).toString());
    expect(bodies).toEqual(['tunnel:///1', 'tunnel:///2', 'tunnel:///3']);
    expect(new Set(requests.map(({ fields }) => fields['AckId'])).size).toBe(3);
  });

  it('may be answered in parts, of which the first has status and headers [tunnel 5.2]', async () => {
    const client = await connect();
    const answer = send();
    const request = await client.next();
    client.answer(request, { status: 201, headers: { a: ['1'] }, body: 'one ', notCompleted: true });
    client.answer(request, { status: 200, headers: {}, body: 'two ', notCompleted: true });
    client.answer(request, { status: 200, body: 'three' });
    const { status, headers, body } = await answer;
    expect([status, headers, Buffer.from(body).toString()]).toEqual([201, { a: ['1'] }, 'one two three']);
  });

  it('carry bodies of several megabytes both ways', async () => {
    const client = await connect();
    const large = 'x'.repeat(3 * 1024 * 1024);
    const answer = send('chat', post('/', large));
    const request = await client.next();
    client.answer(request, { status: 200, body: request.content! });
    expect((await answer).body.length).toBe(large.length);
  });

  it('fail for good when the answer is too large, and the tunnel stays', async () => {
    const client = await connect();
    const answer = send();
    const half = Buffer.alloc(9 * 1024 * 1024);
    const request = await client.next();
    client.answer(request, { status: 200, body: half, notCompleted: true });
    client.answer(request, { status: 200, body: half });
    await expect(answer).rejects.toMatchObject({ name: 'UpstreamUnreachableError', isRetryable: false });
    expect(tunnels.list()).toHaveLength(1);
  });

  it('end with the reason of their signal, and a late answer is nobody’s', async () => {
    const client = await connect();
    const timeout = new AbortController();
    const answer = send('chat', post(), timeout.signal);
    const request = await client.next();
    timeout.abort(new Error('time is up'));
    await expect(answer).rejects.toThrow('time is up');
    client.answer(request, { status: 200 });
    await settle(client);
    expect(tunnels.list()[0]).toMatchObject({ pendingRequests: 0 });
    await expect(send('chat', post(), timeout.signal)).rejects.toThrow('time is up');
    expect(client.unread).toBe(0);
  });

  it('fail in a way worth repeating when the tunnel is lost, and reach the tunnel that returns', async () => {
    const client = await connect('chat', { serverId: 's1' });
    const lost = send();
    await client.next();
    client.drop();
    await expect(lost).rejects.toMatchObject({ name: 'UpstreamUnreachableError', isRetryable: true });
    const successor = await connect('chat', { serverId: 's1' });
    const repeated = send();
    successor.answer(await successor.next(), { status: 204 });
    expect((await repeated).status).toBe(204);
  });

  it('are not mixed up when the tool answers for a lost connection on its successor [tunnel 7]', async () => {
    const client = await connect();
    const lost = send();
    const request = await client.next();
    client.drop();
    await expect(lost).rejects.toThrow('lost');
    const successor = await connect();
    const answer = send('chat', post('/second'));
    const second = await successor.next();
    successor.answer(request, { status: 500, body: 'of the first' });
    successor.answer(second, { status: 200, body: 'of the second' });
    expect(Buffer.from((await answer).body).toString()).toBe('of the second');
  });

  it('fail, naming the command to start, when the hub has no tunnel', async () => {
    await connect('other');
    const failure = send('Sample_ChatApp');
    await expect(failure).rejects.toMatchObject({ name: 'UpstreamUnreachableError', isRetryable: true });
    await expect(failure).rejects.toThrow('awps-tunnel run --hub Sample_ChatApp --upstream http://localhost:8080');
    await expect(failure).rejects.toThrow('WebPubSubConnectionString');
  });

  it('are for tunnel URLs, which are not validated', () => {
    expect(tunnels.carries(new URL('tunnel:///a'))).toBe(true);
    expect(tunnels.carries(new URL('http://localhost/a'))).toBe(false);
    expect(tunnels.validates).toBe(false);
  });

  it('from a tool are answered 501 [tunnel 9]', async () => {
    const client = await connect();
    client.send(1, {
      AckId: 9,
      HttpMethod: 'POST',
      Url: 'https://h/api',
      Headers: null,
      LocalRouting: true,
      ChannelName: 'c',
      Type: 1,
    });
    const answer = await client.next();
    expect(answer).toMatchObject({
      type: 2,
      fields: { AckId: 9, StatusCode: 501, LocalRouting: true, ChannelName: 'c' },
    });
    expect(Buffer.from(answer.content ?? []).toString()).toContain('no Socket.IO');
  });

  it('from a Socket.IO server are in the log, once', async () => {
    const client = await connect();
    for (const AckId of [1, 2, 3]) {
      client.send(1, { AckId, HttpMethod: 'POST', Url: 'https://h/api', Headers: null, Type: 1 });
      expect(await client.next()).toMatchObject({ fields: { AckId, StatusCode: 501 } });
    }
    const line = 'calls REST over the tunnel, as Socket.IO servers do; the emulator has no Socket.IO, and answers 501.';
    expect(lines.filter((each) => each.endsWith(line))).toHaveLength(1);
  });
});

describe('several tunnels of one hub [tunnel 8]', () => {
  it('take turns', async () => {
    const [first, second] = [await connect(), await connect()];
    await connect('other');
    const answers = ['/1', '/2', '/3', '/4'].map((path) => send('chat', post(path)));
    const received = [];
    for (const client of [first, second, first, second]) {
      const request = await client.next();
      received.push(request.fields['Url']);
      client.answer(request, { status: 200 });
    }
    await Promise.all(answers);
    expect(received).toEqual(['tunnel:///1', 'tunnel:///2', 'tunnel:///3', 'tunnel:///4']);
  });

  it('stand in for one that is told to go', async () => {
    const [first, second] = [await connect(), await connect()];
    expect(tunnels.reconnect(tunnels.list('chat')[0].connectionId)).toBe(true);
    expect((await first.next()).type).toBe(6);
    const answers = [send(), send()];
    for (const _ of answers) second.answer(await second.next(), { status: 200 });
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe('control messages [tunnel 6]', () => {
  it.each([
    [
      'Reconnect',
      6,
      (id: string) => tunnels.reconnect(id, { targetId: 't1', endpoint: 'http://localhost:1', message: 'm' }),
    ],
    [
      'Rebalance',
      8,
      (id: string) => tunnels.rebalance(id, { targetId: 't1', endpoint: 'http://localhost:1', message: 'm' }),
    ],
  ])('%s says where to go', async (_name, type, act) => {
    const client = await connect();
    expect(act(tunnels.list()[0].connectionId)).toBe(true);
    expect(await client.next()).toMatchObject({
      type,
      fields: { TargetId: 't1', Endpoint: 'http://localhost:1', Message: 'm' },
    });
  });

  it('a status is a line for the log', async () => {
    const client = await connect();
    tunnels.notify(tunnels.list()[0].connectionId, 'hello');
    expect(await client.next()).toMatchObject({ type: 5, fields: { Message: 'hello' } });
  });

  it('Close ends one connection', async () => {
    const client = await connect();
    expect(tunnels.disconnect(tunnels.list()[0].connectionId, 'enough')).toBe(true);
    expect(await client.next()).toMatchObject({ type: 7, fields: { Message: 'enough' } });
    await client.closed;
    expect(tunnels.list()).toEqual([]);
  });

  it('are refused for connections that do not exist', () => {
    expect([tunnels.reconnect('x'), tunnels.rebalance('x'), tunnels.notify('x', 'm'), tunnels.disconnect('x')]).toEqual(
      Array(4).fill(false),
    );
  });

  it('none comes when the emulator ends: the socket closes, so that the tool returns, and pending requests fail', async () => {
    const client = await connect();
    const pending = send();
    await client.next();
    const closing = tunnels.close();
    await expect(pending).rejects.toMatchObject({ name: 'UpstreamUnreachableError' });
    expect(await client.closed).toBe(1001);
    expect(client.unread).toBe(0);
    await closing;
    expect(await statusOfRefusal(optionsFor('chat'))).toContain('503');
  });

  it('a tool that does not answer the closing handshake does not hold the emulator', async () => {
    const client = await connect();
    client.socket.pause();
    await tunnels.close();
    expect(tunnels.list()).toEqual([]);
  });
});

describe('liveness of a tunnel', () => {
  it('is asked for by WebSocket pings; who does not answer is cut off', async () => {
    const alive = await connect();
    const dead = await connect('chat', { answersPings: false });
    clock.advance(20_000);
    await Promise.all([alive, dead].map((client) => settle(client)));
    expect([alive.pings, dead.pings]).toEqual([1, 1]);
    clock.advance(20_000);
    expect(await dead.closed).toBe(1006);
    await settle(alive);
    expect(tunnels.list()).toHaveLength(1);
    expect(lines.join()).toContain('did not answer a ping');
  });

  it('leaves no timer behind a closed tunnel', async () => {
    const before = clock.pending;
    const client = await connect();
    expect(clock.pending).toBe(before + 1);
    await client.close();
    await host.close();
    expect(clock.pending).toBe(before);
  });
});

describe('what no tool sends', () => {
  it.each<[string, (client: TunnelClient) => void]>([
    ['a text frame', (client) => client.socket.send('hello')],
    ['random bytes', (client) => client.socket.send(Buffer.from('ff00ff00ff', 'hex'))],
    ['nothing', (client) => client.socket.send(Buffer.alloc(0))],
    ['an unknown type', (client) => client.send(9, {})],
    ['a message of the service', (client) => client.send(10, { ConnectionId: 'x' })],
    ['an answer to nobody', (client) => client.send(2, { AckId: 999_999, StatusCode: 200 })],
  ])('%s does no harm', async (_name, act) => {
    const client = await connect();
    for (let times = 0; times < 3; times++) act(client);
    const answer = send();
    client.answer(await client.next(), { status: 200 });
    expect((await answer).status).toBe(200);
    // One warning at most: the log is not the place for a flood.
    expect(lines.length).toBeLessThanOrEqual(2);
  });

  it('a broken frame ends that tunnel only', async () => {
    const [broken, whole] = [await connect(), await connect()];
    broken.writeRaw(Buffer.from([0xff, 0xff, 0xff]));
    await broken.closed;
    const answer = send();
    whole.answer(await whole.next(), { status: 200 });
    expect((await answer).status).toBe(200);
  });

  it('an answer with a header of a prototype’s name is an answer', async () => {
    const client = await connect();
    const answer = send();
    const { fields } = await client.next();
    const headers: unknown = JSON.parse('{"__proto__":["x"],"constructor":["y"]}');
    client.send(2, { AckId: fields['AckId'], StatusCode: 200, Headers: headers });
    expect(Object.entries((await answer).headers)).toEqual([
      ['__proto__', ['x']],
      ['constructor', ['y']],
    ]);
  });

  it('an answer with an impossible status fails its request at once', async () => {
    const client = await connect();
    const answer = send();
    const { fields } = await client.next();
    client.send(2, { AckId: fields['AckId'], StatusCode: 'ok' });
    await expect(answer).rejects.toMatchObject({ name: 'UpstreamUnreachableError', isRetryable: false });
  });
});
