import { describe, expect, it, jest } from '@jest/globals';
import {
  type CanActivate,
  ClassSerializerInterceptor,
  Controller,
  Get,
  Injectable,
  Logger,
  type LoggerService,
  Module,
  ParseIntPipe,
  Post,
  type Provider,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { APP_GUARD, BaseExceptionFilter, LazyModuleLoader, NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  EventData,
  OnConnect,
  OnConnected,
  OnGroupJoined,
  OnMessage,
  OnUserEvent,
  StartUpError,
  UserEventRequest,
  WebPubSubHub,
  WebPubSubHubs,
  WebPubSubModule,
  type WebPubSubModuleOptions,
  type WebPubSubOptionsFactory,
} from '../../../src/index.js';
import { MODULE_NOT_CONFIGURED } from '../../../src/library/web-pubsub-options.messages.js';
import {
  ATTACHMENTS,
  CONNECTION_STRING,
  PLATFORMS,
  startHubApp,
  type HubAppSettings,
} from '../../support/start-hub-app.js';

async function messageOfFailedStart(settings: HubAppSettings): Promise<string> {
  const error = await startHubApp(settings).then(
    (app) => app.close(),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartUpError);
  return (error as Error).message;
}

@WebPubSubHub('chat')
class ChatHub {
  @OnMessage()
  onMessage() {
    return 'chat';
  }
}

class RefusingGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@WebPubSubHub('chat')
class GuardedHub {
  @UseGuards(RefusingGuard)
  @OnMessage()
  guarded() {}
}

@WebPubSubHub('chat')
class PipedHub {
  @OnMessage()
  piped(@EventData(ParseIntPipe) data: number) {
    return data;
  }
}

@Injectable()
@UseGuards(RefusingGuard)
class OtherGuarded {}

describe('the start of an application stops', () => {
  it('when two classes handle one event, with both names', async () => {
    @WebPubSubHub('CHAT')
    class LobbyHub {
      @OnUserEvent('Message')
      onText() {}
    }
    expect(await messageOfFailedStart({ providers: [ChatHub, LobbyHub] })).toBe(
      'Hub "chat" handles the user event "Message" twice: ChatHub.onMessage and LobbyHub.onText. Keep one.',
    );
  });

  it.each<[string, () => new () => object, RegExp]>([
    [
      'two methods handle one system event',
      () => {
        @WebPubSubHub('chat')
        class TwiceHub {
          @OnConnect()
          one() {}
          @OnConnect()
          two() {}
        }
        return TwiceHub;
      },
      /the system event "connect" twice: TwiceHub\.one and TwiceHub\.two/,
    ],
    [
      'two methods handle all other user events',
      () => {
        @WebPubSubHub('chat')
        class StarHub {
          @OnUserEvent('*')
          one() {}
          @OnUserEvent(['a', '*'])
          two() {}
        }
        return StarHub;
      },
      /all user events \('\*'\) twice: StarHub\.one and StarHub\.two/,
    ],
    [
      'the hub has no name a hub can have',
      () => {
        @WebPubSubHub('9 lives')
        class BadNameHub {}
        return BadNameHub;
      },
      /BadNameHub is decorated with @WebPubSubHub\("9 lives"\)/,
    ],
    [
      'a user event has no name an event can have',
      () => {
        @WebPubSubHub('chat')
        class BadEventHub {
          @OnUserEvent('a b')
          handle() {}
        }
        return BadEventHub;
      },
      /BadEventHub\.handle handles the user event "a b"/,
    ],
    [
      'no user event is named',
      () => {
        @WebPubSubHub('chat')
        class NoEventHub {
          @OnUserEvent([])
          handle() {}
        }
        return NoEventHub;
      },
      /NoEventHub\.handle is decorated with @OnUserEvent without a name/,
    ],
    [
      'a class with handlers is no hub class',
      () => {
        @Injectable()
        class ForgottenHub {
          @OnMessage()
          handle() {}
        }
        return ForgottenHub;
      },
      /ForgottenHub\.handle handles events of a hub.*Decorate the class with @WebPubSubHub/,
    ],
    [
      'a class inherits handlers and names no hub of its own',
      () => {
        class HeirOfChatHub extends ChatHub {}
        return HeirOfChatHub;
      },
      /HeirOfChatHub names none/,
    ],
  ])('when %s', async (_name, define, message) => {
    expect(await messageOfFailedStart({ providers: [define()] })).toMatch(message);
  });

  it('when a hub class is a controller', async () => {
    @WebPubSubHub('chat')
    @Controller()
    class ControllerHub {}
    expect(await messageOfFailedStart({ controllers: [ControllerHub] })).toMatch(/List it under providers/);
  });

  it('when two modules provide one hub class', async () => {
    @Module({ providers: [ChatHub] })
    class OneModule {}
    @Module({ providers: [ChatHub] })
    class OtherModule {}
    expect(await messageOfFailedStart({ imports: [OneModule, OtherModule] })).toMatch(
      /ChatHub is provided twice: in OneModule and in OtherModule/,
    );
  });

  it('when a request-scoped global enhancer could not be run for a hub class that a factory makes', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class ScopedGuard implements CanActivate {
      canActivate() {
        return true;
      }
    }
    const providers = [
      { provide: 'HUB', useFactory: () => new ChatHub() },
      { provide: APP_GUARD, useClass: ScopedGuard },
    ];
    expect(await messageOfFailedStart({ providers })).toMatch(/ChatHub is provided by a factory.*ScopedGuard/);
  });

  it.each<[string, (hub: Type) => Provider[]]>([
    ['by a factory', (hub) => [{ provide: hub, useFactory: () => new hub() }]],
    ['as a value', (hub) => [{ provide: 'HUB', useValue: new hub() }]],
  ])('when a hub class provided %s asks for enhancers that Nest does not make', async (_way, provide) => {
    expect(await messageOfFailedStart({ providers: provide(GuardedHub) })).toMatch(
      /^GuardedHub\.guarded asks for RefusingGuard, which Nest does not make/,
    );
    expect(await messageOfFailedStart({ providers: provide(PipedHub) })).toMatch(
      /^PipedHub\.piped asks for ParseIntPipe/,
    );
    // Made for another class of the module.
    const app = await startHubApp({ providers: [...provide(GuardedHub), OtherGuarded] });
    expect((await app.sendEvent({ type: 'user.message' })).status).toBe(403);
    await app.close();
  });

  it.each<[string, ClassDecorator & MethodDecorator, string]>([
    ['guards', UseGuards(RefusingGuard), 'RefusingGuard'],
    ['interceptors', UseInterceptors(ClassSerializerInterceptor), 'ClassSerializerInterceptor'],
    ['pipes', UsePipes(ValidationPipe), 'ValidationPipe'],
    ['filters', UseFilters(BaseExceptionFilter), 'BaseExceptionFilter'],
  ])('when a hub class provided by a factory asks for %s by their class', async (_kind, decorate, name) => {
    @WebPubSubHub('chat')
    @decorate
    class DecoratedHub {
      @OnMessage()
      message() {}
    }
    @WebPubSubHub('chat')
    class DecoratedMethodHub {
      @decorate
      @OnMessage()
      message() {}
    }
    for (const hub of [DecoratedHub, DecoratedMethodHub]) {
      const providers = [{ provide: hub, useFactory: () => new hub() }];
      expect(await messageOfFailedStart({ providers })).toMatch(
        `${hub.name}.message asks for ${name}, which Nest does`,
      );
    }
  });

  it.each(PLATFORMS)('when two modules receive events at one path, %s', async (platform) => {
    const another = (path: string) => WebPubSubModule.forRoot({ connectionString: CONNECTION_STRING, path });
    expect(await messageOfFailedStart({ platform, imports: [another('/eventhandler/')] })).toMatch(
      /^Two WebPubSubModules receive events at the path "\/eventhandler"\. .* import it once/,
    );
    const app = await startHubApp({ platform, providers: [ChatHub], imports: [another('/other')] });
    for (const path of ['/eventhandler', '/other']) {
      expect((await app.sendEvent({ type: 'user.message', path })).text).toBe('chat');
    }
    await app.close();
  });

  it('when no connection string of a list is there', async () => {
    for (const connectionString of [null, [], [''], ['', null]]) {
      const options = { connectionString } as unknown as WebPubSubModuleOptions;
      expect(await messageOfFailedStart({ options })).toMatch(
        /^The connectionString of WebPubSubModule is undefined or empty\. Is the environment .* Nothing authenticates/,
      );
    }
  });

  it('when a connection string is no text, without showing it', async () => {
    for (const connectionString of [7, [CONNECTION_STRING, { key: 'secret' }]]) {
      const options = { connectionString } as unknown as WebPubSubModuleOptions;
      const message = await messageOfFailedStart({ options });
      expect(message).toMatch(/^The option connectionString of WebPubSubModule must be a text or a list of texts, not/);
      expect(message).not.toMatch(/secret|AccessKey/);
    }
  });

  it('when nothing authenticates the service', async () => {
    await expect(startHubApp({ options: { connectionString: undefined } })).rejects.toThrow(StartUpError);
    const app = await startHubApp({
      providers: [ChatHub],
      options: { connectionString: undefined, upstreamAuth: { signature: 'off' } },
    });
    const headers = { 'ce-signature': undefined, 'webhook-request-origin': undefined };
    expect((await app.sendEvent({ type: 'user.message', headers })).text).toBe('chat');
    await app.close();
  });

  it('when there is no connection string at all', async () => {
    const starting = Test.createTestingModule({ imports: [WebPubSubModule.forRoot({})] }).compile();
    await expect(starting).rejects.toThrow(/^Nothing authenticates the service/);
  });

  it.each<[string, NonNullable<HubAppSettings['imports']>]>([
    ['beside forRoot', [WebPubSubModule.forRoot({ connectionString: CONNECTION_STRING })]],
    [
      'beside forRootAsync',
      [WebPubSubModule.forRootAsync({ useFactory: () => ({ connectionString: CONNECTION_STRING }) })],
    ],
    ['and nowhere else', []],
  ])('when the module is imported without options, %s', async (_where, imports) => {
    @Module({ imports: [WebPubSubModule], providers: [ChatHub] })
    class FeatureModule {}
    for (const order of [
      [FeatureModule, ...imports],
      [...imports, FeatureModule],
    ]) {
      const starting = Test.createTestingModule({ imports: order }).compile();
      const error = await starting.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toEqual(new StartUpError(MODULE_NOT_CONFIGURED));
    }
  });

  it('when an option has a value that it cannot have', async () => {
    expect(await messageOfFailedStart({ options: { maxBodyBytes: Number.NaN } })).toBe(
      'The option maxBodyBytes of WebPubSubModule must be a positive number of bytes, not NaN.',
    );
  });

  it('when a factory returns no options', async () => {
    const useFactory = (() => undefined) as unknown as () => WebPubSubModuleOptions;
    const starting = Test.createTestingModule({ imports: [WebPubSubModule.forRootAsync({ useFactory })] }).compile();
    const error = await starting.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StartUpError);
    expect((error as Error).message).toContain('the factory of forRootAsync returned nothing');
  });

  it('when the path is no path', async () => {
    await expect(startHubApp({ options: { path: '/a?b' } })).rejects.toThrow(/is no path of a URL/);
  });
});

