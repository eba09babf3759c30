import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  ParseIntPipe,
  SetMetadata,
  type Type,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  ConnectRequest,
  Connection,
  EventData,
  OnConnect,
  OnConnected,
  OnMessage,
  OnUserEvent,
  StartUpError,
  WebPubSubHub,
} from '../../../src/index.js';
import { PLATFORMS, startHubApp, type HubApp, type HubAppSettings } from '../../support/start-hub-app.js';

let app: HubApp | undefined;
afterEach(async () => {
  jest.restoreAllMocks();
  await app?.close();
  app = undefined;
});

async function start(settings: HubAppSettings): Promise<HubApp> {
  return (app = await startHubApp(settings));
}

async function messageOfFailedStart(...providers: Type[]): Promise<string> {
  const error: unknown = await startHubApp({ providers }).then(
    (started) => started.close(),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartUpError);
  return (error as Error).message;
}

let trace: string[] = [];

/** As decorators for logs, retries and traces do, without a thought for metadata. */
function Traced(): MethodDecorator {
  return (_target, name, descriptor: PropertyDescriptor) => {
    const method = descriptor.value as (...args: unknown[]) => unknown;
    descriptor.value = function (this: unknown, ...args: unknown[]) {
      trace.push(String(name));
      return method.apply(this, args);
    };
  };
}

/** As decorators that bind methods to their instance do. */
function Bound(): MethodDecorator {
  return (_target, _name, descriptor: PropertyDescriptor) => {
    const method = descriptor.value as (...args: unknown[]) => unknown;
    return {
      configurable: true,
      get(this: unknown) {
        return method.bind(this);
      },
    } as never;
  };
}

/** Replaces all methods of a class. */
function TracedClass(): ClassDecorator {
  return ({ prototype }) => {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      if (name === 'constructor') continue;
      const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!;
      Traced()(prototype as object, name, descriptor);
      Object.defineProperty(prototype, name, descriptor);
    }
  };
}

const Role = (role: string) => SetMetadata('role', role);

@Injectable()
class Doorman {
  refuse(): never {
    throw new ForbiddenException('the doorman says no');
  }
}

@Injectable()
class DoormanGuard implements CanActivate {
  constructor(private readonly doorman: Doorman) {}
  canActivate(): boolean {
    return this.doorman.refuse();
  }
}

@Injectable()
class RoleGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}
  canActivate(context: ExecutionContext): boolean {
    return this.reflector.get<string>('role', context.getHandler()) === 'guest';
  }
}

