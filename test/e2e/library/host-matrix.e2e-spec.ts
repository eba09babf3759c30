import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo, Server } from 'node:net';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  Get,
  type INestApplication,
  Injectable,
  Module,
  type NestApplicationOptions,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import compression from 'compression';
import express from 'express';
import helmet from 'helmet';
import { EventRequest } from '../../../src/library/decorators/event-params.decorators.js';
import { OnConnect, OnUserEvent } from '../../../src/library/decorators/event-handler.decorators.js';
import { WebPubSubHub } from '../../../src/library/decorators/web-pubsub-hub.decorator.js';
import { ConnectRequest } from '../../../src/library/requests/connect.request.js';
import { UserEventRequest } from '../../../src/library/requests/user-event.request.js';
import { UserEventResponse } from '../../../src/library/requests/user-event.response.js';
import { WebPubSubModule } from '../../../src/library/web-pubsub.module.js';
import type { WebPubSubModuleOptions } from '../../../src/library/web-pubsub-options.interface.js';
import {
  sendHttp2Request,
  sendWireRequest,
  wireEvent,
  wireValidation,
  type WireAnswer,
  type WireRequest,
} from '../../support/wire-request.js';

const KEY = 'key-of-the-service';
const ORIGIN = 'demo.webpubsub.azure.com';
const PATH = '/eventhandler';

@WebPubSubHub('hosts')
class HostsHub {
  @OnConnect()
  connect(request: ConnectRequest) {
    return { userId: `${request.context.userId}!`, groups: ['lobby'] };
  }

  /** Gives everything back as it came. */
  @OnUserEvent('echo')
  echo(@EventRequest() request: UserEventRequest) {
    return new UserEventResponse(request.data, request.dataType);
  }
}

/** A route of the host beside ours: what the module must not disturb. */
@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ['tom'];
  }
}

@Injectable()
class RefusingGuard implements CanActivate {
  canActivate() {
    return false;
  }
}

interface Running {
  readonly send: (request: WireRequest) => Promise<WireAnswer>;
  readonly close: () => Promise<unknown>;
}

interface Host {
  /** Settings of the host application. */
  readonly application?: NestApplicationOptions;
  readonly adapter?: () => FastifyAdapter;
  readonly options?: Partial<WebPubSubModuleOptions>;
  readonly providers?: object[];
  /** What its main.ts does between create and listen. */
  readonly configure?: (app: INestApplication) => unknown;
  /** How it is started and reached; by default `app.listen(0)` and http. */
  readonly start?: (app: INestApplication) => Promise<Running>;
  /** Made by `Test.createTestingModule`. */
  readonly isTestingModule?: boolean;
  /** Answered by the application to the route of its own. */
  readonly cats?: { readonly path?: string; readonly status?: number; readonly headers?: Record<string, string> };
  /** Whether every event is refused with 403, the validation still answered. */
  readonly isRefusing?: boolean;
}

const TLS = {
  key: readFileSync('test/fixtures/tls/localhost.key.pem'),
  cert: readFileSync('test/fixtures/tls/localhost.cert.pem'),
};

const listenOver =
  (scheme: 'http' | 'https', send = sendWireRequest) =>
  async (app: INestApplication): Promise<Running> => {
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    return { send: (request) => send(`${scheme}://127.0.0.1:${port}`, request), close: () => app.close() };
  };

/** The host makes the server, of the application's request listener. */
async function serveByHost(app: INestApplication, listener: RequestListener): Promise<Running> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    send: (request) => sendWireRequest(`http://127.0.0.1:${port}`, request),
    close: async () => {
      await new Promise((done) => server.close(done));
      await app.close();
    },
  };
}

/** Fastify's inject() requires an ES module, which jest cannot do before Node 24.9: it is given the imported one. */
async function makeInjectLoadable(): Promise<void> {
  const fastify = createRequire(import.meta.url).resolve('fastify');
  const lightMyRequest = createRequire(fastify).resolve('light-my-request');
  const cookie = createRequire(lightMyRequest).resolve('cookie');
  const imported = (await import(pathToFileURL(cookie).href)) as object;
  jest.doMock(cookie, () => imported);
}

