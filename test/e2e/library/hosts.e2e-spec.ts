/* oxlint-disable jest/expect-expect -- expectEvents does */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, HttpCode, type INestApplication, Post, VersioningType } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import compression from 'compression';
import express from 'express';
import helmet from 'helmet';
import supertest from 'supertest';
import {
  EventData,
  OnConnect,
  OnMessage,
  OnUserEvent,
  UserEventRequest,
  WebPubSubHub,
  WebPubSubModule,
} from '../../../src/index.js';
import { UpstreamEndpoint } from '../../../src/library/upstream/upstream.endpoint.js';
import {
  ATTACHMENTS,
  CONNECTION_STRING,
  createHubApp,
  eventRequest,
  PLATFORMS,
  sendRequest,
  startHubApp,
  type HubAppSettings,
  type Platform,
} from '../../support/start-hub-app.js';

@WebPubSubHub('chat')
class EchoHub {
  @OnConnect()
  connect() {
    return { userId: 'ann' };
  }

  @OnMessage()
  message(request: UserEventRequest) {
    return { type: request.dataType, data: request.data };
  }

  @OnUserEvent('long')
  long(@EventData('text') text: string) {
    return text.length;
  }
}

@Controller()
class RootController {
  @Get()
  page() {
    return 'page';
  }

  @Post()
  @HttpCode(200)
  posted() {
    return 'posted';
  }
}

@Controller('host')
class HostController {
  @Get()
  get() {
    return { host: true };
  }

  @Post()
  post(@Body() body: unknown) {
    return { body };
  }
}

const CONTENTS: [string, string | Buffer, unknown][] = [
  ['text/plain', 'hi', { type: 'text', data: 'hi' }],
  ['application/json', '{"a":1}', { type: 'json', data: { a: 1 } }],
  ['application/json', '"text"', { type: 'json', data: 'text' }],
  ['application/json', '"\\"5\\""', { type: 'json', data: '"5"' }],
  ['application/json', 'null', { type: 'json', data: null }],
  ['application/octet-stream', Buffer.from([1, 255]), { type: 'binary', data: { type: 'Buffer', data: [1, 255] } }],
  ['application/x-protobuf', Buffer.from([10]), { type: 'protobuf', data: { type: 'Buffer', data: [10] } }],
];

type Send = (
  request: ReturnType<typeof eventRequest>,
) => Promise<{ status: number; text: string; headers: http.IncomingHttpHeaders }>;

/** What every host must let through. */
async function expectEvents(send: Send): Promise<void> {
  for (const [contentType, body, data] of CONTENTS) {
    const response = await send(eventRequest({ type: 'user.message', contentType, body }));
    expect([contentType, response.status, response.text]).toEqual([contentType, 200, JSON.stringify(data)]);
  }
  const text = 'x'.repeat(300_000);
  const long = await send(
    eventRequest({ type: 'user.long', contentType: 'application/json', body: JSON.stringify({ text }) }),
  );
  expect([long.status, long.text]).toEqual([200, '300000']);
  expect((await send(eventRequest({ type: 'sys.connect' }))).text).toBe('{"userId":"ann"}');
  expect((await send(eventRequest({ type: 'user.message', headers: { 'ce-signature': 'x' } }))).status).toBe(401);
  const headers = { 'webhook-request-origin': 'demo.webpubsub.azure.com' };
  const validation = await send({ method: 'OPTIONS', path: '/eventhandler', headers });
  expect([validation.status, validation.headers['webhook-allowed-origin']]).toEqual([200, 'demo.webpubsub.azure.com']);
}

const HOSTS: [string, Omit<HubAppSettings, 'platform'>, Platform[]][] = [
  ['as it comes', {}, PLATFORMS],
  ['without body parser', { application: { bodyParser: false } }, PLATFORMS],
  ['with rawBody', { application: { rawBody: true } }, PLATFORMS],
  ['with CORS', { application: { cors: true } }, PLATFORMS],
  [
    'with CORS that is enabled late',
    { configure: (app) => app.enableCors({ origin: 'https://a.example' }) },
    PLATFORMS,
  ],
  ['with a global prefix', { configure: (app) => void app.setGlobalPrefix('api') }, PLATFORMS],
  [
    'with URI versions',
    { configure: (app) => void app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }) },
    PLATFORMS,
  ],
  [
    'with header versions',
    {
      configure: (app) =>
        void app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: '1' }),
    },
    PLATFORMS,
  ],
  [
    'with media type versions',
    {
      configure: (app) =>
        void app.enableVersioning({ type: VersioningType.MEDIA_TYPE, key: 'v=', defaultVersion: '1' }),
    },
    PLATFORMS,
  ],
  [
    'with parsers of its own',
    { configure: (app) => void app.use(express.json(), express.text({ type: '*/*' }), express.raw()) },
    ['express'],
  ],
  [
    'with helmet and compression',
    { configure: (app) => void app.use(helmet(), compression({ threshold: 0 })) },
    ['express'],
  ],
];

