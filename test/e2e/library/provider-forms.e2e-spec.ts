import { describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  type ExceptionFilter,
  ForbiddenException,
  Injectable,
  type ModuleMetadata,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { EventData, OnMessage, WebPubSubHub } from '../../../src/index.js';
import { startHubApp, type HubAppSettings } from '../../support/start-hub-app.js';

type Providers = NonNullable<ModuleMetadata['providers']>;

/** What enhancers decide by: one that was made without it decides nothing. */
@Injectable()
class Decision {
  refuse(): never {
    throw new ForbiddenException();
  }
}

/** A class of enhancers, of which Nest must make the instances, and both ways to ask for it. */
interface EnhancerForms {
  readonly enhancer: Type;
  readonly decorator: MethodDecorator;
  readonly globalToken: string;
}

function enhancersOf(scope: Scope): Record<string, EnhancerForms> {
  @Injectable({ scope })
  class Guard {
    constructor(private readonly decision?: Decision) {}
    canActivate() {
      return this.decision?.refuse() ?? true;
    }
  }
  @Injectable({ scope })
  class Pipe implements PipeTransform {
    constructor(private readonly decision?: Decision) {}
    transform(value: unknown) {
      return this.decision?.refuse() ?? value;
    }
  }
  @Injectable({ scope })
  class Interceptor implements NestInterceptor {
    constructor(private readonly decision?: Decision) {}
    intercept(_context: unknown, next: Parameters<NestInterceptor['intercept']>[1]) {
      return this.decision?.refuse() ?? next.handle();
    }
  }
  @Catch(RangeError)
  @Injectable({ scope })
  class Filter implements ExceptionFilter {
    constructor(private readonly decision?: Decision) {}
    catch(error: unknown) {
      throw this.decision?.refuse() ?? error;
    }
  }
  return {
    guard: { enhancer: Guard, decorator: UseGuards(Guard), globalToken: APP_GUARD },
    pipe: { enhancer: Pipe, decorator: UsePipes(Pipe), globalToken: APP_PIPE },
    interceptor: { enhancer: Interceptor, decorator: UseInterceptors(Interceptor), globalToken: APP_INTERCEPTOR },
    filter: { enhancer: Filter, decorator: UseFilters(Filter), globalToken: APP_FILTER },
  };
}

/** A hub class whose handler gives the enhancer of that kind something to do. */
function plainHub(kind: string): Type {
  @WebPubSubHub('chat')
  class ChatHub {
    @OnMessage()
    message(@EventData() _text: string) {
      if (kind === 'filter') throw new RangeError('for the filter');
      return 'handled';
    }
  }
  return ChatHub;
}

/** A hub class of which no event is handled when its enhancer is asked. */
function guardedHub(kind: string, scope: Scope): Type {
  const hub = plainHub(kind);
  const descriptor = Object.getOwnPropertyDescriptor(hub.prototype, 'message')!;
  enhancersOf(scope)[kind].decorator(hub.prototype as object, 'message', descriptor);
  return hub;
}

/** The status of an event, or the message of the error that stops the start. */
async function outcomeOf(settings: HubAppSettings): Promise<string> {
  try {
    const app = await startHubApp(settings);
    try {
      return String((await app.sendEvent({ type: 'user.message' })).status);
    } finally {
      await app.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
}

const REFUSED = /^403$/;
const NOT_MADE = /asks for \w+, which Nest does not make/;

const FORMS: [form: string, provide: (hub: Type) => Providers, expected: RegExp][] = [
  ['as a class', (hub) => [hub], REFUSED],
  ['by useClass under another token', (hub) => [{ provide: 'HUB', useClass: hub }], REFUSED],
  ['as a class with an alias', (hub) => [{ provide: 'HUB', useExisting: hub }, hub], REFUSED],
  ['by a factory', (hub) => [{ provide: hub, useFactory: () => new hub() }], NOT_MADE],
  ['as a value', (hub) => [{ provide: 'HUB', useValue: new hub() }], NOT_MADE],
];

describe.each([
  ['singleton', Scope.DEFAULT],
  ['transient', Scope.TRANSIENT],
])('a hub class with a %s', (_scope, scope) => {
  describe.each(['guard', 'pipe', 'interceptor', 'filter'])('%s', (kind) => {
    it.each(FORMS)('keeps it, or stops the start, when provided %s', async (_form, provide, expected) => {
      const providers = [Decision, ...provide(guardedHub(kind, scope))];
      const outcome = await outcomeOf({ providers });
      expect(outcome).toMatch(expected);
    });
  });
});

describe.each(['guard', 'pipe', 'interceptor', 'filter'])('a transient global %s', (kind) => {
  it.each<[string, (enhancer: Type) => Provider]>([
    ['by useClass', (enhancer) => ({ provide: '', useClass: enhancer })],
    ['by a factory', (enhancer) => ({ provide: '', useFactory: () => new enhancer(new Decision()) })],
  ])('is run for hub classes when provided %s', async (_way, provide) => {
    const { enhancer, globalToken } = enhancersOf(Scope.TRANSIENT)[kind];
    const globalEnhancer = { ...(provide(enhancer) as object), provide: globalToken, scope: Scope.TRANSIENT };
    expect(await outcomeOf({ providers: [Decision, plainHub(kind), globalEnhancer as Provider] })).toMatch(REFUSED);
  });
});

describe('a transient global guard', () => {
  @Injectable({ scope: Scope.TRANSIENT })
  class TransientGuard {
    canActivate() {
      return true;
    }
  }

  it.each<[string, Provider[], string]>([
    ['a class', [{ provide: APP_GUARD, useClass: TransientGuard }], 'TransientGuard'],
    ['an alias', [TransientGuard, { provide: APP_GUARD, useExisting: TransientGuard }], 'TransientGuard'],
    [
      'a factory',
      [{ provide: APP_GUARD, scope: Scope.TRANSIENT, useFactory: () => new TransientGuard() }],
      "a factory's guard",
    ],
  ])('of %s is told of when Nest would not run it', async (_what, guard, name) => {
    const hub = plainHub('guard');
    expect(await outcomeOf({ providers: [{ provide: 'HUB', useFactory: () => new hub() }, ...guard] })).toMatch(
      `another token, so that Nest does not run the request-scoped or transient global enhancers (${name}) for it`,
    );
  });
});

describe('an enhancer that Nest makes for a controller of the same module', () => {
  it.each([
    ['as a value', (hub: Type): Providers => [{ provide: 'HUB', useValue: new hub() }]],
    ['by a factory', (hub: Type): Providers => [{ provide: hub, useFactory: () => new hub() }]],
  ])('is not taken for one of a hub class provided %s', async (_way, provide) => {
    // Refuses by what its constructor sets, as most do.
    @Injectable({ scope: Scope.REQUEST })
    class Guard {
      private readonly isClosed = true;
      canActivate() {
        return !this.isClosed;
      }
    }
    @Controller()
    @UseGuards(Guard)
    class OtherController {}
    @WebPubSubHub('chat')
    @UseGuards(Guard)
    class ChatHub {
      @OnMessage()
      message() {
        return 'handled';
      }
    }
    const settings = { providers: provide(ChatHub), controllers: [OtherController] };
    expect(await outcomeOf(settings)).toMatch(NOT_MADE);
  });
});

describe('a hub class that must be made for each event', () => {
  @WebPubSubHub('chat')
  class ChatHub {
    @OnMessage()
    message() {
      return 'handled';
    }
  }
  @Injectable({ scope: Scope.REQUEST })
  class RequestGuard {
    canActivate() {
      return false;
    }
  }
  const globalGuard = { provide: APP_GUARD, useClass: RequestGuard };

  it.each<[string, Providers]>([
    ['by a request-scoped factory', [{ provide: ChatHub, scope: Scope.REQUEST, useFactory: () => new ChatHub() }]],
    [
      'by a factory, with a request-scoped global guard',
      [{ provide: ChatHub, useFactory: () => new ChatHub() }, globalGuard],
    ],
    ['as a value, with a request-scoped global guard', [{ provide: ChatHub, useValue: new ChatHub() }, globalGuard]],
  ])('stops the start when provided %s', async (_way, providers) => {
    expect(await outcomeOf({ providers })).toMatch(/ChatHub is provided by a factory/);
  });

  it('may be replaced by an object that is no hub', async () => {
    const providers = [{ provide: ChatHub, useValue: {} }, globalGuard];
    expect(await outcomeOf({ providers })).toBe('404');
  });

  it('is refused by a request-scoped global guard when provided by useClass', async () => {
    expect(await outcomeOf({ providers: [{ provide: ChatHub, useClass: ChatHub }, globalGuard] })).toMatch(REFUSED);
  });
});

describe('hub classes of the same name', () => {
  function sameName(hub: string, pipe: PipeTransform): Type {
    @WebPubSubHub(hub)
    class SameName {
      @OnMessage()
      message(@EventData(pipe) text: string) {
        return text;
      }
    }
    return SameName;
  }

  it('have parameter pipes of their own', async () => {
    const app = await startHubApp({
      providers: ['one', 'two'].map((hub) => sameName(hub, { transform: (text: string) => `${hub} ${text}` })),
    });
    const texts = ['one', 'two'].map((hub) => app.sendEvent({ type: 'user.message', hub, body: 'hello' }));
    expect((await Promise.all(texts)).map(({ text }) => text)).toEqual(['one hello', 'two hello']);
    await app.close();
  });
});
