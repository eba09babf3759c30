import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  InternalServerErrorException,
  Logger,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
  Scope,
  ServiceUnavailableException,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { catchError, map, of, retry, tap, throwError } from 'rxjs';
import {
  EventData,
  isWebPubSubContext,
  OnConnect,
  OnMessage,
  type UserEventRequest,
  WebPubSubHub,
} from '../../../src/index.js';
import { ATTACHMENTS, PLATFORMS, startHubApp, type HubApp, type HubAppSettings } from '../../support/start-hub-app.js';
import { RecordingLogger } from '../../support/recording-logger.js';

let app: HubApp | undefined;

afterEach(async () => {
  Logger.overrideLogger(false);
  await app?.close();
  app = undefined;
});

/** What an application answers to a message, twice, and the lines that it writes. */
async function run(settings: HubAppSettings): Promise<{ statuses: number[]; lines: string[] }> {
  const logger = new RecordingLogger();
  app = await startHubApp({ ...settings, application: { logger } });
  const statuses: number[] = [];
  for (let count = 0; count < 2; count++) statuses.push((await app.sendEvent({ type: 'user.message' })).status);
  return { statuses, lines: logger.lines };
}

@WebPubSubHub('chat')
class ChatHub {
  @OnMessage()
  message(@EventData() text: string) {
    return `echo ${text}`;
  }
}

@WebPubSubHub('chat')
class GuestHub {
  @OnConnect()
  connect() {}

  @OnMessage()
  message(request: UserEventRequest) {
    return Object.keys(request);
  }
}

/** What an HTTP request has and an event has not. */
const readsUser = (context: ExecutionContext): boolean =>
  context.switchToHttp().getRequest<{ user: { isAdmin: boolean } }>().user.isAdmin;

class PassingGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

class PassingInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle();
  }
}

class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return readsUser(context);
  }
}

/** As guards for GraphQL and HTTP together: `GqlExecutionContext.create(context).getContext().req`. */
class GraphqlGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    await Promise.resolve();
    return context.getArgByIndex<{ req: object }>(2).req !== undefined;
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedGuard extends UserGuard {}

class DatabaseGuard implements CanActivate {
  canActivate(): never {
    throw new ServiceUnavailableException('no database');
  }
}

class UserInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    readsUser(context);
    return next.handle();
  }
}

class AsyncInterceptor implements NestInterceptor {
  async intercept(context: ExecutionContext, next: CallHandler) {
    await Promise.resolve();
    readsUser(context);
    return next.handle();
  }
}

/** As those that measure: what they measure is known when the handler has ended. */
class LateInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(tap(() => readsUser(context)));
  }
}

class RetryingInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(
      tap(() => readsUser(context)),
      retry(1),
    );
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedInterceptor extends LateInterceptor {}

class TenantInterceptor implements NestInterceptor {
  intercept(): never {
    throw new BadRequestException('X-Tenant is missing');
  }
}

const globally = (enhancer: new () => unknown): Provider => ({
  provide: 'canActivate' in (enhancer.prototype as object) ? APP_GUARD : APP_INTERCEPTOR,
  useClass: enhancer,
});

const CURES = {
  guard:
    'If it was written for HTTP, let it return true when isWebPubSubContext(context), or set globalEnhancers: false.',
  interceptor:
    'If it was written for HTTP, let it return next.handle() when isWebPubSubContext(context), or set globalEnhancers: false.',
};

