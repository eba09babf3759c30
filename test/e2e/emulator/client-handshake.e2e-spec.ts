import { connect as connectTcp, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import {
  clientToken,
  clientUrl,
  connectJsonClient,
  JSON_RELIABLE_SUBPROTOCOL,
  JSON_SUBPROTOCOL,
  refusalOf,
  WebSocketClient,
  type ConnectOptions,
} from '../../support/connect-client.js';
import { callRest } from '../../support/call-rest.js';
import { RawMqttClient } from '../../support/mqtt-client.js';
import { RawConnection } from '../../support/raw-http.js';
import { handshakeBytes } from '../../support/raw-web-socket.js';
import { RecordingUpstream, type RecordedAnswer } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

const SECONDARY_KEY = 'the-second-key-of-the-tests-with-32-bytes-and-more';

const WEB_SOCKET_HEADERS = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Version: 13',
];

let emulator: WebPubSubEmulator;
let upstream: RecordingUpstream;

beforeAll(async () => {
  upstream = await RecordingUpstream.start();
  emulator = await startEmulator({
    secondaryAccessKey: SECONDARY_KEY,
    hubs: {
      open: { anonymousConnectPolicy: 'allow' },
      asked: {
        eventHandlers: [{ urlTemplate: upstream.url, systemEvents: ['connect', 'connected', 'disconnected'] }],
      },
    },
  });
});

afterAll(() => upstream.close());

function refusal(options: ConnectOptions): Promise<{ status: number; body: string }> {
  return refusalOf(WebSocketClient.connect(emulator, options));
}

async function isAccepted(options: ConnectOptions): Promise<boolean> {
  const client = await WebSocketClient.connect(emulator, options);
  client.socket.close();
  return client.closed().then(() => true);
}

describe('access tokens [client-websocket 1.2]', () => {
  it.each([
    ['an audience in another case', { claims: { aud: () => `${emulator.endpoint}/CLIENT/hubs/CHAT` } }],
    [
      'an https audience',
      { claims: { aud: () => `${emulator.endpoint.replace('http:', 'https:')}/client/hubs/chat` } },
    ],
    ['one fitting audience of several', { claims: { aud: () => ['x', `${emulator.endpoint}/client/hubs/chat`] } }],
    [
      'an audience of another name of this machine',
      { claims: { aud: () => `http://127.0.0.1:${emulator.port}/client/hubs/chat` } },
    ],
    ['an expiry less than 5 minutes ago', { claims: { exp: () => now() - 290 } }],
    ['a beginning less than 5 minutes ahead', { claims: { nbf: () => now() + 290 } }],
    ['empty roles and groups', { roles: [], groups: [] }],
    ['one role and one group as strings', { claims: { role: 'webpubsub.sendToGroup', 'webpubsub.group': 'g' } }],
  ] as [string, ConnectOptions][])('accepts a token with %s', async (_fact, options) => {
    expect(await isAccepted({ ...options, claims: resolve(options.claims) })).toBe(true);
  });

  it('accepts the header in the place of the query', async () => {
    const authorization = `Bearer ${clientToken(emulator)}`;
    expect(await isAccepted({ token: null, webSocket: { headers: { authorization } } })).toBe(true);
    expect(await isAccepted({ token: '', webSocket: { headers: { authorization } } })).toBe(true);
  });

  it('accepts parameter names in any case, and a token of the second key [auth 10]', async () => {
    const token = clientToken(emulator, {}, SECONDARY_KEY);
    expect(await isAccepted({ token: null, query: { ACCESS_TOKEN: token } })).toBe(true);
  });

  it.each([
    ['no token', { token: null }, /no access token/],
    ['a malformed token', { token: 'x.y.z' }, /malformed/],
    ['another key', { token: 'other' }, /not signed/],
    ['another hub', { claims: { aud: () => `${emulator.endpoint}/client/hubs/other` } }, /audience.*expected/],
    [
      'a ws audience',
      { claims: { aud: () => `${emulator.endpoint.replace('http:', 'ws:')}/client/hubs/chat` } },
      /audience/,
    ],
    ['no expiry', { claims: { exp: undefined } }, /no exp/],
    ['an expiry more than 5 minutes ago', { claims: { exp: () => now() - 310 } }, /expired/],
    ['a beginning more than 5 minutes ahead', { claims: { nbf: () => now() + 310 } }, /not valid yet/],
  ] as [string, ConnectOptions, RegExp][])('refuses %s with 401 and the reason', async (_fact, options, reason) => {
    const token = options.token === 'other' ? clientToken(emulator, {}, 'x'.repeat(40)) : options.token;
    const { status, body } = await refusal({ ...options, token, claims: resolve(options.claims) });
    expect([status, body]).toEqual([401, expect.stringMatching(reason)]);
  });

  it('refuses an invalid group name in the token with 400', async () => {
    expect(await refusal({ groups: [' '] })).toEqual({
      status: 400,
      body: 'The token contains an invalid group name.',
    });
  });

  it('[auth 7] accepts clients without a token where the hub allows it, invalid tokens not', async () => {
    const client = await connectJsonClient(emulator, { hub: 'open', token: null });
    client.send({ type: 'joinGroup', group: 'g', ackId: 1 });
    expect(await client.next()).toMatchObject({ success: false, error: { name: 'Forbidden' } });
    expect(await refusal({ hub: 'open', token: 'x.y.z' })).toMatchObject({ status: 401 });
  });
});