it.each<[string, (hub: Type) => Provider]>([
  ['by a factory', (hub) => ({ provide: hub, useFactory: () => new hub() })],
  ['as a value', (hub) => ({ provide: 'HUB', useValue: new hub() })],
])('runs the enhancers that a hub class provided %s was given as instances', async (_way, provide) => {
  @WebPubSubHub('chat')
  class InstanceHub {
    @UseGuards(new RefusingGuard())
    @OnMessage()
    guarded() {}

    @OnUserEvent('piped')
    piped(@EventData(new ParseIntPipe()) data: number) {
      return `${data + 1}`;
    }
  }
  const app = await startHubApp({ providers: [provide(InstanceHub)] });
  expect((await app.sendEvent({ type: 'user.message' })).status).toBe(403);
  expect((await app.sendEvent({ type: 'user.piped', body: '41' })).text).toBe('42');
  expect((await app.sendEvent({ type: 'user.piped' })).status).toBe(400);
  await app.close();
});

it('leaves out connection strings that are absent', async () => {
  for (const absent of ['', null, undefined]) {
    for (const connectionString of [
      [absent, CONNECTION_STRING],
      [CONNECTION_STRING, absent],
    ]) {
      const options = { connectionString } as unknown as WebPubSubModuleOptions;
      const app = await startHubApp({ providers: [ChatHub], options });
      expect((await app.sendEvent({ type: 'user.message' })).text).toBe('chat');
      const headers = { 'ce-signature': `sha256=${'0'.repeat(64)}` };
      expect((await app.sendEvent({ type: 'user.message', headers })).status).toBe(401);
      await app.close();
    }
  }
});

