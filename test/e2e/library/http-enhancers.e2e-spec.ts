import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  type ArgumentsHost,
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  HttpException,
  Injectable,
  Logger,
  type NestInterceptor,
  Scope,
  type Type,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core';
import { EMPTY, firstValueFrom, ignoreElements, map, type Observable } from 'rxjs';
import {
  type ConnectRequest,
  ConnectionStates,
  OnConnect,
  OnConnected,
  OnMessage,
  OnUserEvent,
  States,
  WebPubSubHub,
} from '../../../src/index.js';
import { ATTACHMENTS, PLATFORMS, startHubApp, type HubApp, type HubAppSettings } from '../../support/start-hub-app.js';

interface HttpResponse {
  status(code: number): this;
  send(body: unknown): this;
}

const responseOf = (host: ArgumentsHost): HttpResponse => host.switchToHttp().getResponse<HttpResponse>();
const statusOf = (error: unknown): number => (error instanceof HttpException ? error.getStatus() : 500);
const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Filters as host applications have them, that never heard of Web PubSub. */
const FILTERS: Record<string, Type<ExceptionFilter>> = {
  'returns the response': filterThat((error, host) =>
    responseOf(host).status(statusOf(error)).send({ message: error.message }),
  ),
  'answers later': filterThat(async (error, host) => {
    await later();
    responseOf(host).status(statusOf(error)).send({ message: error.message });
  }),
  'answers and returns the body': filterThat((error, host) => {
    const body = { message: error.message };
    responseOf(host).status(statusOf(error)).send(body);
    return body;
  }),
  'returns a response without a body': filterThat((error, host) => responseOf(host).status(statusOf(error))),
  'answers nothing, later': filterThat(async () => later()),
  'returns an object of its own': filterThat((error) => ({ code: statusOf(error), message: error.message })),
  'says 200 and means it not': filterThat((error, host) => {
    responseOf(host)
      .status(200)
      .send({ code: statusOf(error) });
  }),
  'says 200 and means it not, later': filterThat(async (error, host) => {
    await later();
    responseOf(host)
      .status(200)
      .send({ code: statusOf(error) });
  }),
  'calls its base class later': LateBaseFilter(),
};

function filterThat(answer: (error: Error, host: ArgumentsHost) => unknown): Type<ExceptionFilter> {
  @Catch()
  class HostFilter implements ExceptionFilter {
    catch(error: Error, host: ArgumentsHost): unknown {
      return answer(error, host);
    }
  }
  return HostFilter;
}

function LateBaseFilter(): Type<ExceptionFilter> {
  @Catch()
  class BaseFilter extends BaseExceptionFilter {
    // oxlint-disable-next-line typescript/no-misused-promises -- as such filters do
    override async catch(error: unknown, host: ArgumentsHost) {
      await later();
      // oxlint-disable-next-line promise/valid-params, promise/no-promise-in-callback -- a filter's method
      super.catch(error, host);
    }
  }
  return BaseFilter;
}

@WebPubSubHub('chat')
class GuestHub {
  @OnConnect()
  connect({ query }: ConnectRequest) {
    if (query['broken']) throw new TypeError('a secret of the code');
    throw new UnauthorizedException('refused');
  }

  @OnMessage()
  message() {
    throw new BadRequestException('not like this');
  }

  @OnConnected()
  connected() {
    throw new Error('too late');
  }
}

let app: HubApp;

afterEach(async () => {
  Logger.overrideLogger(false);
  await app.close();
});

async function start(settings: HubAppSettings): Promise<void> {
  app = await startHubApp(settings);
}

describe.each(PLATFORMS)('an exception filter of the host, %s', (platform) => {
  it.each(Object.keys(FILTERS))('that %s lets nobody in', async (name) => {
    await start({ platform, providers: [GuestHub, { provide: APP_FILTER, useClass: FILTERS[name] }] });
    expect((await app.sendEvent({ type: 'sys.connect' })).status).toBe(401);
    const broken = await app.sendEvent({ type: 'sys.connect', body: '{"query":{"broken":["1"]}}' });
    expect(broken.status).toBe(500);
  });

  it.each(['returns the response', 'answers later', 'answers and returns the body', 'calls its base class later'])(
    'that %s answers user events with its status and message',
    async (name) => {
      await start({ platform, providers: [GuestHub, { provide: APP_FILTER, useClass: FILTERS[name] }] });
      const answer = await app.sendEvent({ type: 'user.message' });
      expect([answer.status, answer.text]).toEqual([400, 'not like this']);
    },
  );

  it('that returns an error refuses with 500, without its text', async () => {
    const filter = filterThat((error) => new TypeError(`about ${error.message}`));
    await start({ platform, providers: [GuestHub, { provide: APP_FILTER, useClass: filter }] });
    const refused = await app.sendEvent({ type: 'sys.connect' });
    expect([refused.status, refused.text]).toEqual([500, 'Internal server error']);
  });

  it('that says 200 is told of in the log, once', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const filter = FILTERS['says 200 and means it not'];
    await start({ platform, providers: [GuestHub, { provide: APP_FILTER, useClass: filter }] });
    for (let count = 0; count < 2; count++) await app.sendEvent({ type: 'sys.connect' });
    const lines = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('exception filter'));
    warn.mockRestore();
    expect(lines).toEqual([expect.stringMatching(/GuestHub\.connect with status 200.*refused all the same/)]);
  });
});