async function inject(app: INestApplication): Promise<Running> {
  await makeInjectLoadable();
  await app.init();
  const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
  await fastify.ready();
  return {
    send: async ({ method, path, headers, body }) => {
      const answer = await fastify.inject({
        method: method as 'POST',
        url: path,
        headers: headers as Record<string, string>,
        ...(body && { payload: Buffer.from(body) }),
      });
      return { status: answer.statusCode, headers: answer.headers as WireAnswer['headers'], body: answer.rawPayload };
    },
    close: () => app.close(),
  };
}

/** As the tests of an application start it, whose adapter comes after its providers. */
const fromTestingModule: Host = { isTestingModule: true };

const refusing = { providers: [{ provide: APP_GUARD, useClass: RefusingGuard }] };

/** Hosts of both platforms. */
const COMMON: [string, Host][] = [
  ['as it is generated', {}],
  ['a testing module', fromTestingModule],
  ['a testing module and CORS', { ...fromTestingModule, configure: (app) => app.enableCors() }],
  ['a testing module and bodyParser: false', { ...fromTestingModule, application: { bodyParser: false } }],
  ['bodyParser: false', { application: { bodyParser: false } }],
  ['rawBody: true', { application: { rawBody: true } }],
  ['CORS', { configure: (app) => app.enableCors() }],
  ['CORS as an option', { application: { cors: { origin: 'https://app.example', credentials: true } } }],
  ['a global prefix', { configure: (app) => app.setGlobalPrefix('api'), cats: { path: '/api/cats' } }],
  [
    'URI versioning',
    {
      configure: (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
      cats: { path: '/v1/cats' },
    },
  ],
  [
    'URI versioning without a default, and a prefix',
    {
      configure: (app) => {
        app.setGlobalPrefix('api');
        app.enableVersioning({ type: VersioningType.URI });
      },
      cats: { path: '/api/cats' },
    },
  ],
  [
    'header versioning',
    {
      configure: (app) =>
        app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: '1' }),
      cats: { headers: { 'x-version': '1' } },
    },
  ],
  [
    'media type versioning',
    {
      configure: (app) => app.enableVersioning({ type: VersioningType.MEDIA_TYPE, key: 'v=', defaultVersion: '1' }),
      cats: { headers: { accept: 'application/json;v=1' } },
    },
  ],
  [
    'a global ValidationPipe that forbids what it does not know',
    {
      configure: (app) =>
        app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true })),
    },
  ],
  ['helmet', { configure: (app) => app.use(helmet()) }],
  ['compression', { configure: (app) => app.use(compression({ threshold: 0 })) }],
  [
    'a prefix, versions, CORS, helmet and compression',
    {
      configure: (app) => {
        app.setGlobalPrefix('api/v2');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
        app.enableCors();
        app.use(helmet());
        app.use(compression({ threshold: 0 }));
      },
      cats: { path: '/api/v2/v1/cats' },
    },
  ],
  [
    'a global guard that refuses everything, kept from hubs',
    { ...refusing, options: { globalEnhancers: false }, cats: { status: 403 } },
  ],
  ['a global guard that refuses everything', { ...refusing, isRefusing: true, cats: { status: 403 } }],
  [
    'useGlobalGuards with one that refuses everything, kept from hubs',
    {
      configure: (app) => app.useGlobalGuards(new RefusingGuard()),
      options: { globalEnhancers: false },
      cats: { status: 403 },
    },
  ],
  [
    'useGlobalGuards with one that refuses everything',
    { configure: (app) => app.useGlobalGuards(new RefusingGuard()), isRefusing: true, cats: { status: 403 } },
  ],
];