describe('endpoints and hubs [client-websocket 1]', () => {
  it.each([
    ['a hub in another case', { path: '/client/hubs/CHAT' }],
    ['the legacy form', { path: '/client/?hub=chat' }],
    ['the legacy form without a slash', { path: '/client?hub=chat' }],
  ] as [string, ConnectOptions][])('accepts %s', async (_fact, options) => {
    expect(await isAccepted(options)).toBe(true);
  });

  it.each([
    ['no hub', { path: '/client/hubs/' }, 400],
    ['no hub in the legacy form', { path: '/client/' }, 400],
    ['an invalid hub name', { path: '/client/hubs/1' }, 400],
    ['a path of nobody', { path: '/client/hubs/chat/more' }, 404],
  ] as [string, ConnectOptions, number][])('refuses %s', async (_fact, options, status) => {
    expect(await refusal(options)).toEqual({ status, body: expect.stringMatching(/./) });
  });

  it('[1.4] answers 400 to what is no WebSocket upgrade', async () => {
    const url = clientUrl(emulator).replace('ws:', 'http:');
    expect((await fetch(url)).status).toBe(400);
    expect((await fetch(url, { method: 'POST' })).status).toBe(400);
    expect(await rawUpgrade(['Upgrade: h2c', 'Connection: Upgrade'])).toMatch(/^HTTP\/1.1 400 .*WebSocket/s);
    expect(await rawUpgrade(['Upgrade: websocket', 'Connection: Upgrade'])).toMatch(
      /^HTTP\/1.1 400 .*Sec-WebSocket-Key/s,
    );
  });

  it.each(['/client/hubs/chat', '/clients/mqtt/hubs/chat', '/server/tunnel?hub=chat'])(
    'answers another version of WebSocket with the one it speaks, at %s [RFC 6455 4.4]',
    async (path) => {
      const connection = await RawConnection.open(emulator.port);
      const handshake = handshakeBytes(`${emulator.endpoint}${path}`, 'mqtt').toString();
      connection.write(handshake.replace('Version: 13', 'Version: 14'));
      const [answer] = await connection.answersUntilClosed();
      expect(answer).toMatchObject({
        status: 400,
        headers: { 'sec-websocket-version': '13', 'content-type': 'text/plain; charset=utf-8' },
        body: 'The header Sec-WebSocket-Version must be 13.',
      });
    },
  );
});

describe('query parameters [client-websocket 1.1]', () => {
  it.each([
    ['webpubsub_mode=', JSON_SUBPROTOCOL],
    ['webpubsub_mode=SendEvent&group=%20&noEcho=x', JSON_SUBPROTOCOL],
    ['webpubsub_mode=sendToGroup&group=g&noEcho=TRUE', JSON_SUBPROTOCOL],
    ['webpubsub_mode=sendToGroup&group=g&noEcho=', []],
    ['webpubsub_mode=x&webpubsub_mode=sendEvent', []],
  ])('accepts %s', async (query, subprotocols) => {
    expect(await isAccepted({ query: new URLSearchParams(query), subprotocols })).toBe(true);
  });

  it.each([
    ['webpubsub_mode=x', JSON_SUBPROTOCOL],
    ['webpubsub_mode=sendToGroup', []],
    ['webpubsub_mode=sendToGroup&group=%20', []],
    ['webpubsub_mode=sendToGroup&group=g&noEcho=1', JSON_SUBPROTOCOL],
    ['webpubsub_mode=sendEvent&webpubsub_mode=x', []],
  ])('refuses %s with 400', async (query, subprotocols) => {
    expect(await refusal({ query: new URLSearchParams(query), subprotocols })).toMatchObject({ status: 400 });
  });

  it('[1.4] are looked at after the token', async () => {
    expect(await refusal({ token: null, query: { webpubsub_mode: 'x' } })).toMatchObject({ status: 401 });
    expect(await refusal({ groups: [''], query: { webpubsub_mode: 'x' } })).toMatchObject({
      body: 'The token contains an invalid group name.',
    });
  });
});

