import { once } from 'node:events';
import http from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { OnMessage, WebPubSubHub } from '../../../src/index.js';
import { eventRequest, PLATFORMS, sendRequest, startHubApp } from '../../support/start-hub-app.js';

describe.each(PLATFORMS)('closing an application on %s', (platform) => {
  it('answers the events that it has accepted first', async () => {
    const steps: string[] = [];
    let started: () => void = () => undefined;
    let finish: () => void = () => undefined;
    const isStarted = new Promise<void>((resolve) => (started = resolve));
    const mayFinish = new Promise<void>((resolve) => (finish = resolve));

    @Injectable()
    class Resource implements OnModuleDestroy {
      onModuleDestroy() {
        steps.push('others end');
        setImmediate(finish);
      }
    }
    @WebPubSubHub('chat')
    class ChatHub {
      @OnMessage()
      async message() {
        started();
        await mayFinish;
        steps.push('handled');
        return 'done';
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

  it('gives up the port while the events that it has accepted are handled', async () => {
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
        return 'done';
      }
    }
    const app = await startHubApp({ platform, providers: [ChatHub] });
    const server = app.app.getHttpServer() as http.Server;
    const answer = app.sendEvent({ type: 'user.message' });
    await isStarted;
    const closing = app.close();
    while (server.listening) await nextTurn();
    const successor = http.createServer().listen(app.port, '127.0.0.1');
    await once(successor, 'listening');
    successor.close();
    finish();
    expect((await answer).text).toBe('done');
    await closing;
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