describe.each(PLATFORMS)('a global guard or interceptor that fails, on %s', (platform) => {
  it.each<['guard' | 'interceptor', string, string, (new () => unknown)[], string]>([
    ['guard', 'at once', 'UserGuard', [UserGuard], "reading 'isAdmin'"],
    ['guard', 'later', 'GraphqlGuard', [GraphqlGuard], "reading 'req'"],
    ['guard', 'behind another', 'PassingGuard, UserGuard', [PassingGuard, UserGuard], "reading 'isAdmin'"],
    ['guard', 'and is made per event', 'ScopedGuard', [ScopedGuard], "reading 'isAdmin'"],
    ['interceptor', 'at once', 'UserInterceptor', [UserInterceptor], "reading 'isAdmin'"],
    ['interceptor', 'later', 'AsyncInterceptor', [AsyncInterceptor], "reading 'isAdmin'"],
    ['interceptor', 'behind the handler', 'LateInterceptor', [LateInterceptor], "reading 'isAdmin'"],
    ['interceptor', 'behind the handler, twice', 'RetryingInterceptor', [RetryingInterceptor], "reading 'isAdmin'"],
    ['interceptor', 'and is made per event', 'ScopedInterceptor', [ScopedInterceptor], "reading 'isAdmin'"],
    [
      'interceptor',
      'behind a guard',
      'PassingInterceptor, UserInterceptor',
      [PassingGuard, PassingInterceptor, UserInterceptor],
      "reading 'isAdmin'",
    ],
  ])('is named in place of the hub, and told of once with the cure: %s %s', async (kind, _how, names, list, text) => {
    const { statuses, lines } = await run({ platform, providers: [ChatHub, ...list.map(globally)] });
    expect(statuses).toEqual([500, 500]);
    const hints = lines.filter((line) => line.startsWith('warn'));
    expect(hints).toEqual([expect.stringContaining(text)]);
    expect(hints[0]).toContain(`warn A global ${kind} (${names}) failed at the event "message" of ChatHub.message (`);
    expect(hints[0]).toContain(`). ${CURES[kind]}`);
    const failure = expect.stringMatching(
      /^error A global .* of ChatHub\.message failed with the event "message" of hub/,
    );
    expect(lines.filter((line) => line.startsWith('error'))).toEqual([failure, failure]);
    expect(lines.at(-1)).toContain(`A global ${kind} (${names}) of ChatHub.message`);
  });

  it('by 503 is told of too', async () => {
    const { statuses, lines } = await run({ platform, providers: [ChatHub, globally(DatabaseGuard)] });
    expect(statuses).toEqual([503, 503]);
    expect(lines).toEqual([
      'warn A global guard (DatabaseGuard) failed at the event "message" of ChatHub.message ' +
        `(ServiceUnavailableException: no database). ${CURES.guard}`,
    ]);
  });

  it('is told of when a filter that was written for HTTP answers', async () => {
    @Catch()
    class HttpFilter implements ExceptionFilter {
      catch(_error: unknown, host: ArgumentsHost) {
        const response = host.switchToHttp().getResponse<{ status(code: number): { send(body: unknown): void } }>();
        response.status(500).send({ message: 'oops' });
      }
    }
    const filter = { provide: APP_FILTER, useClass: HttpFilter };
    const { statuses, lines } = await run({ platform, providers: [ChatHub, globally(LateInterceptor), filter] });
    expect(statuses).toEqual([500, 500]);
    expect(lines[0]).toMatch(/^warn A global interceptor \(LateInterceptor\) failed at the event/);
  });

  it('is told of when it refuses', async () => {
    const { statuses, lines } = await run({ platform, providers: [ChatHub, globally(TenantInterceptor)] });
    expect(statuses).toEqual([400, 400]);
    expect(lines).toEqual([
      'warn A global interceptor (TenantInterceptor) refused the event "message" of ChatHub.message with 400. ' +
        CURES.interceptor,
    ]);
  });

  it('does not see events with globalEnhancers: false', async () => {
    const providers = [ChatHub, globally(UserGuard), globally(UserInterceptor)];
    const { statuses, lines } = await run({ platform, providers, options: { globalEnhancers: false } });
    expect([statuses, lines]).toEqual([[200, 200], []]);
  });

  it('lets events pass when it tells the contexts apart', async () => {
    class KnowingInterceptor extends UserInterceptor {
      override intercept(context: ExecutionContext, next: CallHandler) {
        return isWebPubSubContext(context) ? next.handle() : super.intercept(context, next);
      }
    }
    const { statuses, lines } = await run({ platform, providers: [ChatHub, globally(KnowingInterceptor)] });
    expect([statuses, lines]).toEqual([[200, 200], []]);
  });
});

describe('what fails in a hub class behind global guards and interceptors', () => {
  class ErrorsInterceptor implements NestInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler) {
      return next.handle().pipe(catchError(() => throwError(() => new InternalServerErrorException('mapped'))));
    }
  }

  class FailingPipe implements PipeTransform {
    transform(): never {
      throw new TypeError('its own');
    }
  }

  class FailingHub {
    @OnMessage()
    message(@EventData() _text: string): unknown {
      throw new TypeError('its own');
    }
  }

  class GreetingHub {
    @OnMessage()
    message(@EventData() text: string): unknown {
      return `hi ${text}`;
    }
  }

  @WebPubSubHub('chat')
  class PlainHub extends FailingHub {}

  @WebPubSubHub('chat', { scope: Scope.REQUEST })
  class ScopedHub extends FailingHub {}

  @WebPubSubHub('chat')
  class StreamingHub {
    @OnMessage()
    message() {
      return of('first', 'second').pipe(
        map((text) => {
          if (text === 'second') throw new TypeError('its own');
          return text;
        }),
      );
    }
  }

  @WebPubSubHub('chat')
  @UseGuards(UserGuard)
  class GuardedHub extends GreetingHub {}

  @WebPubSubHub('chat')
  @UseInterceptors(UserInterceptor)
  class InterceptedHub extends GreetingHub {}

  @WebPubSubHub('chat')
  @UseInterceptors(LateInterceptor)
  class LateHub extends GreetingHub {}

  @WebPubSubHub('chat')
  @UsePipes(FailingPipe)
  class PipedHub extends GreetingHub {}

  it.each([PlainHub, ScopedHub, StreamingHub, GuardedHub, InterceptedHub, LateHub, PipedHub])(
    'is the failure of the hub class: %p',
    async (hub) => {
      for (const list of [[PassingGuard], [PassingInterceptor], [PassingGuard, PassingInterceptor]]) {
        const { statuses, lines } = await run({ providers: [hub, ...list.map(globally)] });
        expect(statuses).toEqual([500, 500]);
        const failure = expect.stringContaining(`error ${hub.name}.message failed with the event "message"`);
        expect(lines).toEqual([failure, failure]);
        await app?.close();
      }
    },
  );

  it('is none of an interceptor that makes another error of it', async () => {
    const { statuses, lines } = await run({ providers: [PlainHub, globally(ErrorsInterceptor)] });
    expect([statuses, lines]).toEqual([[500, 500], []]);
  });
});