describe('subprotocols [client-websocket 1.3]', () => {
  it.each([
    ['none when none was offered', [], ''],
    [
      'the first known name, as the client wrote it',
      ['custom', 'JSON.WebPubSub.azure.v1', JSON_RELIABLE_SUBPROTOCOL],
      'JSON.WebPubSub.azure.v1',
    ],
  ])('answers %s', async (_fact, subprotocols, selected) => {
    const client = await WebSocketClient.connect(emulator, { subprotocols });
    expect(client.subprotocol).toBe(selected);
  });

  it('accepts custom names alone without choosing one', async () => {
    const answer = await rawUpgrade([...WEB_SOCKET_HEADERS, 'Sec-WebSocket-Protocol: custom']);
    expect(answer).toMatch(/^HTTP\/1.1 101 /);
    expect(answer).not.toMatch(/Sec-WebSocket-Protocol/i);
  });

  it('refuses a malformed header with 400', async () => {
    const headers = { 'Sec-WebSocket-Protocol': 'a b' };
    expect(await refusal({ webSocket: { headers } })).toMatchObject({ status: 400 });
  });

  it.each([
    ['a custom name, which makes a simple client', ['custom'], 'custom'],
    ['another of the service', ['custom', JSON_SUBPROTOCOL, JSON_RELIABLE_SUBPROTOCOL], JSON_RELIABLE_SUBPROTOCOL],
    ['one in another spelling than the client', ['JSON.webpubsub.azure.v1'], JSON_SUBPROTOCOL],
  ])('lets the connect handler choose %s', async (_fact, subprotocols, chosen) => {
    upstream.onEvent = () => ({ body: JSON.stringify({ subprotocol: chosen }) });
    const client = await WebSocketClient.connect(emulator, { hub: 'asked', subprotocols });
    expect(client.subprotocol.toLowerCase()).toBe(chosen.toLowerCase());
  });

  it('follows the choice of the connect handler in what it sends', async () => {
    upstream.onEvent = () => ({ body: JSON.stringify({ subprotocol: JSON_RELIABLE_SUBPROTOCOL }) });
    const subprotocols = [JSON_SUBPROTOCOL, JSON_RELIABLE_SUBPROTOCOL];
    const client = await WebSocketClient.connect(emulator, { hub: 'asked', subprotocols });
    expect(await client.next()).toHaveProperty('reconnectionToken');
  });

  it('[1.3] takes a name that was not offered as it is', async () => {
    upstream.onEvent = () => ({ body: JSON.stringify({ subprotocol: 'unheard' }) });
    const answer = await rawUpgrade([...WEB_SOCKET_HEADERS], 'asked');
    expect(answer).toMatch(/^HTTP\/1.1 101 .*Sec-WebSocket-Protocol: unheard/s);
  });
});

