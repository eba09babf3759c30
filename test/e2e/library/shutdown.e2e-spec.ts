import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Module,
  type ModuleMetadata,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { OnMessage, WebPubSubHub, WebPubSubModule } from '../../../src/index.js';
import {
  CONNECTION_STRING,
  eventRequest,
  PLATFORMS,
  type Platform,
  sendRequest,
  startHubApp,
} from '../../support/start-hub-app.js';

/** A hub class whose handler waits until it may finish. */
function pausedHub(onHandled: () => void = () => undefined) {
  let started: () => void = () => undefined;
  let finish: () => void = () => undefined;
  const isStarted = new Promise<void>((resolve) => (started = resolve));
  const mayFinish = new Promise<void>((resolve) => (finish = resolve));
  @WebPubSubHub('chat')
  class ChatHub {
    @OnMessage()
    async message() {
      started();
      await mayFinish;
      onHandled();
      return 'done';
    }
  }
  return { ChatHub, isStarted, finish };
}

async function startHost(platform: Platform, imports: NonNullable<ModuleMetadata['imports']>) {
  const testing = await Test.createTestingModule({ imports }).compile();
  const host = testing.createNestApplication(platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter());
  await host.listen(0, '127.0.0.1');
  return { host, port: ((host.getHttpServer() as http.Server).address() as AddressInfo).port };
}

describe.each(PLATFORMS)('closing an application on %s', (platform) => {
  it('answers the events that it has accepted first', async () => {
    const steps: string[] = [];
    const { ChatHub, isStarted, finish } = pausedHub(() => steps.push('handled'));

    @Injectable()
    class Resource implements OnModuleDestroy {
      onModuleDestroy() {
        steps.push('others end');
        setImmediate(finish);
      }
    }
    const app = await startHubApp({
      platform,
      providers: [ChatHub, Resource],
      application: { forceCloseConnections: true },
    });
    const answer = app.sendEvent({ type: 'user.message' });
    await isStarted;
    await app.close();
    steps.push('closed');
    expect((await answer).text).toBe('done');
    expect(steps).toEqual(['others end', 'handled', 'closed']);
  });

  it.each([true, false])('gives up the port while accepted events are handled, isGlobal %s', async (isGlobal) => {
    const { ChatHub, isStarted, finish } = pausedHub();
    const { host, port } = await startHost(platform, [
      WebPubSubModule.forRoot({ connectionString: CONNECTION_STRING, isGlobal }),
      { module: class HubModule {}, providers: [ChatHub] },
    ]);
    const server = host.getHttpServer() as http.Server;
    const answer = sendRequest(port, eventRequest({ type: 'user.message' }));
    await isStarted;
    const closing = host.close();
    while (server.listening) await nextTurn();
    const successor = http.createServer().listen(port, '127.0.0.1');
    await once(successor, 'listening');
    successor.close();
    finish();
    expect((await answer).text).toBe('done');
    await closing;
  });

  it.each([true, false])('serves events on while others end, isGlobal %s', async (isGlobal) => {
    const answers: string[] = [];
    @WebPubSubHub('chat')
    class ChatHub {
      @OnMessage()
      message() {
        return 'handled';
      }
    }
    @Injectable()
    class LoadBalancer implements BeforeApplicationShutdown {
      async beforeApplicationShutdown() {
        const answer = await sendRequest(port, eventRequest({ type: 'user.message' }));
        answers.push(answer.text);
      }
    }
    @Module({ providers: [LoadBalancer] })
    class LoadBalancerModule {}
    const { host, port } = await startHost(platform, [
      LoadBalancerModule,
      WebPubSubModule.forRoot({ connectionString: CONNECTION_STRING, isGlobal }),
      { module: class HubModule {}, providers: [ChatHub] },
    ]);
    await host.close();
    expect(answers).toEqual(['handled']);
  });

  it('refuses events from then on, and gives the server its listeners back', async () => {
    @WebPubSubHub('chat')
    class ChatHub {
      @OnMessage()
      message() {
        return 'done';
      }
    }
    const app = await startHubApp({ platform, providers: [ChatHub] });
    const server = app.app.getHttpServer() as http.Server;
    const [attached] = server.listeners('request');
    const { port } = app;
    expect((await sendRequest(port, eventRequest({ type: 'user.message' }))).status).toBe(200);
    await app.close();
    expect(server.listeners('request')).not.toContain(attached);
    expect(server.listeners('request')).toHaveLength(1);
  });
});
