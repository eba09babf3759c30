import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { connectJsonClient, refusalOf, WebSocketClient, type JsonClient } from '../../support/connect-client.js';
import { FakeClock } from '../../support/fake-clock.js';
import { expectCleanPrototypes } from '../../support/hostile-values.js';
import { RecordingUpstream, type Answer } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';
import { WaitSkippingClock } from '../../support/start-event-router.js';

expectCleanPrototypes();

const handlersOf = (url: string) => ({
  chat: {
    eventHandlers: [{ urlTemplate: `${url}/{event}`, userEventPattern: '*', systemEvents: ['connect' as const] }],
  },
});

/** Writes below HTTP. */
const raw = (text: string, end = true): Answer => {
  return (_response: ServerResponse, socket: Socket) => {
    socket.write(Buffer.from(text, 'latin1'));
    if (end) socket.end();
  };
};

async function drip(socket: Socket, text: string): Promise<void> {
  for (const byte of Buffer.from(text)) {
    await new Promise<void>((resolve) => socket.write(Uint8Array.of(byte), () => resolve()));
  }
  socket.end();
}

const started: RecordingUpstream[] = [];
afterEach(() => Promise.all(started.splice(0).map((upstream) => upstream.close())));

async function startUpstream(...options: Parameters<typeof RecordingUpstream.start>): Promise<RecordingUpstream> {
  const upstream = await RecordingUpstream.start(...options);
  started.push(upstream);
  return upstream;
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
const MEBIBYTE = Buffer.alloc(1024 * 1024, 'a');

function flood(response: ServerResponse, mebibytes: number): void {
  response.on('error', () => {});
  for (let count = 0; count < mebibytes; count++) response.write(MEBIBYTE);
  response.end();
}

describe('an upstream that does anything at all', () => {
  let upstream: RecordingUpstream;
  let emulator: WebPubSubEmulator;
  const errors: string[] = [];
  beforeAll(async () => {
    upstream = await RecordingUpstream.start();
    emulator = await WebPubSubEmulator.start({
      port: 0,
      clock: new WaitSkippingClock(Date.now()),
      hubs: handlersOf(upstream.url),
      logger: { log() {}, warn() {}, error: (message) => void errors.push(message) },
    });
  });
  afterAll(async () => {
    await emulator.close();
    await upstream.close();
    expect(errors).toEqual([]);
  });

  async function expectAlive(client: JsonClient): Promise<void> {
    upstream.onEvent = () => ({ headers: { 'Content-Type': 'text/plain' }, body: 'good' });
    client.send({ type: 'event', event: 'good', data: 1, ackId: 100 });
    expect(await client.next()).toMatchObject({ type: 'message', data: 'good' });
    expect(await client.next()).toMatchObject({ type: 'ack', ackId: 100, success: true });
    client.socket.close(1000);
    await client.closed();
  }

  async function connect(): Promise<JsonClient> {
    upstream.onEvent = () => ({ status: 204 });
    return connectJsonClient(emulator);
  }

  it.each<[string, Answer]>([
    ['garbage', raw('garbage\r\n\r\n')],
    ['a page without a head', raw('<html></html>')],
    ['nothing', raw('')],
    ['TLS', raw('\x15\x03\x01\0\x02\x02')],
    ['a status that is none', raw('HTTP/1.1 abc OK\r\n\r\n')],
    ['a status of four digits', raw('HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n')],
    [
      'an agreement to an upgrade',
      raw('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    ],
    ['two lengths', raw(`${OK}Content-Length: 5\r\nContent-Length: 3\r\n\r\nhello`)],
    ['a length that is none', raw(`${OK}Content-Length: x\r\n\r\nhello`)],
    ['less than it says', raw(`${OK}Content-Length: 100\r\n\r\nshort`)],
    ['chunks that are none', raw(`${OK}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`)],
    ['chunks without an end', raw(`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`)],
    ['a head without an end', raw(`${OK}X-A: ${'a'.repeat(10_000)}`)],
    ['200 kB of headers', raw(`${OK}${'X-A: aaaaaaaaaaaaaaaaaaaa\r\n'.repeat(8_000)}\r\n`)],
    ['a reset', 'reset'],
    [
      'a reset in the middle of its answer',
      (response, socket) => {
        response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': '10' });
        response.write('half', () => socket.resetAndDestroy());
      },
    ],
    [
      '100 MB that it announces',
      (response) => void response.writeHead(200, { 'Content-Length': 100 * 2 ** 20 }).write('a'),
    ],
    ['17 MiB in chunks', (response) => flood(response, 17)],
    ['a picture', { headers: { 'Content-Type': 'image/png' }, body: 'x' }],
    ['a content type that is none', { headers: { 'Content-Type': '__proto__' }, body: 'x' }],
    ['JSON that is none', { headers: { 'Content-Type': 'application/json' }, body: '{' }],
    [
      'JSON that is no UTF-8',
      { headers: { 'Content-Type': 'application/json' }, body: Buffer.from([0x22, 0xff, 0x22]) },
    ],
    ['a redirect to itself', { status: 302, headers: { Location: '/good' } }],
    ['a refusal of 10 MiB', { status: 400, body: Buffer.alloc(10 * 2 ** 20, 'x') }],
    ['a status of its own', { status: 599 }],
  ])('fails an event with %s, and the next one succeeds [client-websocket 7]', async (_what, answer) => {
    const client = await connect();
    upstream.onEvent = () => answer;
    client.send({ type: 'event', event: 'bad', data: 1, ackId: 1 });
    expect(await client.next()).toMatchObject({
      type: 'ack',
      ackId: 1,
      success: false,
      error: { name: 'InternalServerError' },
    });
    await expectAlive(client);
  });

  it.each<[string, Answer]>([
    [
      'headers called like members of objects',
      raw(`${OK}constructor: a\r\n__proto__: b\r\ntoString: c\r\nContent-Length: 2\r\n\r\nok`),
    ],
    [
      'a header twice that is called like a member',
      raw(`${OK}constructor: a\r\nconstructor: b\r\nContent-Length: 2\r\n\r\nok`),
    ],
    ['metadata called like a member', raw(`${OK}x-webpubsub-metadata-__proto__: b\r\nContent-Length: 2\r\n\r\nok`)],
    [
      'cookies that are none',
      raw(`${OK}Set-Cookie: ;;;\r\nSet-Cookie: __proto__=1; Path=/\r\nContent-Length: 2\r\n\r\nok`),
    ],
    [
      'a thousand interim answers',
      raw(`${'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n'.repeat(50)}${OK}Content-Length: 2\r\n\r\nok`),
    ],
    ['bytes of latin1 in a header', raw(`${OK}X-A: \xe9\xff\r\nContent-Length: 2\r\n\r\nok`)],
    ['a body that ends with the connection', raw(`${OK}\r\nok`)],
    ['an answer byte by byte', (_response, socket) => void drip(socket, `${OK}Content-Length: 2\r\n\r\nok`)],
  ])('does not fail an event with %s', async (_what, answer) => {
    const client = await connect();
    upstream.onEvent = () => answer;
    client.send({ type: 'event', event: 'odd', data: 1, ackId: 1 });
    expect(await client.next()).toMatchObject({ type: 'message', data: 'ok' });
    expect(await client.next()).toMatchObject({ type: 'ack', ackId: 1, success: true });
    await expectAlive(client);
  });

  it.each<[string, Answer, number]>([
    ['garbage', raw('garbage\r\n\r\n'), 500],
    ['a reset', 'reset', 500],
    ['17 MiB', (response) => flood(response, 17), 500],
    ['a list', { body: '[]' }, 500],
    ['groups of the wrong type', { body: '{"groups":{"__proto__":[]}}' }, 500],
    ['JSON that nests', { body: '['.repeat(500_000) }, 500],
    ['a refusal with a line break in its status', raw('HTTP/1.1 403 no\rX-Evil: 1\r\nContent-Length: 0\r\n\r\n'), 500],
  ])(
    'refuses a client with %s as the answer to its connect event [client-websocket 1.4]',
    async (_what, answer, status) => {
      upstream.onEvent = () => answer;
      expect((await refusalOf(WebSocketClient.connect(emulator))).status).toBe(status);
      await expectAlive(await connect());
    },
  );

  it('lets go of a call whose client has left, and of all when it closes', async () => {
    const own = await WebPubSubEmulator.start({ port: 0, hubs: handlersOf(upstream.url) });
    upstream.onEvent = () => ({ status: 204 });
    const [leaving, staying] = [await connectJsonClient(own), await connectJsonClient(own)];
    const before = upstream.events.length;
    upstream.onEvent = () => 'hang';
    for (const client of [leaving, staying]) client.send({ type: 'event', event: 'hang', data: 1, ackId: 1 });
    while (upstream.events.length < before + 2) await new Promise((resolve) => setImmediate(resolve));
    leaving.socket.terminate();
    await own.close();
    expect((await staying.closed()).code).toBe(1001);
  });
});

it('fails an event whose upstream hangs when its time is over, and serves the next one', async () => {
  const clock = new FakeClock(Date.now());
  const upstream = await startUpstream();
  // No ping is due in that time.
  const chat = { ...handlersOf(upstream.url).chat, webSocketKeepAliveIntervalInSeconds: 120 };
  const emulator = await startEmulator({ clock, hubs: { chat } });
  const client = await connectJsonClient(emulator);
  const before = upstream.events.length;
  upstream.onEvent = () => 'hang';
  client.send({ type: 'event', event: 'hang', data: 1, ackId: 1 });
  while (upstream.events.length === before) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(99_999);
  upstream.onEvent = () => ({ status: 204 });
  clock.advance(1);
  expect(await client.next()).toMatchObject({ type: 'ack', ackId: 1, success: false });
  client.send({ type: 'event', event: 'next', data: 1, ackId: 2 });
  expect(await client.next()).toMatchObject({ type: 'ack', ackId: 2, success: true });
});

it('loses no event while upstream is started again under load [upstream-events 8.1]', async () => {
  let upstream = await startUpstream();
  const { port } = upstream;
  const emulator = await startEmulator({ hubs: handlersOf(upstream.url) });
  const clients = await Promise.all(Array.from({ length: 20 }, () => connectJsonClient(emulator)));
  const sendAll = (): void => {
    for (const client of clients) {
      for (let ackId = 1; ackId <= 5; ackId++) client.send({ type: 'event', event: 'load', data: ackId, ackId });
    }
  };
  upstream.onEvent = () => 'hang';
  const before = upstream.events.length;
  sendAll();
  // One of each client is on its way when upstream ends.
  while (upstream.events.length < before + clients.length) await new Promise((resolve) => setImmediate(resolve));
  await upstream.close();
  upstream = await startUpstream(() => ({ status: 204 }), port);
  for (const client of clients) {
    for (let ackId = 1; ackId <= 5; ackId++) {
      expect(await client.next()).toEqual({ type: 'ack', ackId, success: true });
    }
  }
  expect(upstream.events.filter(({ url }) => url === '/load')).toHaveLength(100);
});