describe.each(PLATFORMS)('a method that another decorator has replaced, on %s', (platform) => {
  class Orders {
    readonly unit = 'pieces';

    @Traced()
    @OnUserEvent('inherited')
    inherited(@EventData('count', ParseIntPipe) count: number, @Connection('userId') userId: string) {
      return `${userId}: ${count} ${this.unit}`;
    }
  }

  @WebPubSubHub('chat')
  class OrderHub extends Orders {
    @Traced()
    @OnConnect()
    connect(_request: ConnectRequest) {
      throw new UnauthorizedException('not you');
    }

    @Traced()
    @OnMessage()
    message(@EventData('count') count: number, @Connection('userId') userId: string) {
      return `${userId}: ${count} ${this.unit}`;
    }

    @OnUserEvent('above')
    @Traced()
    @OnUserEvent('below')
    both() {
      return 'both';
    }

    @Bound()
    @OnUserEvent('bound')
    bound() {
      return this.unit;
    }

    @Traced()
    @OnUserEvent('guarded')
    @UseGuards(DoormanGuard)
    guarded() {}

    @UseGuards(RoleGuard)
    @Traced()
    @Role('guest')
    @OnUserEvent('guests')
    guests() {}

    @Traced()
    @UseGuards(RoleGuard)
    @Role('member')
    @OnUserEvent('members')
    members() {}
  }

  const json = { contentType: 'application/json', body: '{"count":2}', headers: { 'ce-userid': 'ann' } };

  const begin = async (settings: HubAppSettings = {}) => {
    trace = [];
    await start({ platform, providers: [OrderHub, Doorman], ...settings });
  };

  it('still refuses clients', async () => {
    await begin();
    const response = await app!.sendEvent({ type: 'sys.connect' });
    expect([response.status, response.text]).toEqual([401, 'not you']);
    expect(trace).toEqual(['connect']);
  });

  it('gets its parameters, with enhancers and without', async () => {
    await begin();
    expect((await app!.sendEvent({ type: 'user.message', ...json })).text).toBe('ann: 2 pieces');
    await app!.close();
    await begin({ configure: (host) => void host.useGlobalGuards({ canActivate: () => true }) });
    expect((await app!.sendEvent({ type: 'user.message', ...json })).text).toBe('ann: 2 pieces');
    expect(trace).toEqual(['message']);
  });

  it('is inherited, pipes of its parameters included', async () => {
    await begin();
    expect((await app!.sendEvent({ type: 'user.inherited', ...json })).text).toBe('ann: 2 pieces');
    expect((await app!.sendEvent({ type: 'user.inherited', ...json, body: '{"count":"x"}' })).status).toBe(400);
  });

  it('handles what decorators above and below the other say', async () => {
    await begin();
    for (const type of ['user.above', 'user.below']) expect((await app!.sendEvent({ type })).text).toBe('both');
  });

  it('may have become an accessor', async () => {
    await begin();
    expect((await app!.sendEvent({ type: 'user.bound' })).text).toBe('pieces');
  });

  it('keeps guards from both sides of the other decorator, and what they ask for', async () => {
    await begin();
    const refused = await app!.sendEvent({ type: 'user.guarded' });
    expect([refused.status, refused.text]).toEqual([403, 'the doorman says no']);
    expect((await app!.sendEvent({ type: 'user.guests' })).status).toBe(204);
    expect((await app!.sendEvent({ type: 'user.members' })).status).toBe(403);
  });

  it('may have been replaced by a decorator of the class, or by a spy on the prototype', async () => {
    @TracedClass()
    @WebPubSubHub('chat')
    class ChatHub {
      @UseGuards({ canActivate: (context: ExecutionContext) => context.getArgs().length > 0 })
      @OnConnect()
      connect() {
        throw new UnauthorizedException('not you');
      }
    }
    const spy = jest.spyOn(ChatHub.prototype, 'connect');
    await begin({ providers: [ChatHub] });
    expect((await app!.sendEvent({ type: 'sys.connect' })).status).toBe(401);
    expect(spy).toHaveBeenCalledTimes(1);
    expect(trace).toEqual(['connect']);
  });
});

it('a class decorator that replaces methods too late for Nest to make their guards stops the start', async () => {
  @TracedClass()
  @WebPubSubHub('chat')
  class ChatHub {
    @UseGuards(DoormanGuard)
    @OnConnect()
    connect() {}
  }
  expect(await messageOfFailedStart(ChatHub, Doorman)).toBe(
    'ChatHub.connect asks for DoormanGuard, which Nest does not make, since something else took the place of the method that ' +
      'asks: after @WebPubSubHub had run, or as an accessor. Put @WebPubSubHub above class decorators that replace methods, ' +
      'spy on the instance instead of the prototype, or give the decorator an instance.',
  );
});

abstract class SecureHub {
  @OnConnect()
  connect(_request: ConnectRequest): void {
    throw new UnauthorizedException('not you');
  }

  @UseGuards({ canActivate: () => false })
  @OnUserEvent(['a', 'b'])
  either() {}
}