describe('the connect event [client-websocket 1.4, 1.5]', () => {
  it('comes before the answer, with claims, query, headers and subprotocols', async () => {
    const before = upstream.events.length;
    upstream.onEvent = () => ({ status: 204 });
    const client = await connectJsonClient(emulator, {
      hub: 'asked',
      userId: 'ann',
      groups: ['g'],
      claims: { number: 1, list: ['a', 2] },
      query: { ticket: 't' },
      webSocket: { headers: { 'X-Custom': 'c', Cookie: 'k=v' } },
    });
    const event = upstream.events.slice(before).find((request) => nameOf(request) === 'connect');
    const body = JSON.parse(String(event?.body)) as Record<string, Record<string, string[]>>;
    expect(body).toMatchObject({
      claims: { sub: ['ann'], 'webpubsub.group': ['g'], number: ['1'], list: ['a', '2'] },
      query: { ticket: ['t'] },
      headers: { 'X-Custom': ['c'], Cookie: ['k=v'] },
      subprotocols: [JSON_SUBPROTOCOL],
      clientCertificates: [],
    });
    expect(body['query']).not.toHaveProperty('access_token');
    expect(event?.headers['ce-subprotocol']).toBeUndefined();
    client.socket.terminate();
  });

  it.each([
    ['keeps everything when the answer is empty', { status: 204 }, 'ann', { joins: true, inRoom: true }],
    ['keeps everything when the answer is null', { body: 'null' }, 'ann', { joins: true, inRoom: true }],
    [
      'takes user id, roles and groups of the answer',
      { body: '{"userId":"bob","roles":["webpubsub.joinLeaveGroup.other"],"groups":["other"]}' },
      'bob',
      { joins: false, inRoom: false },
    ],
    ['takes an empty user id', { body: '{"userId":""}' }, '', { joins: true, inRoom: true }],
    [
      'loses all roles to an empty array, but no groups',
      { body: '{"roles":[],"groups":[]}' },
      'ann',
      { joins: false, inRoom: true },
    ],
  ] as [string, RecordedAnswer, string, { joins: boolean; inRoom: boolean }][])(
    '%s',
    async (_fact, answer, userId, expected) => {
      upstream.onEvent = () => answer;
      const client = await WebSocketClient.connect(emulator, {
        hub: 'asked',
        userId: 'ann',
        roles: ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'],
        groups: ['room'],
        subprotocols: JSON_SUBPROTOCOL,
      });
      expect(await client.next()).toMatchObject({ event: 'connected', userId });
      client.send({ type: 'joinGroup', group: 'x', ackId: 1 });
      expect(await client.next()).toMatchObject({ ackId: 1, success: expected.joins });
      const members = await membersOf('asked', 'room');
      expect(members > 0).toBe(expected.inRoom);
      client.socket.terminate();
      await client.closed();
    },
  );

  it.each([
    [401, 401],
    [403, 403],
    [404, 404],
    [429, 429],
  ])('answers %d as the handler does, without its body', async (status, expected) => {
    upstream.onEvent = () => ({ status, body: 'secret' });
    const answer = await refusal({ hub: 'asked' });
    expect(answer.status).toBe(expected);
    expect(answer.body).not.toContain('secret');
  });

  it.each([
    ['malformed JSON', '{'],
    ['no object', '[]'],
    ['null among the groups', '{"groups":[null]}'],
    ['an invalid group name', '{"groups":[" "]}'],
    ['null among the roles', '{"roles":[null]}'],
    ['a subprotocol that is no name', '{"subprotocol":"a b"}'],
  ])('answers 500 when the handler answers with %s', async (_fact, body) => {
    upstream.onEvent = () => ({ body });
    expect(await refusal({ hub: 'asked' })).toMatchObject({ status: 500 });
  });

  it('raises neither connected nor disconnected for a refused handshake', async () => {
    upstream.onEvent = () => ({ status: 403 });
    const before = upstream.events.length;
    await refusal({ hub: 'asked' });
    upstream.onEvent = () => ({ status: 204 });
    const client = await connectJsonClient(emulator, { hub: 'asked' });
    client.socket.close(1000, 'bye');
    await client.closed();
    await untilEvents(before + 4);
    expect(upstream.events.slice(before).map(nameOf)).toEqual(['connect', 'connect', 'connected', 'disconnected']);
    expect(JSON.parse(String(upstream.events.at(-1)?.body))).toEqual({ reason: 'bye' });
  });

  it('keeps what an impatient client sends before it is answered', async () => {
    let answer: (() => void) | undefined;
    upstream.onEvent = () => new Promise((done) => (answer = () => done({ status: 204 })));
    const socket = openTcp([...WEB_SOCKET_HEADERS, `Sec-WebSocket-Protocol: ${JSON_SUBPROTOCOL}`], 'asked');
    const ping = Buffer.from('{"type":"ping"}');
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | ping.length, 0, 0, 0, 0]), ping]));
    while (!answer) await new Promise((done) => setImmediate(done));
    answer();
    let received = '';
    while (!received.includes('pong')) received += String((await once(socket, 'data'))[0]);
    expect(received).toMatch(/^HTTP\/1.1 101 .*"event":"connected".*{"type":"pong"}$/s);
    socket.destroy();
  });

  it('is given up when the client has gone, and the others are not harmed', async () => {
    const hub = emulator.traffic;
    let asked: () => void;
    const isAsked = new Promise<void>((resolvePromise) => (asked = resolvePromise));
    const refused = new Promise<void>((resolvePromise) => {
      const unsubscribe = hub.subscribe((entry) => {
        if (entry.door !== 'client' || entry.action !== 'refused') return;
        unsubscribe();
        resolvePromise();
      });
    });
    upstream.onEvent = () => {
      asked();
      return 'hang';
    };
    const socket = openTcp([...WEB_SOCKET_HEADERS], 'asked');
    await isAsked;
    socket.end();
    await refused;
    socket.destroy();
    upstream.onEvent = () => ({ status: 204 });
    expect(await isAccepted({ hub: 'asked' })).toBe(true);
  });
});