describe.each(PLATFORMS)('what guards and interceptors for HTTP read of an event, on %s', (platform) => {
  /** The members of Express's and Fastify's requests that such code takes for granted. */
  interface HttpRequest {
    method: string;
    url: string;
    originalUrl: string;
    path: string;
    ip: string;
    ips: string[];
    route: { path: string };
    routeOptions: { url: string };
    socket: { remoteAddress?: string };
    connection: { remoteAddress?: string };
    query: Record<string, unknown>;
    params: Record<string, unknown>;
    body: unknown;
    is(type: string): unknown;
  }
  const read = (request: HttpRequest) => ({
    ...{ method: request.method, url: request.url, originalUrl: request.originalUrl, path: request.path },
    ...{ ip: request.ips.length > 0 ? request.ips[0] : request.ip, peer: request.socket.remoteAddress },
    ...{ connection: request.connection.remoteAddress, route: request.route.path, fastify: request.routeOptions.url },
    ...{ parts: request.url.split('?'), query: request.query, params: request.params, body: request.body },
    isJson: request.is('json'),
  });
  const SEEN = {
    ...{ method: 'POST', url: '/eventhandler', originalUrl: '/eventhandler', path: '/eventhandler' },
    ...{ ip: '127.0.0.1', peer: '127.0.0.1', connection: '127.0.0.1' },
    ...{ route: '/eventhandler', fastify: '/eventhandler' },
    ...{ parts: ['/eventhandler'], query: {}, params: {}, body: undefined, isJson: null },
  };

  function reader(seen: unknown[]): Provider {
    const guard: CanActivate = {
      canActivate: (context) => seen.push(read(context.switchToHttp().getRequest<HttpRequest>())) > 0,
    };
    return { provide: APP_GUARD, useValue: guard };
  }

  it.each(ATTACHMENTS)(
    'is true of the request that brought it, but for what a client or a secret may be in, attached at the %s',
    async (attach) => {
      const seen: unknown[] = [];
      app = await startHubApp({ platform, options: { attach }, providers: [ChatHub, reader(seen)] });
      const path = '/eventhandler/health?code=s3cr3t';
      for (const type of ['user.message', 'sys.connected']) await app.sendEvent({ type, path });
      expect(seen).toEqual([SEEN]);
    },
  );

  it('is the query of the client on connect, and a path of its own', async () => {
    const seen: unknown[] = [];
    app = await startHubApp({
      platform,
      options: { path: '/api/events', idempotency: {} },
      providers: [GuestHub, reader(seen)],
    });
    await app.sendEvent({ type: 'sys.connect', path: '/api/events', body: '{"query":{"room":["blue"]}}' });
    expect(seen).toMatchObject([{ url: '/api/events', route: '/api/events', query: { room: ['blue'] } }]);
  });

  it('can be set, for one event, and is in none that a handler lists', async () => {
    const setter: NestInterceptor = {
      intercept: (context, next) => {
        const request = context.switchToHttp().getRequest<HttpRequest>();
        request.query['page'] ??= 1;
        request.params = { id: '7' };
        request.url = `${request.url}/${String(request.query['page'])}`;
        const { url, query, params } = request;
        return next.handle().pipe(map((result: unknown) => ({ result, url, query, params })));
      },
    };
    app = await startHubApp({
      platform,
      providers: [GuestHub, reader([]), { provide: APP_INTERCEPTOR, useValue: setter }],
    });
    for (let count = 0; count < 2; count++) {
      const { text } = await app.sendEvent({ type: 'user.message' });
      const result = ['context', 'dataType', 'data', 'metadata', 'mqtt'];
      expect(JSON.parse(text)).toEqual({ result, url: '/eventhandler/1', query: { page: 1 }, params: { id: '7' } });
    }
  });
});