describe('a method that overrides a handler', () => {
  it('stops the start without its decorators, with both classes and the cure', async () => {
    @WebPubSubHub('chat')
    class OverHub extends SecureHub {
      override connect(request: ConnectRequest) {
        super.connect(request);
      }
    }
    expect(await messageOfFailedStart(OverHub)).toBe(
      'OverHub.connect overrides SecureHub.connect without its decorators, so that nothing would handle the system event ' +
        '"connect". Repeat @OnConnect() above it, and guards, pipes and the like with it; a method without a body handles the ' +
        'event and does nothing.',
    );
  });

  it.each<[string, () => Type, RegExp]>([
    [
      'in a class between',
      () => {
        class Middle extends SecureHub {
          override connect() {}
        }
        @WebPubSubHub('chat')
        class OverHub extends Middle {}
        return OverHub;
      },
      /^Middle\.connect overrides SecureHub\.connect /,
    ],
    [
      'that handles several events',
      () => {
        @WebPubSubHub('chat')
        class OverHub extends SecureHub {
          override either() {}
        }
        return OverHub;
      },
      /handle the user event "a" and the user event "b"\. Repeat @OnUserEvent\('a'\) @OnUserEvent\('b'\) above/,
    ],
    [
      'as an accessor',
      () => {
        @WebPubSubHub('chat')
        class OverHub extends SecureHub {}
        Object.defineProperty(OverHub.prototype, 'connect', { get: () => () => undefined });
        return OverHub;
      },
      /^OverHub\.connect overrides SecureHub\.connect /,
    ],
    [
      'under a decorator of another kind',
      () => {
        @WebPubSubHub('chat')
        class OverHub extends SecureHub {
          @Traced()
          override connect(request: ConnectRequest) {
            super.connect(request);
          }
        }
        return OverHub;
      },
      /^OverHub\.connect overrides SecureHub\.connect /,
    ],
  ])('stops the start %s', async (_where, define, message) => {
    expect(await messageOfFailedStart(define())).toMatch(message);
  });

  it('of a class that names no hub stops the start too', async () => {
    class OverHub extends SecureHub {
      override connect() {}
      override either() {}
    }
    expect(await messageOfFailedStart(OverHub)).toMatch(/OverHub names none\. Decorate the class/);
  });

  it('handles what its own decorators say', async () => {
    @WebPubSubHub('chat')
    class OverHub extends SecureHub {
      @OnConnect()
      override connect(request: ConnectRequest) {
        if (request.query['refuse']) super.connect(request);
      }

      @OnUserEvent('c')
      override either() {}
    }
    await start({ providers: [OverHub] });
    expect((await app!.sendEvent({ type: 'sys.connect' })).status).toBe(204);
    expect((await app!.sendEvent({ type: 'sys.connect', body: '{"query":{"refuse":["1"]}}' })).status).toBe(401);
    expect((await app!.sendEvent({ type: 'user.c' })).status).toBe(204);
    expect((await app!.sendEvent({ type: 'user.a' })).status).toBe(404);
  });
});

it('a handler that has gone stops the start', async () => {
  @WebPubSubHub('chat')
  class GoneHub {
    @OnConnect()
    connect() {}
  }
  Reflect.deleteProperty(GoneHub.prototype, 'connect');
  expect(await messageOfFailedStart(GoneHub)).toMatch(/^GoneHub\.connect is decorated as a handler, but is no method/);
});

it.each<[string, () => void, RegExp]>([
  [
    'a static method',
    () => {
      class StaticHub {
        @OnConnect()
        static connect() {}
      }
      return StaticHub;
    },
    /^StaticHub\.connect is decorated as a handler, but is no method that could be called: it is static/,
  ],
  [
    'a method that is named by a symbol',
    () => {
      const name = Symbol('connect');
      class SymbolHub {
        @OnConnected()
        [name]() {}
      }
      return SymbolHub;
    },
    /^SymbolHub\.Symbol\(connect\) is decorated as a handler/,
  ],
  [
    'an accessor',
    () => {
      class BoundHub {
        @OnConnect()
        @Bound()
        connect() {}
      }
      return BoundHub;
    },
    /^BoundHub\.connect is decorated as a handler/,
  ],
])('%s is refused where it is decorated', (_what, define, message) => {
  expect(define).toThrow(StartUpError);
  expect(define).toThrow(message);
});