it('stops when events should be received by a route that Fastify has already', async () => {
  @Controller()
  class PostController {
    @Post()
    post() {}
  }
  const options = { path: '/', attach: 'route' } as const;
  expect(await messageOfFailedStart({ platform: 'fastify', options, controllers: [PostController] })).toMatch(
    /^The application has a route for POST \/ of its own/,
  );
});

describe.each(ATTACHMENTS)('the path / on Fastify, attached at the %s', (attach) => {
  it('leaves the page of the host alone', async () => {
    @Controller()
    class PageController {
      @Get()
      page() {
        return 'page';
      }
    }
    const app = await startHubApp({
      platform: 'fastify',
      options: { path: '/', attach },
      providers: [ChatHub],
      controllers: [PageController],
    });
    expect((await app.send({ method: 'GET', path: '/' })).text).toBe('page');
    for (const path of ['/', '/below']) expect((await app.sendEvent({ type: 'user.message', path })).text).toBe('chat');
    await app.close();
  });
});

describe('hub classes are found', () => {
  it('when a decorator wraps their methods, and hands metadata on by way of the prototype', async () => {
    const calls: string[] = [];
    const Audited = (): MethodDecorator => (_target, name, descriptor: PropertyDescriptor) => {
      const original = descriptor.value as (...args: unknown[]) => unknown;
      descriptor.value = Object.setPrototypeOf(function (this: unknown, ...args: unknown[]) {
        calls.push(String(name));
        return original.apply(this, args);
      }, original);
    };
    @WebPubSubHub('chat')
    class AuditedHub {
      @OnUserEvent('more')
      @Audited()
      @OnConnect()
      @OnMessage()
      any() {
        return undefined;
      }
    }
    const app = await startHubApp({ providers: [AuditedHub] });
    for (const type of ['sys.connect', 'user.message', 'user.more']) {
      expect((await app.sendEvent({ type })).status).toBe(204);
    }
    await app.close();
    expect(calls).toEqual(['any', 'any', 'any']);
  });

  it('and called by name, so that a test may replace a method', async () => {
    const app = await startHubApp({ providers: [ChatHub] });
    app.app.get(ChatHub).onMessage = () => 'replaced';
    expect((await app.sendEvent({ type: 'user.message' })).text).toBe('replaced');
    await app.close();
  });

  it('and called by name, so that jest.spyOn sees the calls', async () => {
    const app = await startHubApp({ providers: [ChatHub] });
    const spy = jest.spyOn(app.app.get(ChatHub), 'onMessage').mockReturnValue('spied');
    expect((await app.sendEvent({ type: 'user.message' })).text).toBe('spied');
    expect(spy).toHaveBeenCalledTimes(1);
    spy.mockRestore();
    expect((await app.sendEvent({ type: 'user.message' })).text).toBe('chat');
    await app.close();
  });

  it('in modules that are dynamic, several for one hub, with handlers of base classes', async () => {
    abstract class BaseHub {
      @OnConnected()
      connected() {}

      @OnUserEvent('overridden')
      overridden() {
        return 'base';
      }

      @OnUserEvent('inherited')
      inherited(request: UserEventRequest) {
        return `${this.greeting} ${String(request.data)}`;
      }

      abstract readonly greeting: string;
    }
    @WebPubSubHub('chat')
    class FriendlyHub extends BaseHub {
      readonly greeting = 'hi';

      @OnUserEvent('own')
      override overridden() {
        return 'own';
      }
    }
    @Module({})
    class DynamicHubModule {}
    const app = await startHubApp({
      imports: [{ module: DynamicHubModule, providers: [FriendlyHub] }],
      providers: [ChatHub],
    });
    const answer = async (event: string) => (await app.sendEvent({ type: `user.${event}` })).text;
    expect([await answer('message'), await answer('inherited'), await answer('own')]).toEqual([
      'chat',
      'hi hello',
      'own',
    ]);
    expect((await app.sendEvent({ type: 'user.overridden' })).status).toBe(404);
    await app.close();
  });

  it('under another token, as a value and behind an alias', async () => {
    @WebPubSubHub('other')
    class OtherHub {
      @OnMessage()
      message() {
        return 'other';
      }
    }
    const app = await startHubApp({
      providers: [
        { provide: 'CHAT', useClass: ChatHub },
        { provide: 'ALIAS', useExisting: 'CHAT' },
        { provide: 'OTHER', useValue: new OtherHub() },
      ],
    });
    expect((await app.sendEvent({ type: 'user.message' })).text).toBe('chat');
    expect((await app.sendEvent({ type: 'user.message', hub: 'other' })).text).toBe('other');
    await app.close();
  });

  it('in modules that are loaded lazily, once they are loaded', async () => {
    @WebPubSubHub('late')
    class LateHub {
      @OnMessage()
      message() {
        return 'late';
      }
    }
    @Module({ providers: [LateHub] })
    class LateModule {}
    @WebPubSubHub('chat')
    class SecondChatHub {
      @OnMessage()
      again() {}
    }
    @Module({ providers: [SecondChatHub] })
    class WrongModule {}

    const app = await startHubApp({ providers: [ChatHub] });
    expect((await app.sendEvent({ type: 'user.message', hub: 'late' })).status).toBe(404);
    const loader = app.app.get(LazyModuleLoader);
    await loader.load(() => LateModule);
    expect((await app.sendEvent({ type: 'user.message', hub: 'late' })).text).toBe('late');
    await expect(loader.load(() => WrongModule)).rejects.toThrow(/ChatHub\.onMessage and SecondChatHub\.again/);
    expect((await app.sendEvent({ type: 'user.message' })).text).toBe('chat');
    await app.close();
  });

  it.each([Scope.REQUEST, Scope.TRANSIENT])(
    'not in such a module without its global guards, scope %s',
    async (scope) => {
      @Injectable({ scope })
      class ScopedGuard implements CanActivate {
        canActivate() {
          return true;
        }
      }
      @Module({ providers: [ChatHub] })
      class LateModule {}
      const app = await startHubApp({ providers: [{ provide: APP_GUARD, useClass: ScopedGuard }] });
      await expect(app.app.get(LazyModuleLoader).load(() => LateModule)).rejects.toThrow(
        /^The module of the hub class ChatHub was loaded lazily.*ScopedGuard/,
      );
      expect((await app.sendEvent({ type: 'user.message' })).status).toBe(404);
      await app.close();
    },
  );
});