describe.each(ATTACHMENTS)('attached at the %s', (attach) => {
  describe.each(HOSTS)('an application %s', (_name, settings, platforms) => {
    it.each(platforms)('receives events on %s', async (platform) => {
      const app = await startHubApp({
        platform,
        providers: [EchoHub],
        controllers: [HostController],
        ...settings,
        options: { attach },
      });
      await expectEvents((event) => app.send(event));
      await app.close();
    });
  });

  it('lets middleware of the host see events at the route alone', async () => {
    const seen: unknown[] = [];
    const app = await startHubApp({
      providers: [EchoHub],
      options: { attach },
      configure: (host) =>
        void host.use((incoming: express.Request & { rawBody?: Buffer }, _response: unknown, next: () => void) => {
          seen.push([incoming.headers['ce-type'], incoming.rawBody?.toString()]);
          next();
        }),
    });
    await app.sendEvent({ type: 'user.message' });
    expect(seen).toEqual(attach === 'route' ? [['azure.webpubsub.user.message', 'hello']] : []);
    await app.close();
  });

  it.each(PLATFORMS)("leaves the host's own routes and body parsers alone on %s", async (platform) => {
    const app = await startHubApp({
      platform,
      providers: [EchoHub],
      controllers: [HostController],
      options: { attach },
    });
    const post = await app.send({ path: '/host', headers: { 'content-type': 'application/json' }, body: '{"a":1}' });
    expect([post.status, post.text]).toEqual([201, '{"body":{"a":1}}']);
    expect((await app.send({ method: 'GET', path: '/host' })).text).toBe('{"host":true}');
    await app.close();
  });

  it.each(PLATFORMS)('shares the path / with the host on %s', async (platform) => {
    const app = await startHubApp({
      platform,
      providers: [EchoHub],
      controllers: [HostController],
      options: { attach, path: '/' },
    });
    expect((await app.sendEvent({ type: 'user.message', path: '/anywhere' })).status).toBe(200);
    expect((await app.send({ method: 'GET', path: '/host' })).text).toBe('{"host":true}');
    expect(
      (
        await app.send({
          method: 'OPTIONS',
          path: '/x',
          headers: { 'webhook-request-origin': 'demo.webpubsub.azure.com' },
        })
      ).status,
    ).toBe(200);
    for (const method of ['GET', 'POST']) {
      expect((await app.send({ method, path: '/unknown' })).status).toBe(404);
    }
    await app.close();
  });

  const beside = (platform: Platform) =>
    startHubApp({ platform, providers: [EchoHub], controllers: [RootController], options: { attach, path: '/' } });

  it.each(attach === 'server' ? PLATFORMS : ['express' as const])(
    'leaves the pages at / to the host on %s',
    async (platform) => {
      const app = await beside(platform);
      expect((await app.send({ method: 'GET', path: '/' })).text).toBe('page');
      expect((await app.send({ path: '/', body: '' })).text).toBe('posted');
      expect((await app.sendEvent({ type: 'user.message', path: '/' })).status).toBe(200);
      await app.close();
    },
  );

  it('receives events in an Express application that the host serves itself', async () => {
    const instance = express();
    const app = await createFor(new ExpressAdapter(instance), attach);
    await app.init();
    await withServer(http.createServer(instance), (port) => expectEvents((event) => sendRequest(port, event)));
    await app.close();
  });

  it('receives events in an Express application that has parsers already', async () => {
    const instance = express();
    instance.use(
      express.json({ strict: false, limit: '2mb' }),
      express.text({ type: 'text/*' }),
      express.raw({ type: () => true }),
    );
    const app = await createFor(new ExpressAdapter(instance), attach);
    await app.init();
    await withServer(http.createServer(instance), (port) => expectEvents((event) => sendRequest(port, event)));
    await app.close();
  });

  it('receives events in a Fastify application that is called without its server, as inject() does', async () => {
    const app = await createHubApp({ platform: 'fastify', providers: [EchoHub], options: { attach } });
    await app.init();
    const instance = (app as NestFastifyApplication).getHttpAdapter().getInstance();
    await instance.ready();
    const server = http.createServer((incoming, response) => instance.routing(incoming, response));
    await withServer(server, (port) => expectEvents((event) => sendRequest(port, event)));
    await app.close();
  });

  it.each<[string, string, unknown, number, unknown]>([
    ['text', 'text/plain', 'hello', 200, { type: 'text', data: 'hello' }],
    ['parsed JSON', 'application/json', { a: 1 }, 200, { type: 'json', data: { a: 1 } }],
    ['bytes', 'application/octet-stream', Buffer.from('hi'), 200, { type: 'binary', data: Buffer.from('hi').toJSON() }],
    ['nothing', 'text/plain', undefined, 500, 'Internal server error'],
  ])('receives events of a function, with %s beside an empty stream', async (_, contentType, body, status, answer) => {
    const app = await createFor(new ExpressAdapter(), attach);
    await app.init();
    const event = eventRequest({ type: 'user.message', contentType, headers: { 'content-length': '2' } });
    const response = await callByHand(app.getHttpAdapter().getInstance() as http.RequestListener, event, body);
    expect(response).toEqual({ status, text: status === 200 ? JSON.stringify(answer) : answer });
    await app.close();
  });

  it('receives events by supertest, without listening', async () => {
    const app = await createHubApp({ providers: [EchoHub], options: { attach } });
    await app.init();
    const { headers, body } = eventRequest({ type: 'user.message' });
    await supertest(app.getHttpServer())
      .post('/eventhandler')
      .set(headers as Record<string, string>)
      .send(body)
      .expect(200, { type: 'text', data: 'hello' });
    await app.close();
  });

  describe('over TLS', () => {
    const tls = {
      key: readFileSync('test/fixtures/tls/localhost.key.pem'),
      cert: readFileSync('test/fixtures/tls/localhost.cert.pem'),
    };

    it.each(PLATFORMS)('receives events by https on %s', async (platform) => {
      const adapter = platform === 'fastify' ? new FastifyAdapter({ https: tls } as object) : new ExpressAdapter();
      const app = await createFor(adapter, attach, { httpsOptions: tls });
      await app.listen(0, '127.0.0.1');
      const { port } = app.getHttpServer().address() as AddressInfo;
      await expectEvents((event) => sendByHttps(port, event));
      await app.close();
    });

    it('receives events by http2', async () => {
      const app = await createFor(
        new FastifyAdapter({ http2: true, https: { ...tls, allowHTTP1: true } } as object),
        attach,
      );
      await app.listen(0, '127.0.0.1');
      const { port } = app.getHttpServer().address() as AddressInfo;
      const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
      await expectEvents((event) => sendByHttp2(session, event));
      const tooLarge = eventRequest({ type: 'user.message', body: Buffer.alloc(2_000_000) });
      expect((await sendByHttp2(session, tooLarge)).status).toBe(413);
      await expectEvents((event) => sendByHttps(port, event));
      await new Promise<void>((resolve) => session.close(resolve));
      await app.close();
    });

    it.each([
      ['of a known length', { 'content-length': '100' }],
      ['of any length', {}],
    ])('ends what does not come to an end by http2, %s', async (_name, length) => {
      const app = await createFor(new FastifyAdapter({ http2: true, https: tls } as object), attach);
      await app.listen(0, '127.0.0.1');
      const { port } = app.getHttpServer().address() as AddressInfo;
      const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
      const { headers } = eventRequest({ type: 'user.message' });
      const stream = session.request({ ':method': 'POST', ':path': '/eventhandler', ...headers, ...length });
      const closed = new Promise<void>((resolve) => stream.on('close', resolve));
      const status = new Promise((resolve) => stream.on('response', (received) => resolve(received[':status'])));
      stream.resume();
      stream.write('half');
      // Frames are read in order: when this one is answered, the other is being read.
      expect((await sendByHttp2(session, eventRequest({ type: 'user.message' }))).status).toBe(200);
      await app.get(UpstreamEndpoint, { strict: false }).drain(0);
      expect(await status).toBe(408);
      await closed;
      session.close();
      await app.close();
    });
  });
});

