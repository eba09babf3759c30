import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { WebPubSubEventHandler } from '@azure/web-pubsub-express';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import { Connection, EventData, OnConnect, OnMessage, WebPubSubHub, WebPubSubModule } from '../../src/index.js';
import { ACCESS_KEY, HUB, ORIGIN } from './events.js';

/** Each starts a server that echoes user events and accepts connects, and resolves when it listens. */
export const CONTENDERS: Readonly<Record<string, (port: number) => Promise<void>>> = {
  'bare node:http': (port) => listen(createServer(bare(() => true)), port),
  'bare + HMAC remembered per connection': (port) => listen(createServer(bare(rememberedSignature())), port),
  'node:http + official middleware': (port) => {
    const middleware = officialHandler().getMiddleware() as unknown as (
      request: IncomingMessage,
      response: ServerResponse,
      next: () => void,
    ) => void;
    const server = createServer((request, response) => {
      // The two members of an Express request that the middleware reads.
      const routed = Object.assign(request, { baseUrl: '', path: request.url });
      middleware(routed, response, () => response.writeHead(404).end());
    });
    return listen(server, port);
  },
  'Express 5 + official middleware': (port) =>
    listen(createServer(express().use(officialHandler().getMiddleware())), port),
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

function rememberedSignature(): (request: IncomingMessage) => boolean {
  const remembered = new Map<string, Buffer>();
  return (request) => {
    const connectionId = request.headers['ce-connectionid'] as string;
    let expected = remembered.get(connectionId);
    if (!expected) {
      expected = Buffer.from(`sha256=${createHmac('sha256', ACCESS_KEY).update(connectionId).digest('hex')}`);
      remembered.set(connectionId, expected);
    }
    const given = Buffer.from(request.headers['ce-signature'] as string);
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
}

function officialHandler(): WebPubSubEventHandler {
  return new WebPubSubEventHandler(HUB, {
    path: '/eventhandler',
    handleConnect: (request, response) => response.success({ userId: request.claims?.['sub']?.[0] }),
    handleUserEvent: (request, response) => response.success(request.data as string, request.dataType),
  });
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

async function ours(port: number, platform: 'express' | 'fastify', attach: 'server' | 'route'): Promise<void> {
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
  const options = { logger: ['error', 'warn'] as ('error' | 'warn')[] };
  const application =
    platform === 'fastify'
      ? await NestFactory.create(BenchModule, new FastifyAdapter(), options)
      : await NestFactory.create(BenchModule, options);
  await application.listen(port, '127.0.0.1');
}