describe('the module', () => {
  const options: WebPubSubModuleOptions = { connectionString: CONNECTION_STRING, path: '/events' };

  class OptionsFactory implements WebPubSubOptionsFactory {
    createWebPubSubOptions() {
      return options;
    }
  }

  @Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
  class OptionsModule {}

  it.each([
    ['forRoot', WebPubSubModule.forRoot(options)],
    ['forRootAsync with a factory', WebPubSubModule.forRootAsync({ useFactory: async () => options })],
    ['forRootAsync with a class', WebPubSubModule.forRootAsync({ useClass: OptionsFactory })],
    [
      'forRootAsync with an existing provider',
      WebPubSubModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFactory }),
    ],
    [
      'forRootAsync with a path beside the options',
      WebPubSubModule.forRootAsync({ path: 'events/', useFactory: () => ({ ...options, path: '/ignored' }) }),
    ],
  ])('is made by %s', async (_name, module) => {
    const testing = await Test.createTestingModule({ imports: [module], providers: [ChatHub] }).compile();
    const app = testing.createNestApplication({ logger: false });
    await app.init();
    expect(app.get(WebPubSubHubs).describeHubs()).toMatchObject([{ hub: 'chat', path: '/events' }]);
    await app.close();
  });

  it('describes hubs, and says at the start what is served', async () => {
    @WebPubSubHub('Sample_ChatApp')
    class SampleHub {
      @OnConnect()
      connect() {}
      @OnGroupJoined()
      joined() {}
      @OnUserEvent(['join', '*'])
      any() {}
    }
    const lines: string[] = [];
    const logger: LoggerService = {
      log: (line: string) => lines.push(line),
      warn: () => undefined,
      error: () => undefined,
    };
    const app = await startHubApp({ providers: [SampleHub], application: { logger } });
    Logger.overrideLogger(false);
    expect(app.app.get(WebPubSubHubs).describeHubs()).toEqual([
      {
        hub: 'Sample_ChatApp',
        path: '/eventhandler',
        systemEvents: ['connect'],
        groupEvents: ['joined'],
        userEvents: ['join', '*'],
        handlers: [
          { kind: 'system', event: 'connect', handler: 'SampleHub.connect' },
          { kind: 'group', event: 'joined', handler: 'SampleHub.joined' },
          { kind: 'user', event: 'join', handler: 'SampleHub.any' },
          { kind: 'user', event: '*', handler: 'SampleHub.any' },
        ],
      },
    ]);
    expect(lines).toContain(
      'Events are received at /eventhandler for hub "Sample_ChatApp" (connect, joined, join, *).',
    );
    await app.close();
  });

  it('gives service clients to an application that serves no HTTP', async () => {
    const context = await NestFactory.createApplicationContext(
      { module: class WorkerModule {}, imports: [WebPubSubModule.forRoot(options)], providers: [ChatHub] },
      { logger: false },
    );
    expect(context.get(WebPubSubHubs).describeHubs()).toHaveLength(1);
    await context.close();
  });
});
