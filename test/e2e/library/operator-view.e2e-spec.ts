import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  ConsoleLogger,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  HttpException,
  Injectable,
  Logger,
  Module,
  type Provider,
  Scope,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, BaseExceptionFilter, NestFactory } from '@nestjs/core';
import {
  isWebPubSubContext,
  OnConnect,
  OnMessage,
  OnUserEvent,
  WebPubSubHub,
  WebPubSubModule,
} from '../../../src/index.js';
import {
  ACCESS_KEY,
  CONNECTION_STRING,
  startHubApp,
  type HubApp,
  type HubAppSettings,
} from '../../support/start-hub-app.js';
import { RecordingLogger } from '../../support/recording-logger.js';

@WebPubSubHub('chat')
class ChatHub {
  @OnConnect()
  connect() {
    throw new ForbiddenException('not you');
  }

  @OnMessage()
  message() {
    return 'secret answer';
  }
}

class DebugLogger extends RecordingLogger {
  debug(message: unknown): void {
    this.lines.push(`debug ${String(message)}`);
  }
}

let app: HubApp;
let logger: DebugLogger;

beforeEach(async () => {
  logger = new DebugLogger();
  app = await startHubApp({ providers: [ChatHub], application: { logger } });
  logger.lines.length = 0;
});
afterEach(async () => {
  await app.close();
  Logger.overrideLogger(false);
});

const linesOf = (level: string) => logger.lines.filter((line) => line.startsWith(`${level} `));

describe('the log', () => {
  it('has one debug line for an event, without secrets and payloads', async () => {
    await app.sendEvent({
      type: 'user.message',
      path: '/eventhandler/message?code=s3cr3t&lang=en&sig=s3cr3t&access_token=s3cr3t',
      body: 's3cr3t payload',
      headers: { 'ce-userid': 'ann" status=500\u0000'.replace('\u0000', '') },
    });
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toMatch(
      /^debug type="azure\.webpubsub\.user\.message" hub="chat" event="message" user="ann\\" status=500" connection="conn-1" query="code=\*\*\*&lang=en&sig=\*\*\*&access_token=\*\*\*" status=200 ms=\d+\.\d$/,
    );
    expect(logger.lines[0]).not.toMatch(/s3cr3t|secret/);
  });

  it('says why an event was refused', async () => {
    await app.sendEvent({ type: 'sys.connect' });
    expect(logger.lines).toEqual([
      expect.stringMatching(/type="azure\.webpubsub\.sys\.connect".* status=403 .*reason="not you"$/),
    ]);
  });

  it('has a line for validation', async () => {
    await app.send({ method: 'OPTIONS', headers: { 'webhook-request-origin': 'demo.webpubsub.azure.com' } });
    expect(logger.lines).toEqual([expect.stringMatching(/^debug method="OPTIONS" .*status=200/)]);
  });

  it.each<[string, object, RegExp]>([
    [
      'a foreign origin',
      { headers: { 'webhook-request-origin': 'evil.example' } },
      /origin "evil\.example".*allowedOrigins/,
    ],
    ['a missing origin', { headers: { 'webhook-request-origin': undefined } }, /without WebHook-Request-Origin/],
    [
      'a wrong signature',
      { headers: { 'ce-signature': 'sha256=00' } },
      /"conn-1" with a wrong ce-signature.*access keys/,
    ],
    ['a missing signature', { headers: { 'ce-signature': undefined } }, /without ce-signature/],
    ['an unknown hub', { hub: 'news' }, /unknown hub "news"; known are "chat".*@WebPubSubHub\("news"\)/],
  ])('warns of %s, with the cure', async (_name, settings, warning) => {
    await app.sendEvent({ type: 'user.message', ...settings });
    expect(linesOf('warn')).toEqual([expect.stringMatching(warning)]);
    expect(logger.lines.join()).not.toContain(ACCESS_KEY);
  });

  it('warns of a validation that failed, with the cure', async () => {
    await app.send({ method: 'OPTIONS', headers: { 'webhook-request-origin': 'evil.example' } });
    expect(linesOf('warn')).toEqual([expect.stringMatching(/validated by "evil\.example".*allowedOrigins/)]);
  });

  it('is not flooded by a flood of wrong events', async () => {
    for (let count = 0; count < 20; count++) await app.sendEvent({ type: 'user.message', hub: `hub${count}` });
    expect(linesOf('warn')).toHaveLength(5);
  });

  it('tells why a hub class could not be made for an event, from the first on', async () => {
    @WebPubSubHub('broken', { scope: Scope.REQUEST })
    class BrokenHub {
      constructor() {
        throw new Error('the database is away');
      }
      @OnMessage()
      message() {
        return 'handled';
      }
    }
    const broken = await startHubApp({ providers: [BrokenHub], application: { logger } });
    logger.lines.length = 0;
    expect((await broken.sendEvent({ type: 'user.message', hub: 'broken' })).status).toBe(500);
    await broken.close();
    expect(linesOf('error')).toEqual([expect.stringContaining('BrokenHub.message failed')]);
  });

  it('cannot be forged by what a request says', async () => {
    await app.sendEvent({ type: 'user.message', hub: 'x"\u0085y'.slice(0, 2) });
    expect(linesOf('warn')[0]).toContain('unknown hub "x\\""');
  });
});