async function createFor(
  adapter: ExpressAdapter | FastifyAdapter,
  attach: 'server' | 'route',
  application: object = {},
): Promise<INestApplication> {
  const testing = await Test.createTestingModule({
    imports: [WebPubSubModule.forRoot({ connectionString: CONNECTION_STRING, attach })],
    providers: [EchoHub],
  }).compile();
  return testing.createNestApplication(adapter as ExpressAdapter, { logger: false, ...application });
}

async function withServer(server: http.Server, use: (port: number) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await use((server.address() as AddressInfo).port);
  await new Promise((resolve) => server.close(resolve));
}

/** As adapters of functions do, which have no socket: an empty stream, and beside it what they made of the body. */
function callByHand(
  listener: http.RequestListener,
  { headers }: ReturnType<typeof eventRequest>,
  body: unknown,
): Promise<{ status: number; text: string }> {
  const stream = new Readable({ read: () => stream.push(null) });
  const request = Object.assign(stream, { method: 'POST', url: '/eventhandler', httpVersion: '1.1', headers, body });
  return new Promise((resolve) => {
    const response = new http.ServerResponse(request as unknown as http.IncomingMessage);
    response.end = (text: unknown) => {
      resolve({ status: response.statusCode, text: String(text) });
      return response;
    };
    listener(request as unknown as http.IncomingMessage, response);
  });
}

function sendByHttps(
  port: number,
  { method = 'POST', path = '/eventhandler', headers, body }: ReturnType<typeof eventRequest>,
): ReturnType<Send> {
  return new Promise((resolve, reject) => {
    const outgoing = https.request(
      { host: '127.0.0.1', port, method, path, headers, agent: false, rejectUnauthorized: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode!, text, headers: response.headers }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function sendByHttp2(
  session: http2.ClientHttp2Session,
  { method = 'POST', path = '/eventhandler', headers, body }: ReturnType<typeof eventRequest>,
): ReturnType<Send> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': method, ':path': path, ...headers });
    let text = '';
    let answer: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {};
    stream.on('response', (received) => (answer = received));
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => (text += chunk));
    stream.on('end', () => resolve({ status: answer[':status']!, text, headers: answer }));
    stream.on('error', reject);
    stream.end(body);
  });
}