const EXPRESS: [string, Host][] = [
  ['its own express.json()', { application: { bodyParser: false }, configure: (app) => app.use(express.json()) }],
  ['its own express.json() beside that of Nest', { configure: (app) => app.use(express.json()) }],
  [
    'its own express.text() for everything',
    { application: { bodyParser: false }, configure: (app) => app.use(express.text({ type: '*/*' })) },
  ],
  [
    'its own express.raw() for everything',
    { application: { bodyParser: false }, configure: (app) => app.use(express.raw({ type: () => true })) },
  ],
  [
    'its own express.urlencoded()',
    { application: { bodyParser: false }, configure: (app) => app.use(express.urlencoded({ extended: true })) },
  ],
  [
    'useBodyParser with a limit',
    {
      application: { bodyParser: false },
      configure: (app) => (app as NestExpressApplication).useBodyParser('json', { limit: '1kb' }),
    },
  ],
  [
    'a server of the host',
    {
      start: async (app) => {
        await app.init();
        return serveByHost(app, app.getHttpAdapter().getInstance() as RequestListener);
      },
    },
  ],
  [
    'a server of the host and CORS',
    {
      configure: (app) => app.enableCors(),
      start: async (app) => {
        await app.init();
        return serveByHost(app, app.getHttpAdapter().getInstance() as RequestListener);
      },
    },
  ],
  ['https', { application: { httpsOptions: TLS }, start: listenOver('https') }],
];

const FASTIFY: [string, Host][] = [
  [
    'a content type parser for everything',
    {
      configure: (app) =>
        (app as NestFastifyApplication)
          .getHttpAdapter()
          .getInstance()
          .addContentTypeParser(
            '*',
            (_request: unknown, _payload: unknown, done: (error: null, body: unknown) => void) => done(null, undefined),
          ),
    },
  ],
  [
    'useBodyParser with a limit',
    { configure: (app) => (app as NestFastifyApplication).useBodyParser('application/json', { bodyLimit: 1_000 }) },
  ],
  ['inject()', { start: inject }],
  ['inject() of a testing module', { ...fromTestingModule, start: inject }],
  ['inject() and CORS', { configure: (app) => app.enableCors(), start: inject }],
  ['inject() and bodyParser: false', { application: { bodyParser: false }, start: inject }],
  [
    'a server of the host',
    {
      start: async (app) => {
        await app.init();
        const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
        await fastify.ready();
        return serveByHost(app, (request, response) => fastify.routing(request, response));
      },
    },
  ],
  ['https', { adapter: () => new FastifyAdapter({ https: TLS }), start: listenOver('https') }],
  ['http2', { adapter: () => new FastifyAdapter({ http2: true }), start: listenOver('http', sendHttp2Request) }],
  [
    'http2 over TLS',
    {
      adapter: () => new FastifyAdapter({ http2: true, https: TLS }),
      start: listenOver('https', sendHttp2Request),
    },
  ],
  [
    'http2 over TLS, reached with HTTP/1.1',
    {
      adapter: () => new FastifyAdapter({ http2: true, https: { ...TLS, allowHTTP1: true } }),
      start: listenOver('https'),
    },
  ],
];

const HOSTS = [
  ...[...COMMON, ...EXPRESS].map(([name, host]) => ['express', name, host] as const),
  ...[...COMMON, ...FASTIFY].map(([name, host]) => ['fastify', name, host] as const),
].flatMap(([platform, name, host]) =>
  (['server', 'route'] as const).map((attach) => [platform, name, attach, host] as const),
);

async function startHost(platform: 'express' | 'fastify', attach: 'server' | 'route', host: Host): Promise<Running> {
  const connectionString = `Endpoint=https://${ORIGIN};AccessKey=${KEY};Version=1.0;`;
  @Module({
    imports: [WebPubSubModule.forRoot({ connectionString, attach, ...host.options })],
    controllers: [CatsController],
    providers: [HostsHub, ...((host.providers ?? []) as [])],
  })
  class HostModule {}

  const settings: NestApplicationOptions = { logger: false, abortOnError: false, ...host.application };
  const adapter = platform === 'express' ? new ExpressAdapter() : (host.adapter?.() ?? new FastifyAdapter());
  const app = host.isTestingModule
    ? (await Test.createTestingModule({ imports: [HostModule] }).compile()).createNestApplication(adapter, settings)
    : await NestFactory.create(HostModule, adapter, settings);
  await host.configure?.(app);
  return (host.start ?? listenOver('http'))(app);
}

