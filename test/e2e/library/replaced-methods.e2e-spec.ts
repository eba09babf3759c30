import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type CallHandler, type ExecutionContext, Scope, SetMetadata, type Type, UseGuards } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { EventData, OnMessage, OnUserEvent, UserEventRequest, WebPubSubHub } from '../../../src/index.js';
import { PLATFORMS, startHubApp, type HubApp, type HubAppSettings } from '../../support/start-hub-app.js';

let app: HubApp;
let handlers: Function[];

beforeEach(() => {
  handlers = [];
});
afterEach(async () => {
  jest.restoreAllMocks();
  await app.close();
});

/** Lets through what carries the metadata, as guards for roles do. */
const openGuard = {
  canActivate(context: ExecutionContext): boolean {
    handlers.push(context.getHandler());
    return new Reflector().get<boolean>('open', context.getHandler());
  },
};

const watchingInterceptor = {
  intercept(context: ExecutionContext, next: CallHandler) {
    handlers.push(context.getHandler());
    return next.handle();
  },
};

@WebPubSubHub('chat')
class ChatHub {
  @SetMetadata('open', true)
  @OnMessage()
  message(@EventData() text: string): string {
    return `original ${text}`;
  }

  @SetMetadata('open', true)
  @OnUserEvent('request')
  request(...args: unknown[]): string {
    return `${args[0] instanceof UserEventRequest} ${args.length}`;
  }

  @OnUserEvent('closed')
  @UseGuards({ canActivate: () => false })
  closed(): string {
    return 'closed';
  }
}

@WebPubSubHub('chat', { scope: Scope.REQUEST })
class ScopedHub {
  @SetMetadata('open', true)
  @OnMessage()
  message(@EventData() text: string): string {
    return `original ${text}`;
  }
}

const methodOf = (hubClass: Type): unknown => Reflect.get(hubClass.prototype as object, 'message');

const withEnhancers: HubAppSettings['configure'] = (host) => {
  host.useGlobalGuards(openGuard);
  host.useGlobalInterceptors(watchingInterceptor);
};

describe.each(PLATFORMS)('a method of the instance that a test replaces, on %s', (platform) => {
  describe.each<[string, HubAppSettings['configure']]>([
    ['without enhancers', undefined],
    ['with global enhancers', withEnhancers],
  ])('%s', (_which, configure) => {
    const begin = async () => {
      app = await startHubApp({ platform, providers: [ChatHub], configure });
    };

    it('is called from then on, and no longer once it is restored', async () => {
      await begin();
      const spy = jest.spyOn(app.app.get(ChatHub), 'message').mockImplementation((text) => `spied ${text}`);
      expect((await app.sendEvent({ type: 'user.message' })).text).toBe('spied hello');
      expect(spy.mock.calls).toEqual([['hello']]);
      spy.mockRestore();
      expect((await app.sendEvent({ type: 'user.message' })).text).toBe('original hello');
    });

    it('gets the request alone where no parameter is decorated', async () => {
      await begin();
      expect((await app.sendEvent({ type: 'user.request' })).text).toBe('true 1');
    });
  });

  it('is shown to guards and interceptors as the decorated method, with its metadata', async () => {
    app = await startHubApp({ platform, providers: [ChatHub], configure: withEnhancers });
    const message = methodOf(ChatHub);
    jest.spyOn(app.app.get(ChatHub), 'message').mockReturnValue('spied');
    expect((await app.sendEvent({ type: 'user.message' })).text).toBe('spied');
    expect(handlers).toEqual([message, message]);
    expect(handlers.every((handler) => handler === message)).toBe(true);
  });

  it('keeps its guards and their metadata when it was replaced before the start', async () => {
    app = await startHubApp({
      platform,
      providers: [ChatHub],
      configure: (host) => {
        host.useGlobalGuards(openGuard);
        const hub = host.get(ChatHub);
        jest.spyOn(hub, 'message').mockReturnValue('spied');
        jest.spyOn(hub, 'closed').mockReturnValue('spied');
      },
    });
    expect((await app.sendEvent({ type: 'user.message' })).text).toBe('spied');
    expect((await app.sendEvent({ type: 'user.closed' })).status).toBe(403);
  });

  it('is found by guards when an instance is made for each event', async () => {
    const message = methodOf(ScopedHub);
    app = await startHubApp({ platform, providers: [ScopedHub], configure: withEnhancers });
    expect((await app.sendEvent({ type: 'user.message' })).text).toBe('original hello');
    expect(handlers.every((handler) => handler === message)).toBe(true);
    jest.spyOn(ScopedHub.prototype, 'message').mockReturnValue('spied');
    expect((await app.sendEvent({ type: 'user.message' })).text).toBe('spied');
  });
});
