import { HttpException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  Connection,
  ConnectionContext,
  ConnectRequest,
  DisconnectedRequest,
  EventRequest,
  OnConnect,
  OnConnected,
  OnDisconnected,
  OnUserEvent,
  States,
  ConnectionStates,
  UserEventRequest,
  UserEventResponse,
  WebPubSubHub,
  WebPubSubModule,
  type ConnectResponse,
} from '../../src/index.js';
import { EventQueue, INTEROP_HUB, type HeardEvent, type InteropContender } from './interop-upstream.js';

type Platform = 'express' | 'fastify';

/** The application on NestJS with our library, without a line about it in the host. */
export function library(platform: Platform): InteropContender {
  return {
    name: `nestjs-web-pubsub on ${platform}`,
    async start(connectionString) {
      const heard = new EventQueue();
      const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter();
      const app = await NestFactory.create(
        {
          module: class InteropModule {},
          imports: [WebPubSubModule.forRoot({ connectionString, path: '/events' })],
          providers: [InteropHub, { provide: EventQueue, useValue: heard }],
        },
        adapter,
        { logger: false },
      );
      await app.listen(0, '127.0.0.1');
      return { url: `${await app.getUrl()}/events`, heard, close: () => app.close() };
    },
  };
}

@WebPubSubHub(INTEROP_HUB)
class InteropHub {
  constructor(private readonly heard: EventQueue) {}

  @OnConnect()
  connect({ claims, query, context }: ConnectRequest): ConnectResponse {
    if (query['refuse']) throw new HttpException('not today', 401);
    context.states.set('room', 'blue');
    return {
      userId: claims['sub']?.[0] ?? 'guest',
      groups: query['group'] ?? [],
      roles: ['webpubsub.sendToGroup.lobby'],
    };
  }

  @OnConnected()
  connected(@Connection() context: ConnectionContext): void {
    this.heard.push(describeEvent(context));
  }

  @OnDisconnected()
  disconnected({ context, reason }: DisconnectedRequest): void {
    this.heard.push({ ...describeEvent(context), ...(reason && { reason }) });
  }

  @OnUserEvent('echo')
  echo(@EventRequest() { data, dataType }: UserEventRequest<never>): unknown {
    return new UserEventResponse(data, dataType);
  }

  @OnUserEvent('count')
  count(@States() states: ConnectionStates): { count: number } {
    const count = Number(states.get('count') ?? 0) + 1;
    states.set('count', count);
    return { count };
  }

  @OnUserEvent('context')
  context({ context }: UserEventRequest): unknown {
    return { hub: context.hub, userId: context.userId, room: context.states.get('room') };
  }

  @OnUserEvent('refuse')
  refuse(): never {
    throw new HttpException('refused', 400);
  }

  @OnUserEvent('*')
  quiet(): void {}
}

function describeEvent({ eventName, userId }: ConnectionContext): HeardEvent {
  return { eventName, ...(userId !== undefined && { userId }) };
}