describe('maxConnections', () => {
  it('refuses one more with 429, and lets it in when one has gone', async () => {
    const small = await startEmulator({ maxConnections: 1 });
    const first = await WebSocketClient.connect(small);
    expect(await refusalOf(WebSocketClient.connect(small))).toMatchObject({ status: 429 });
    first.socket.close(1000);
    await first.closed();
    const second = await WebSocketClient.connect(small);
    second.socket.terminate();
    await small.close();
  });
});

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** Claims that are known only when the emulator runs. */
function resolve(claims: ConnectOptions['claims']): ConnectOptions['claims'] {
  return Object.fromEntries(
    Object.entries(claims ?? {}).map(([name, value]) => [
      name,
      typeof value === 'function' ? (value as () => unknown)() : value,
    ]),
  );
}

function nameOf(request: { headers: Record<string, unknown> }): unknown {
  return request.headers['ce-eventname'];
}

async function untilEvents(count: number): Promise<void> {
  while (upstream.events.length < count) await new Promise((done) => setImmediate(done));
}

/** How many members a group has, as an in-process look at nothing but REST would say. */
async function membersOf(hub: string, group: string): Promise<number> {
  const url = `${emulator.endpoint}/api/hubs/${hub}/groups/${group}?api-version=2024-12-01`;
  const token = clientToken(emulator, { claims: { aud: url } });
  return (await fetch(url, { method: 'HEAD', headers: { authorization: `Bearer ${token}` } })).status === 200 ? 1 : 0;
}

function openTcp(headers: string[], hub = 'chat'): Socket {
  const url = new URL(clientUrl(emulator, { hub }));
  const socket = connectTcp(emulator.port, '127.0.0.1');
  socket.write([`GET ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`, ...headers, '', ''].join('\r\n'));
  socket.on('error', () => {});
  return socket;
}

/** The head of the answer, and what came with it. */
async function rawUpgrade(headers: string[], hub?: string): Promise<string> {
  const socket = openTcp(headers, hub);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return chunk.toString('latin1');
}

describe('a hub that nobody named before', () => {
  const hubs = async (): Promise<string[]> => {
    const { json } = await callRest(emulator, 'GET /inspector/api/emulator', { authorization: null });
    return (json as { hubs: string[] }).hubs;
  };
  let named = 0;
  const recovery = { awps_connection_id: 'c', awps_reconnection_token: 't' };

  it.each<[string, (hub: string) => Promise<unknown>]>([
    ['has no token', (hub) => refusal({ hub, token: null })],
    ['has a wrong token', (hub) => refusal({ hub, token: 'x' })],
    ['asks for a mode that does not exist', (hub) => refusal({ hub, query: { webpubsub_mode: 'x' } })],
    ['wants to recover', async (hub) => (await WebSocketClient.connect(emulator, { hub, query: recovery })).closed()],
    [
      'speaks MQTT and has no token',
      (hub) => refusal({ hub, token: null, path: `/clients/mqtt/hubs/${hub}`, subprotocols: 'mqtt' }),
    ],
    ['speaks MQTT and does not say so', (hub) => refusal({ hub, path: `/clients/mqtt/hubs/${hub}` })],
    ['calls REST', (hub) => callRest(emulator, `POST /api/hubs/${hub}/:send?api-version=2024-12-01`, { body: {} })],
    [
      'calls REST without a token',
      (hub) => callRest(emulator, `HEAD /api/hubs/${hub}/users/u`, { authorization: null }),
    ],
  ])('is not created for who %s', async (_who, ask) => {
    const before = await hubs();
    await ask(`unheard_of_${++named}`);
    expect(await hubs()).toEqual(before);
  });

  it('is created for clients that are let in', async () => {
    await isAccepted({ hub: 'First_Client' });
    await (await RawMqttClient.open(emulator, { hub: 'First_Mqtt' })).drop();
    expect(await hubs()).toEqual(expect.arrayContaining(['first_client', 'first_mqtt']));
  });
});