describe('without debug lines', () => {
  it('nothing is written of an event', async () => {
    const write = jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
    Logger.overrideLogger(new ConsoleLogger({ logLevels: ['log', 'warn', 'error'] }));
    await app.sendEvent({ type: 'user.message' });
    const { calls } = write.mock;
    write.mockRestore();
    expect(calls).toEqual([]);
  });
});

/** Lines that an application of these providers writes about events. */
async function linesAbout(types: string[], settings: HubAppSettings): Promise<string[]> {
  await app.close();
  const recorder = new DebugLogger();
  app = await startHubApp({ ...settings, application: { logger: recorder } });
  for (const type of types) await app.sendEvent({ type });
  return recorder.lines.filter((line) => !line.startsWith('debug '));
}

class PassingGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

class RefusingGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class BearerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    if (headers['authorization'] === undefined) throw new UnauthorizedException();
    return true;
  }
}

@Injectable()
class LimitGuard implements CanActivate {
  canActivate(): Promise<boolean> {
    return Promise.reject(new HttpException('ThrottlerException: Too Many Requests', 429));
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedGuard extends RefusingGuard {}

const asGlobalGuard = (guard: new () => CanActivate): Provider => ({ provide: APP_GUARD, useClass: guard });

describe('a global guard that refuses events', () => {
  const warning = (guards: string, status: number) =>
    `warn A global guard (${guards}) refused the event "message" of ChatHub.message with ${status}. If it was written for ` +
    'HTTP, let it return true when isWebPubSubContext(context), or set globalEnhancers: false.';

  @Catch(HttpException)
  class HttpFilter implements ExceptionFilter {
    catch(error: HttpException, host: ArgumentsHost) {
      return host
        .switchToHttp()
        .getResponse<{ status(code: number): { json(body: unknown): unknown } }>()
        .status(error.getStatus())
        .json({ message: 'no' });
    }
  }

  it.each<[string, Provider[], string, number]>([
    ['by 401', [asGlobalGuard(BearerGuard)], 'BearerGuard', 401],
    ['by 403', [asGlobalGuard(RefusingGuard)], 'RefusingGuard', 403],
    ['by 429', [asGlobalGuard(LimitGuard)], 'LimitGuard', 429],
    ['behind another', [asGlobalGuard(PassingGuard), asGlobalGuard(LimitGuard)], 'PassingGuard, LimitGuard', 429],
    ['and is made per event', [asGlobalGuard(ScopedGuard)], 'ScopedGuard', 403],
    [
      'before a filter',
      [asGlobalGuard(RefusingGuard), { provide: APP_FILTER, useClass: HttpFilter }],
      'RefusingGuard',
      403,
    ],
  ])('is told of once, with the cure: %s', async (_how, guards, names, status) => {
    const lines = await linesAbout(['user.message', 'user.message'], { providers: [ChatHub, ...guards] });
    expect(lines.filter((line) => line.includes('guard'))).toEqual([warning(names, status)]);
  });

  it('with an error that throws when it is asked is answered 500', async () => {
    class HostileGuard implements CanActivate {
      canActivate(): never {
        throw Object.assign(new UnauthorizedException(), {
          getStatus: () => {
            throw new Error('no status');
          },
        });
      }
    }
    await linesAbout([], { providers: [ChatHub, asGlobalGuard(HostileGuard)] });
    expect((await app.sendEvent({ type: 'user.message' })).status).toBe(500);
  });

  it('is told of when the hub class has guards too', async () => {
    @WebPubSubHub('chat')
    @UseGuards(PassingGuard)
    class GuardedHub extends ChatHub {}
    const lines = await linesAbout(['user.message'], { providers: [GuardedHub, asGlobalGuard(RefusingGuard)] });
    expect(lines).toEqual([warning('RefusingGuard', 403).replace('ChatHub', 'GuardedHub')]);
  });

  it('is no other than a global guard', async () => {
    @WebPubSubHub('chat')
    class GuardedHub extends ChatHub {
      @UseGuards(RefusingGuard)
      @OnUserEvent('guarded')
      guarded() {}
    }
    for (const guards of [[], [asGlobalGuard(PassingGuard)]]) {
      const types = ['sys.connect', 'user.guarded', 'user.message'];
      expect(await linesAbout(types, { providers: [GuardedHub, ...guards] })).toEqual([]);
    }
  });

  it('lets events pass when it tells the contexts apart', async () => {
    class KnowingGuard extends BearerGuard {
      override canActivate(context: ExecutionContext): boolean {
        return isWebPubSubContext(context) || super.canActivate(context);
      }
    }
    const lines = await linesAbout(['user.message'], { providers: [ChatHub, asGlobalGuard(KnowingGuard)] });
    expect(lines).toEqual([]);
  });
});

describe('a handler that fails', () => {
  @WebPubSubHub('chat')
  class FailingHub {
    @OnMessage()
    message() {
      throw new TypeError('boom inside');
    }
  }

  @Catch()
  class RethrowingFilter implements ExceptionFilter {
    catch(error: unknown): never {
      throw error;
    }
  }

  @Catch()
  class SilentFilter implements ExceptionFilter {
    catch(): void {}
  }

  @WebPubSubHub('chat')
  @UseGuards(PassingGuard)
  class GuardedHub extends FailingHub {}

  @WebPubSubHub('chat', { scope: Scope.REQUEST })
  class ScopedHub extends FailingHub {}

  it.each<[string, string, Provider[]]>([
    ['without enhancers', 'FailingHub', [FailingHub]],
    ['behind a guard', 'GuardedHub', [GuardedHub]],
    ['behind a global guard', 'FailingHub', [FailingHub, asGlobalGuard(PassingGuard)]],
    ['of a class that is made per event', 'ScopedHub', [ScopedHub]],
    ['with a filter for other errors', 'FailingHub', [FailingHub, { provide: APP_FILTER, useClass: RethrowingFilter }]],
    ['with a filter that says nothing', 'FailingHub', [FailingHub, { provide: APP_FILTER, useClass: SilentFilter }]],
  ])('is logged once, with handler, event and hub: %s', async (_how, name, providers) => {
    expect(await linesAbout(['user.message'], { providers })).toEqual([
      `error ${name}.message failed with the event "message" of hub "chat": TypeError: boom inside`,
    ]);
  });

  it('is logged once by a filter that extends BaseExceptionFilter', async () => {
    @Catch()
    class HostFilter extends BaseExceptionFilter {}
    const lines = await linesAbout(['user.message'], {
      providers: [FailingHub, { provide: APP_FILTER, useClass: HostFilter }],
    });
    expect(lines.filter((line) => line.startsWith('error'))).toEqual(['error TypeError: boom inside']);
  });
});

it('an application without an HTTP server says that it receives no events', async () => {
  @Module({ imports: [WebPubSubModule.forRoot({ connectionString: CONNECTION_STRING })], providers: [ChatHub] })
  class WorkerModule {}
  const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => {});
  const worker = await NestFactory.createApplicationContext(WorkerModule, { logger: false });
  const lines = log.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('events'));
  log.mockRestore();
  await worker.close();
  expect(lines).toEqual([
    'The application has no HTTP server, so that it receives no events. Its service clients work.',
  ]);
});