describe.each(ATTACHMENTS)('an exception filter that answers later, attached at the %s', (attach) => {
  const LateFilter = FILTERS['answers later'];

  @WebPubSubHub('chat')
  @UseFilters(LateFilter)
  class FilteredHub extends GuestHub {}

  @Injectable({ scope: Scope.REQUEST })
  @WebPubSubHub('chat')
  @UseFilters(LateFilter)
  class ScopedHub extends GuestHub {}

  @WebPubSubHub('chat')
  class FilteredMethodHub {
    @UseFilters(LateFilter)
    @OnConnect()
    connect() {
      throw new UnauthorizedException('refused');
    }
  }

  it.each<[string, HubAppSettings]>([
    ['of a hub class', { providers: [FilteredHub] }],
    ['of a hub class that is made per event', { providers: [ScopedHub] }],
    ['of a method', { providers: [FilteredMethodHub] }],
    [
      'of the whole application',
      { providers: [GuestHub], configure: (host) => void host.useGlobalFilters(new LateFilter()) },
    ],
  ])('lets nobody in, %s', async (_where, settings) => {
    await start({ ...settings, options: { attach } });
    const refused = await app.sendEvent({ type: 'sys.connect' });
    expect([refused.status, refused.text]).toEqual([401, 'refused']);
  });
});

describe('an observable without a value', () => {
  class PassingGuard implements CanActivate {
    canActivate(): boolean {
      return true;
    }
  }

  class EmptyGuard implements CanActivate {
    canActivate(): Observable<boolean> {
      return EMPTY;
    }
  }

  class HubUnderTest {
    @OnConnect()
    connect() {
      return firstValueFrom(EMPTY);
    }

    @OnMessage()
    message(@States() states: ConnectionStates) {
      states.set('seen', true);
      return EMPTY;
    }
  }

  @WebPubSubHub('chat')
  class PlainHub extends HubUnderTest {}

  @WebPubSubHub('chat')
  @UseGuards(new PassingGuard())
  class GuardedHub extends HubUnderTest {}

  it.each([
    ['called directly', PlainHub],
    ['behind a guard', GuardedHub],
  ])('that a handler waits for is its failure, %s', async (_way, hub) => {
    await start({ providers: [hub] });
    expect((await app.sendEvent({ type: 'sys.connect' })).status).toBe(500);
  });

  it.each([
    ['called directly', PlainHub],
    ['behind a guard', GuardedHub],
  ])('that a handler returns is no reply, and states are kept, %s', async (_way, hub) => {
    let failures = 0;
    const filter = filterThat((error) => {
      failures++;
      throw error;
    });
    const filters = hub === GuardedHub ? [{ provide: APP_FILTER, useClass: filter }] : [];
    await start({ providers: [hub, ...filters] });
    const answer = await app.sendEvent({ type: 'user.message' });
    expect(answer.status).toBe(204);
    expect(answer.headers['ce-connectionstate']).toMatch(/./);
    expect(failures).toBe(0);
  });

  it('that an interceptor leaves of a result is no reply, and states are kept', async () => {
    @WebPubSubHub('chat')
    @UseInterceptors({
      intercept: (_context: ExecutionContext, next: CallHandler) => next.handle().pipe(ignoreElements()),
    })
    class MutedHub {
      @OnConnect()
      @OnMessage()
      any(@States() states: ConnectionStates) {
        states.set('seen', true);
        return 'never seen';
      }
    }
    let failures = 0;
    const filter = filterThat((error) => {
      failures++;
      throw error;
    });
    await start({ providers: [MutedHub, { provide: APP_FILTER, useClass: filter }] });
    for (const type of ['sys.connect', 'user.message']) {
      const answer = await app.sendEvent({ type });
      expect([answer.status, answer.text]).toEqual([204, '']);
      const states = Buffer.from(String(answer.headers['ce-connectionstate']), 'base64').toString();
      expect(JSON.parse(states)).toEqual({ seen: true });
    }
    expect(failures).toBe(0);
  });

  it('of a guard lets nobody in', async () => {
    @WebPubSubHub('chat')
    @UseGuards(new EmptyGuard())
    class OpenHub {
      @OnConnect()
      connect() {}
    }
    await start({ providers: [OpenHub] });
    expect((await app.sendEvent({ type: 'sys.connect' })).status).toBe(500);
  });
});

