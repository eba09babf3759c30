import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { WebPubSubEventHandler } from '@azure/web-pubsub-express';
import { Body, Controller, Headers, Module, type NestApplicationOptions, Post, Res, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import express, { type NextFunction, type Request, type Response } from 'express';
import { Connection, EventData, OnConnect, OnMessage, WebPubSubHub, WebPubSubModule } from '../../src/index.js';
import { ACCESS_KEY, HUB, ORIGIN } from './events.js';

/** Each starts a server that echoes user events and accepts connects, and resolves when it listens. */
export const CONTENDERS: Readonly<Record<string, (port: number) => Promise<void>>> = {
  'bare node:http': (port) => listen(createServer(bare(() => true)), port),
  'bare + HMAC on every request': (port) => listen(createServer(bare(computedSignature)), port),
  'bare + HMAC remembered per connection': (port) => listen(createServer(bare(rememberedSignature())), port),
  'node:http + official middleware': (port) => {
    const middleware = officialHandler().getMiddleware() as unknown as (
      request: IncomingMessage,
      response: ServerResponse,
      next: (error?: Error) => void,
    ) => void;
    const server = createServer((request, response) => {
      // The two members of an Express request that the middleware reads.
      const routed = Object.assign(request, { baseUrl: '', path: request.url });
      middleware(routed, response, (error) => response.writeHead(error ? 500 : 404).end(error?.stack));
    });
    return listen(server, port);
  },
  'Express 5 + official middleware': (port) =>
    listen(createServer(express().use(officialHandler().getMiddleware())), port),
  'Express 5 + official middleware + HMAC': (port) =>
    listen(createServer(express().use(signatureCheck, officialHandler().getMiddleware())), port),
  'Nest-Express, plain controller': (port) => plainController(port, 'express'),
  'Nest-Fastify, plain controller': (port) => plainController(port, 'fastify'),
  'ours, Express, server': (port) => ours(port, 'express', 'server'),
  'ours, Fastify, server': (port) => ours(port, 'fastify', 'server'),
  'ours, Express, route': (port) => ours(port, 'express', 'route'),
  'ours, Fastify, route': (port) => ours(port, 'fastify', 'route'),
};

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
}

/** What a hand-written server would do at the least: read the body, answer it. */
function bare(isGenuine: (request: IncomingMessage) => boolean) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (!isGenuine(request)) {
      response.writeHead(401).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.headers['ce-type'] === 'azure.webpubsub.sys.connect') {
        const { claims } = JSON.parse(Buffer.concat(chunks).toString()) as { claims: { sub: string[] } };
        const answer = JSON.stringify({ userId: claims.sub[0] });
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
        response.end(answer);
        return;
      }
      const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
      response.writeHead(200, { 'content-type': request.headers['content-type'], 'content-length': body.length });
      response.end(body);
    });
  };
}

/** What a team adds that wants to know who sends. */
function signatureCheck(request: Request, response: Response, next: NextFunction): void {
  if (computedSignature(request)) next();
  else response.status(401).end();
}

function computedSignature({ headers }: IncomingMessage): boolean {
  return isSame(headers['ce-signature'] as string, signatureOf(headers['ce-connectionid'] as string));
}

function rememberedSignature(): (request: IncomingMessage) => boolean {
  const remembered = new Map<string, Buffer>();
  return ({ headers }) => {
    const connectionId = headers['ce-connectionid'] as string;
    let expected = remembered.get(connectionId);
    if (!expected) {
      expected = signatureOf(connectionId);
      remembered.set(connectionId, expected);
    }
    return isSame(headers['ce-signature'] as string, expected);
  };
}

function signatureOf(connectionId: string): Buffer {
  return Buffer.from(`sha256=${createHmac('sha256', ACCESS_KEY).update(connectionId).digest('hex')}`);
}

function isSame(header: string, expected: Buffer): boolean {
  const given = Buffer.from(header);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function officialHandler(): WebPubSubEventHandler {
  return new WebPubSubEventHandler(HUB, {
    path: '/eventhandler',
    handleConnect: (request, response) => response.success({ userId: request.claims?.['sub']?.[0] }),
    // It parses JSON, and takes text back.
    handleUserEvent: ({ data, dataType }, response) =>
      response.success(dataType === 'json' ? JSON.stringify(data) : data, dataType),
  });
}

/** What a team writes without any library, at the least: one route, the body as bytes, no signature. */
@Controller('eventhandler')
class EchoController {
  @Post()
  receive(@Body() body: Buffer, @Headers() headers: Record<string, string>, @Res() response: HostResponse): void {
    if (headers['ce-type'] === 'azure.webpubsub.sys.connect') {
      const { claims } = JSON.parse(body.toString()) as { claims: { sub: string[] } };
      response.status(200).header('content-type', 'application/json').send({ userId: claims.sub[0] });
      return;
    }
    response.status(200).header('content-type', headers['content-type']).send(body);
  }
}

/** Of Express and of Fastify alike. */
interface HostResponse {
  status(status: number): this;
  header(name: string, value: string): this;
  send(body: unknown): unknown;
}

async function plainController(port: number, platform: Platform): Promise<void> {
  @Module({ controllers: [EchoController] })
  class PlainModule {}
  const application = await createApplication(PlainModule, platform, { bodyParser: false });
  // Whatever is posted is bytes.
  if (application.getHttpAdapter().getType() === 'fastify') {
    const fastify = (application as NestFastifyApplication).getHttpAdapter().getInstance();
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  } else {
    application.use(express.raw({ type: () => true, limit: '1mb' }));
  }
  await application.listen(port, '127.0.0.1');
}

@WebPubSubHub(HUB)
class EchoHub {
  @OnConnect()
  connect(request: { claims: Record<string, string[]> }) {
    return { userId: request.claims['sub'][0] };
  }

  @OnMessage()
  message(@EventData() data: unknown, @Connection('connectionId') _connectionId: string) {
    return data;
  }
}

type Platform = 'express' | 'fastify';

function createApplication(module: Type, platform: Platform, options: NestApplicationOptions = {}) {
  const all: NestApplicationOptions = { logger: ['error', 'warn'], ...options };
  return platform === 'fastify'
    ? NestFactory.create(module, new FastifyAdapter(), all)
    : NestFactory.create(module, all);
}

async function ours(port: number, platform: Platform, attach: 'server' | 'route'): Promise<void> {
  @Module({
    imports: [
      WebPubSubModule.forRoot({
        connectionString: `Endpoint=https://${ORIGIN};AccessKey=${ACCESS_KEY};Version=1.0;`,
        attach,
        // As for most applications: @opentelemetry/api is here for this repository's tests.
        observability: 'off',
      }),
    ],
    providers: [EchoHub],
  })
  class BenchModule {}
  const application = await createApplication(BenchModule, platform);
  await application.listen(port, '127.0.0.1');
}
