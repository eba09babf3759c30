import { afterEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, type ExecutionContext, Inject, Injectable, Scope, UseGuards } from '@nestjs/common';
import {
  APP_GUARD,
  APP_PIPE,
  type ContextId,
  ContextIdFactory,
  type ContextIdStrategy,
  type HostComponentInfo,
  ModuleRef,
  REQUEST,
} from '@nestjs/core';
import {
  EventData,
  HubRequest,
  OnConnect,
  OnMessage,
  OnUserEvent,
  UserEventRequest,
  WebPubSubHub,
} from '../../../src/index.js';
import { startHubApp, type HubApp } from '../../support/start-hub-app.js';

let app: HubApp;

afterEach(async () => {
  ContextIdFactory.apply(undefined as unknown as ContextIdStrategy);
  await app.close();
});

const sendAs = (userId: string, type = 'user.message') => app.sendEvent({ type, headers: { 'ce-userid': userId } });

describe('request-scoped', () => {
  it('hub classes are made for each event, with the request to inject', async () => {
    let made = 0;
    @Injectable({ scope: Scope.REQUEST })
    class Caller {
      constructor(@Inject(REQUEST) readonly request: HubRequest) {
        made += 1;
      }
    }
    @WebPubSubHub('chat')
    class ChatHub {
      constructor(
        private readonly caller: Caller,
        private readonly moduleRef: ModuleRef,
      ) {}

      @OnMessage()
      async message(@EventData() text: string, request: UserEventRequest) {
        const contextId = ContextIdFactory.getByRequest(this.caller.request);
        const again = await this.moduleRef.resolve(Caller, contextId);
        return `${this.caller.request.context.userId} ${text} ${again === this.caller} ${request === undefined}`;
      }
    }
    app = await startHubApp({ providers: [ChatHub, Caller] });
    expect((await sendAs('ann')).text).toBe('ann hello true true');
    expect((await sendAs('bob')).text).toBe('bob hello true true');
    expect(made).toBe(2);
  });

  it('guards of a singleton hub class are made for each event', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class UserGuard implements CanActivate {
      constructor(@Inject(REQUEST) private readonly request: HubRequest) {}
      canActivate() {
        return this.request.context.userId === 'ann';
      }
    }
    @WebPubSubHub('chat')
    @UseGuards(UserGuard)
    class ChatHub {
      @OnMessage()
      message() {}
    }
    app = await startHubApp({ providers: [ChatHub] });
    expect([(await sendAs('ann')).status, (await sendAs('bob')).status]).toEqual([204, 403]);
  });

  it('global guards and pipes of modules are run for every handler', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class UserGuard implements CanActivate {
      constructor(@Inject(REQUEST) private readonly request: HubRequest) {}
      canActivate(context: ExecutionContext) {
        return this.request === context.switchToHttp().getRequest() && this.request.context.userId === 'ann';
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class LoudPipe {
      constructor(@Inject(REQUEST) private readonly request: HubRequest) {}
      transform(value: string) {
        return `${value} from ${this.request.context.userId}`;
      }
    }
    @WebPubSubHub('chat')
    class ChatHub {
      @OnConnect()
      connect() {}
      @OnMessage()
      message(@EventData() text: string) {
        return text;
      }
    }
    app = await startHubApp({
      providers: [ChatHub, { provide: APP_GUARD, useClass: UserGuard }, { provide: APP_PIPE, useClass: LoudPipe }],
    });
    expect((await sendAs('ann')).text).toBe('hello from ann');
    expect([(await sendAs('bob')).status, (await sendAs('bob', 'sys.connect')).status]).toEqual([403, 403]);
  });

  it('global guards are left to HTTP with globalEnhancers: false', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class ClosedGuard implements CanActivate {
      canActivate() {
        return false;
      }
    }
    @WebPubSubHub('chat')
    class ChatHub {
      @OnMessage()
      message() {}
    }
    app = await startHubApp({
      providers: [ChatHub, { provide: APP_GUARD, useClass: ClosedGuard }],
      options: { globalEnhancers: false },
    });
    expect((await sendAs('ann')).status).toBe(204);
  });
});

describe('durable hub classes', () => {
  it('are shared by the events of a sub-tree, also by a strategy that reads HTTP headers', async () => {
    const trees = new Map<string, ContextId>();
    class TenantStrategy implements ContextIdStrategy {
      attach(contextId: ContextId, request: HubRequest & { headers: Record<string, string> }) {
        const tenant = request.headers['x-tenant'] ?? request.context?.userId ?? 'none';
        const tree = trees.get(tenant) ?? ContextIdFactory.create();
        trees.set(tenant, tree);
        return {
          resolve: (info: HostComponentInfo) => (info.isTreeDurable ? tree : contextId),
          payload: { tenant },
        };
      }
    }
    @WebPubSubHub('chat', { scope: Scope.REQUEST, durable: true })
    class ChatHub {
      #count = 0;
      constructor(@Inject(REQUEST) private readonly payload: { tenant: string }) {}

      @OnMessage()
      message() {
        this.#count += 1;
        return `${this.payload.tenant} ${this.#count}`;
      }
    }
    ContextIdFactory.apply(new TenantStrategy());
    app = await startHubApp({ providers: [ChatHub] });
    const answers = [];
    for (const user of ['ann', 'bob', 'ann']) answers.push((await sendAs(user)).text);
    expect(answers).toEqual(['ann 1', 'bob 1', 'ann 2']);
  });
});

describe('transient hub classes', () => {
  it('are made for each event', async () => {
    @WebPubSubHub('chat')
    @Injectable({ scope: Scope.TRANSIENT })
    class ChatHub {
      #count = 0;
      @OnUserEvent('count')
      count() {
        return (this.#count += 1);
      }
    }
    app = await startHubApp({ providers: [ChatHub] });
    expect([(await sendAs('ann', 'user.count')).text, (await sendAs('ann', 'user.count')).text]).toEqual(['1', '1']);
  });
});