const LARGE = JSON.stringify({ text: 'x'.repeat(1024 * 1024 - 20) });
const ANY = Buffer.from([0x0a, 0x03, 0x61, 0x2f, 0x62, 0x12, 0x02, 0xff, 0x00]);

/** Payload, content type, and the media type of the echo [upstream-events 4.1]. */
const PAYLOADS: [string, string | Uint8Array, string, string][] = [
  ['text', 'Zoë 李', 'text/plain; charset=utf-8', 'text/plain'],
  ['an empty text', '', 'text/plain', 'text/plain'],
  ['text that looks like JSON', '{"a":1}', 'text/plain', 'text/plain'],
  ['a JSON object', '{"a":[1,null,"Zoë"]}', 'application/json', 'application/json'],
  ['a JSON array', '[]', 'application/json; charset=utf-8', 'application/json'],
  ['JSON null', 'null', 'application/json', 'application/json'],
  ['a JSON string', '"text"', 'application/json', 'application/json'],
  ['a JSON number', '0', 'application/json', 'application/json'],
  ['JSON false', 'false', 'application/json', 'application/json'],
  ['binary', Buffer.from([0, 255, 1, 13, 10]), 'application/octet-stream', 'application/octet-stream'],
  ['protobuf', ANY, 'application/x-protobuf', 'application/x-protobuf'],
  ['1 MiB of JSON', LARGE, 'application/json', 'application/json'],
];

describe.each(HOSTS)('%s with %s, attached at the %s', (platform, _, attach, host) => {
  let running: Running;

  beforeAll(async () => {
    running = await startHost(platform, attach, host);
  });

  afterAll(() => running.close());

  it.each([PATH, `${PATH}/hosts/validate?code=1`])('validates the webhook at %s', async (path) => {
    const answer = await running.send(wireValidation(path));
    expect(answer.status).toBe(200);
    expect(answer.headers['webhook-allowed-origin']).toBe(ORIGIN);
  });

  it('refuses the validation of a foreign service', async () => {
    expect((await running.send(wireValidation(PATH, 'foreign.example'))).status).toBe(403);
  });

  it('refuses a bad signature', async () => {
    const event = { type: 'azure.webpubsub.user.echo', contentType: 'text/plain', body: 'hello' };
    expect((await running.send(wireEvent(PATH, { ...event, key: 'another' }))).status).toBe(401);
  });

  it('refuses a body that is no JSON, as a fault of the sender', async () => {
    const answer = await running.send(wireEvent(PATH, { type: 'azure.webpubsub.user.echo', body: '{"a":', key: KEY }));
    expect(answer.status).toBe(400);
  });

  it('serves the route of the host as before', async () => {
    const { path = '/cats', status = 200, headers = {} } = host.cats ?? {};
    const answer = await running.send({ method: 'GET', path, headers });
    expect(answer.status).toBe(status);
    expect(answer.body.toString()).toMatch(status === 200 ? /^\["tom"\]$/ : /Forbidden/);
  });

  if (host.isRefusing) {
    it.each(['sys.connect', 'user.echo'])('refuses the event %s', async (type) => {
      const event = { type: `azure.webpubsub.${type}`, body: '{}', key: KEY };
      expect((await running.send(wireEvent(PATH, event))).status).toBe(403);
    });
    return;
  }

  it.each([PATH, `${PATH}/hosts/connect`])('answers a connect event at %s', async (path) => {
    const body = '{"claims":{},"query":{},"headers":{},"subprotocols":[],"clientCertificates":[]}';
    const answer = await running.send(wireEvent(path, { type: 'azure.webpubsub.sys.connect', body, key: KEY }));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toEqual({ userId: 'Zoë!', groups: ['lobby'] });
  });

  it.each(PAYLOADS)('receives and returns %s', async (_name, body, contentType, mediaType) => {
    const event = { type: 'azure.webpubsub.user.echo', contentType, body, key: KEY };
    const answer = await running.send(wireEvent(PATH, event));
    expect(answer.status).toBe(200);
    expect(String(answer.headers['content-type']).split(';')[0]).toBe(mediaType);
    expect(answer.body.equals(Buffer.from(body))).toBe(true);
  });
});