describe('an interceptor of the host', () => {
  @WebPubSubHub('chat')
  class EchoHub {
    @OnConnect()
    connect() {
      return { userId: 'ann' };
    }

    @OnUserEvent('*')
    echo() {
      return 'echo';
    }
  }

  it('that wraps every result is told of in the log, once', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    class Envelope implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        return next.handle().pipe(map((data: unknown) => ({ data, statusCode: 200 })));
      }
    }
    await start({ providers: [EchoHub], configure: (host) => void host.useGlobalInterceptors(new Envelope()) });
    for (let count = 0; count < 2; count++) {
      const answer = await app.sendEvent({ type: 'sys.connect' });
      expect([answer.status, answer.text]).toEqual([200, '{}']);
    }
    const lines = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('EchoHub'));
    warn.mockRestore();
    expect(lines).toEqual([
      expect.stringMatching(/EchoHub\.connect has none of the fields .* but "data", "statusCode"/),
    ]);
  });

  it('may read and set headers of what it takes for a request', async () => {
    const seen: unknown[] = [];
    class RequestId implements NestInterceptor {
      intercept(context: ExecutionContext, next: CallHandler) {
        const request = context.switchToHttp().getRequest<{
          headers: Record<string, unknown>;
          get(name: string): unknown;
          header(name: string): unknown;
        }>();
        seen.push(request.headers['x-request-id'], request.get('User-Agent'), request.header('x-list'));
        request.headers['x-request-id'] ??= 'id';
        return next.handle();
      }
    }
    await start({ providers: [EchoHub], configure: (host) => void host.useGlobalInterceptors(new RequestId()) });
    const body = JSON.stringify({ headers: { 'user-agent': ['browser'], 'X-List': ['a', 'b'] } });
    expect((await app.sendEvent({ type: 'sys.connect', body })).text).toBe('{"userId":"ann"}');
    for (let count = 0; count < 2; count++) {
      expect((await app.sendEvent({ type: 'user.message' })).text).toBe('echo');
    }
    expect(seen).toEqual([undefined, 'browser', 'a, b', ...Array.from({ length: 6 }, () => undefined)]);
  });

  it('may replace the headers of one event, and those of no other', async () => {
    const seen: unknown[] = [];
    class RequestId implements NestInterceptor {
      intercept(context: ExecutionContext, next: CallHandler) {
        const request = context.switchToHttp().getRequest<{ headers: object; get(name: string): unknown }>();
        seen.push(request.get('X-Request-Id'));
        request.headers = { ...request.headers, 'x-request-id': 'id' };
        seen.push(request.get('X-Request-Id'), request.get('User-Agent'));
        return next.handle();
      }
    }
    await start({ providers: [EchoHub], configure: (host) => void host.useGlobalInterceptors(new RequestId()) });
    const body = JSON.stringify({ headers: { 'USER-AGENT': ['browser'] } });
    for (const event of [{ type: 'sys.connect', body }, { type: 'user.message' }]) {
      for (let count = 0; count < 2; count++) expect((await app.sendEvent(event)).status).toBe(200);
    }
    const ofConnect = [undefined, 'id', 'browser'];
    const ofMessage = [undefined, 'id', undefined];
    expect(seen).toEqual([...ofConnect, ...ofConnect, ...ofMessage, ...ofMessage]);
  });

  it('may set headers before it has read any', async () => {
    const seen: unknown[] = [];
    class RequestId implements NestInterceptor {
      intercept(context: ExecutionContext, next: CallHandler) {
        const request = context.switchToHttp().getRequest<{ headers: object; get(name: string): unknown }>();
        request.headers = { 'X-Request-Id': `id-${seen.length}` };
        seen.push(request.get('x-request-id'));
        return next.handle();
      }
    }
    await start({ providers: [EchoHub], configure: (host) => void host.useGlobalInterceptors(new RequestId()) });
    for (const type of ['sys.connect', 'user.message', 'user.message']) {
      expect((await app.sendEvent({ type })).status).toBe(200);
    }
    expect(seen).toEqual(['id-0', 'id-1', 'id-2']);
  });
});