describe.each(['express', 'fastify'] as const)('what a host on %s sees of events', (platform) => {
  /** Runs a text event and a request of the host's own past a middleware that counts. */
  async function countSeen(attach: 'server' | 'route') {
    const seen: string[] = [];
    const running = await startHost(platform, attach, {
      configure: (app) =>
        app.use(function count(
          request: { method: string; originalUrl?: string; url: string },
          _: unknown,
          next: () => void,
        ) {
          seen.push(`${request.method} ${request.originalUrl ?? request.url}`);
          next();
        }),
    });
    const event = { type: 'azure.webpubsub.user.echo', contentType: 'text/plain', body: 'hello', key: KEY };
    const statuses = [
      (await running.send(wireEvent(PATH, event))).status,
      (await running.send({ method: 'GET', path: '/cats', headers: {} })).status,
    ];
    await running.close();
    return { seen, statuses };
  }

  it("nothing with attach: 'server'", async () => {
    expect(await countSeen('server')).toEqual({ seen: ['GET /cats'], statuses: [200, 200] });
  });

  it("each with attach: 'route'", async () => {
    expect(await countSeen('route')).toEqual({ seen: [`POST ${PATH}`, 'GET /cats'], statuses: [200, 200] });
  });

  it('its CORS answers the preflights of its own routes as before', async () => {
    const running = await startHost(platform, 'server', { configure: (app) => app.enableCors() });
    const headers = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'GET' };
    const answer = await running.send({ method: 'OPTIONS', path: '/cats', headers });
    await running.close();
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });
});

describe('what a host on fastify sees of events', () => {
  const event = { type: 'azure.webpubsub.user.echo', contentType: 'text/plain', body: 'hello', key: KEY };

  it.each(['before', 'after'])(
    'nothing at the first hook of its own, set %s the application is there',
    async (when) => {
      const seen: string[] = [];
      const adapter = new FastifyAdapter();
      const setHook = (): void =>
        adapter.setOnRequestHook((request, _reply, done) => {
          seen.push(request.url);
          done();
        });
      if (when === 'before') setHook();
      const running = await startHost('fastify', 'server', { adapter: () => adapter, start: inject });
      if (when === 'after') setHook();
      const echo = await running.send(wireEvent(PATH, event));
      const cats = await running.send({ method: 'GET', path: '/cats', headers: {} });
      await running.close();
      expect([echo.status, cats.status]).toEqual([200, 200]);
      expect(seen).toEqual(['/cats']);
    },
  );

  it.each(['server', 'route'] as const)(
    'nothing, not even the end, when its first hook fails, attached at the %s',
    async (attach) => {
      const adapter = new FastifyAdapter();
      adapter.setOnRequestHook(() => {
        throw new Error('no');
      });
      const running = await startHost('fastify', attach, { adapter: () => adapter, start: inject });
      const echo = await running.send(wireEvent(PATH, event));
      const cats = await running.send({ method: 'GET', path: '/cats', headers: {} });
      await running.close();
      expect([echo.status, cats.status]).toEqual([attach === 'server' ? 200 : 500, 500]);
    },
  );

  it('a body that is hidden while its hooks run, and is there for the handler', async () => {
    const seen: unknown[] = [];
    const running = await startHost('fastify', 'route', {
      configure: (app) =>
        (app as NestFastifyApplication)
          .getHttpAdapter()
          .getInstance()
          .addHook('preHandler', (request, _reply, done) => {
            seen.push(
              request.headers['content-type'],
              request.headers['content-length'],
              request.body,
              (request.raw as { rawBody?: Buffer }).rawBody?.toString(),
            );
            done();
          }),
    });
    const echo = await running.send(wireEvent(PATH, event));
    await running.close();
    expect([echo.status, echo.body.toString()]).toEqual([200, 'hello']);
    expect(seen).toEqual([undefined, undefined, undefined, 'hello']);
  });
});
