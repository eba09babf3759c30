import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Catch,
  ClassSerializerInterceptor,
  Controller,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  Injectable,
  Logger,
  type NestInterceptor,
  ParseIntPipe,
  type PipeTransform,
  StandardSchemaValidationPipe,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, BaseExceptionFilter, Reflector } from '@nestjs/core';
import { IsInt, IsString } from 'class-validator';
import { defaultIfEmpty, filter, map, type Observable } from 'rxjs';
import {
  ConnectionContext,
  ConnectionStates,
  Connection,
  ConnectRequest,
  EventData,
  EventRequest,
  isWebPubSubContext,
  OnConnect,
  OnMessage,
  OnUserEvent,
  States,
  UserEventRequest,
  UserEventResponse,
  WebPubSubExecutionContext,
  WebPubSubHub,
} from '../../../src/index.js';
import { ATTACHMENTS, PLATFORMS, startHubApp, type HubApp, type HubAppSettings } from '../../support/start-hub-app.js';

let trace: string[] = [];
let app: HubApp;

beforeEach(() => {
  trace = [];
});
afterEach(async () => {
  Logger.overrideLogger(false);
  await app.close();
});

async function start(settings: HubAppSettings): Promise<void> {
  app = await startHubApp(settings);
}

class JoinRoomDto {
  @IsString()
  room!: string;

  @IsInt()
  seat!: number;
}

const json = (value: unknown) => ({ contentType: 'application/json', body: JSON.stringify(value) });

@Injectable()
class Tracer {
  note(text: string): void {
    trace.push(text);
  }
}

@Injectable()
class TraceGuard implements CanActivate {
  constructor(private readonly tracer: Tracer) {}

  canActivate(context: ExecutionContext): boolean {
    this.tracer.note(`guard ${context.getType<string>()} ${context.getClass().name}.${context.getHandler().name}`);
    return true;
  }
}

@Injectable()
class TraceInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    trace.push('before');
    return next.handle().pipe(map((value) => (trace.push('after'), value)));
  }
}

class TracePipe implements PipeTransform {
  transform(value: unknown): unknown {
    trace.push('pipe');
    return value;
  }
}

@Catch()
class ReturningFilter implements ExceptionFilter {
  catch(error: Error): unknown {
    trace.push('filter');
    return { failed: error.message };
  }
}

describe('guards, pipes, interceptors and filters of a class and its methods', () => {
  @WebPubSubHub('chat')
  @UseGuards(TraceGuard)
  class ChatHub {
    @UseInterceptors(TraceInterceptor)
    @OnMessage()
    message(@EventData(TracePipe) text: string) {
      trace.push('handler');
      return text.toUpperCase();
    }

    @UseGuards({ canActivate: () => false })
    @OnConnect()
    connect() {}

    @UseGuards({
      canActivate: () => {
        throw new UnauthorizedException('who?');
      },
    })
    @OnUserEvent('unknown')
    unknown() {}

    @UseFilters(ReturningFilter)
    @OnUserEvent('fail')
    fail() {
      throw new Error('broken');
    }

    @UsePipes(new ValidationPipe({ transform: true }))
    @OnUserEvent('join')
    join(@EventData() dto: JoinRoomDto, @States() states: ConnectionStates) {
      states.set('room', dto.room);
      return { isDto: dto instanceof JoinRoomDto };
    }

    @OnUserEvent('seat')
    seat(@EventData('seat', ParseIntPipe) seat: number) {
      return { seat };
    }

    @OnUserEvent('user')
    user(@Connection('userId', new TracePipe()) userId: string) {
      return userId;
    }

    @UseInterceptors({
      intercept: (_context: ExecutionContext, next: CallHandler) => next.handle().pipe(filter(() => false)),
    })
    @OnUserEvent('silent')
    silent() {
      return 'never seen';
    }

    @UseInterceptors({
      intercept: (_context: ExecutionContext, next: CallHandler) =>
        next.handle().pipe(
          defaultIfEmpty('x'),
          map(() => 'replaced'),
        ),
    })
    @OnUserEvent('replaced')
    replaced() {
      return 'original';
    }
  }

  beforeEach(() => start({ providers: [ChatHub, Tracer] }));

  it('run in the order of Nest, with their dependencies', async () => {
    const response = await app.sendEvent({ type: 'user.message' });
    expect(response.text).toBe('HELLO');
    expect(trace).toEqual(['guard webpubsub ChatHub.message', 'before', 'pipe', 'handler', 'after']);
  });

  it('refuse a connect with 403', async () => {
    const response = await app.sendEvent({ type: 'sys.connect' });
    expect([response.status, response.text]).toEqual([403, 'Forbidden resource']);
  });

  it('refuse with the exception they throw', async () => {
    const response = await app.sendEvent({ type: 'user.unknown' });
    expect([response.status, response.text]).toEqual([401, 'who?']);
  });

  it('answer with what a filter returns', async () => {
    const response = await app.sendEvent({ type: 'user.fail' });
    expect([response.status, response.text]).toEqual([200, '{"failed":"broken"}']);
  });

  it('validate the payload', async () => {
    const valid = await app.sendEvent({ type: 'user.join', ...json({ room: 'blue', seat: 1 }) });
    expect([valid.status, valid.text]).toEqual([200, '{"isDto":true}']);
    expect(valid.headers['ce-connectionstate']).toBeDefined();
    const invalid = await app.sendEvent({ type: 'user.join', ...json({ room: 1 }) });
    expect([invalid.status, invalid.text]).toEqual([400, 'room must be a string; seat must be an integer number']);
    for (const settings of [json(null), json('text'), {}, { contentType: 'application/octet-stream' }]) {
      expect((await app.sendEvent({ type: 'user.join', ...settings })).status).toBe(400);
    }
  });

  it('transform a property of the payload', async () => {
    expect((await app.sendEvent({ type: 'user.seat', ...json({ seat: '12' }) })).text).toBe('{"seat":12}');
    expect((await app.sendEvent({ type: 'user.seat', ...json({ seat: 'x' }) })).status).toBe(400);
  });

  it('transform a property of the connection', async () => {
    const response = await app.sendEvent({ type: 'user.user', headers: { 'ce-userid': 'ann' } });
    expect([response.text, trace]).toEqual(['ann', ['guard webpubsub ChatHub.user', 'pipe']]);
  });

  it('answer 204 when an interceptor lets nothing through, and with what it makes of a value', async () => {
    expect((await app.sendEvent({ type: 'user.silent' })).status).toBe(204);
    expect((await app.sendEvent({ type: 'user.replaced' })).text).toBe('replaced');
  });
});

describe('the execution context', () => {
  it('gives request, connection and data', async () => {
    const seen: unknown[] = [];
    class SeeingGuard implements CanActivate {
      canActivate(host: ExecutionContext): boolean {
        const context = WebPubSubExecutionContext.create(host);
        seen.push(context.getRequest(), context.getConnection(), context.getData(), context.getType());
        seen.push(context.getClass()?.name, context.getHandler()?.name, isWebPubSubContext(host));
        seen.push(host.switchToHttp().getRequest() === context.getRequest());
        return true;
      }
    }
    @WebPubSubHub('chat')
    @UseGuards(SeeingGuard)
    class ChatHub {
      @OnMessage()
      message() {}
    }
    await start({ providers: [ChatHub] });
    await app.sendEvent({ type: 'user.message' });
    const [request, connection, ...rest] = seen;
    expect(request).toBeInstanceOf(UserEventRequest);
    expect(connection).toBeInstanceOf(ConnectionContext);
    expect(rest).toEqual(['hello', 'webpubsub', 'ChatHub', 'message', true, true]);
  });

  it('lets a guard read metadata of the handler', async () => {
    const Role = Reflector.createDecorator<string>();
    @Injectable()
    class RoleGuard implements CanActivate {
      constructor(private readonly reflector: Reflector) {}
      canActivate(context: ExecutionContext): boolean {
        const role = this.reflector.getAllAndOverride(Role, [context.getHandler(), context.getClass()]);
        return WebPubSubExecutionContext.create(context).getConnection().userId === role;
      }
    }
    @WebPubSubHub('chat')
    @UseGuards(RoleGuard)
    class ChatHub {
      @Role('ann')
      @OnMessage()
      message() {}
    }
    await start({ providers: [ChatHub] });
    const statuses = [];
    for (const userId of ['ann', 'bob']) {
      statuses.push((await app.sendEvent({ type: 'user.message', headers: { 'ce-userid': userId } })).status);
    }
    expect(statuses).toEqual([204, 403]);
  });

  it("serves an application's own parameter decorators", async () => {
    const UserName = createParamDecorator(
      (_data: unknown, host: ExecutionContext) => WebPubSubExecutionContext.create(host).getConnection().userId,
    );
    @WebPubSubHub('chat')
    class ChatHub {
      @OnMessage()
      message(@UserName() name: string, @EventData() text: string) {
        return `${name}: ${text}`;
      }
    }
    await start({ providers: [ChatHub] });
    expect((await app.sendEvent({ type: 'user.message', headers: { 'ce-userid': 'ann' } })).text).toBe('ann: hello');
  });

  it('gives handlers whose parameters are not decorated the request, whatever enhancers there are', async () => {
    @WebPubSubHub('chat')
    @UseGuards({ canActivate: () => true })
    class ChatHub {
      @OnMessage()
      message(request: UserEventRequest) {
        return request instanceof UserEventRequest ? (request.data as string) : 'no request';
      }
    }
    await start({ providers: [ChatHub] });
    expect((await app.sendEvent({ type: 'user.message' })).text).toBe('hello');
  });
});

@Controller('plain')
class PlainController {
  @Get()
  get() {
    return { plain: true };
  }
}

describe.each(PLATFORMS)('enhancers that are registered globally, on %s', (platform) => {
  @WebPubSubHub('chat')
  class ChatHub {
    @OnConnect()
    connect(request: ConnectRequest) {
      if (request.query['refuse']) throw new UnauthorizedException('refused');
      return { userId: 'ann' };
    }

    @OnMessage()
    message(
      @EventData() data: unknown,
      @EventRequest() request: UserEventRequest,
      @Connection() _context: ConnectionContext,
    ) {
      return `${typeof data} ${request.dataType}`;
    }

    @OnUserEvent('bytes')
    bytes(@EventData() data: Buffer) {
      return `${data.length} bytes`;
    }

    @OnUserEvent('array')
    array(@EventData() data: Uint8Array) {
      return `${data.length} bytes`;
    }

    @OnUserEvent('text')
    text(@EventData() data: string, @States() states: ConnectionStates) {
      return `${data} ${states instanceof ConnectionStates}`;
    }

    @OnUserEvent('dto')
    dto(@EventData() dto: JoinRoomDto) {
      return dto instanceof JoinRoomDto ? 'dto' : 'plain';
    }

    @OnUserEvent('fail')
    fail() {
      throw new BadRequestException('handler says no');
    }

    @OnUserEvent('typed')
    typed() {
      return new UserEventResponse('1', 'json');
    }
  }

  class RefusingGuard implements CanActivate {
    canActivate(): boolean {
      return false;
    }
  }

  describe.each(ATTACHMENTS)('attached at the %s', (attach) => {
    const begin = (settings: HubAppSettings) =>
      start({
        platform,
        controllers: [PlainController],
        ...settings,
        providers: [ChatHub, ...(settings.providers ?? [])],
        options: { attach, ...settings.options },
      });

    it('apply to hub handlers, not to validation', async () => {
      await begin({ configure: (host) => void host.useGlobalGuards(new RefusingGuard()) });
      expect((await app.sendEvent({ type: 'user.message' })).status).toBe(403);
      expect((await app.sendEvent({ type: 'sys.connect' })).status).toBe(403);
      expect(
        (await app.send({ method: 'OPTIONS', headers: { 'webhook-request-origin': 'demo.webpubsub.azure.com' } }))
          .status,
      ).toBe(200);
    });

    it('are left to HTTP with globalEnhancers: false', async () => {
      await begin({
        options: { globalEnhancers: false },
        configure: (host) => void host.useGlobalGuards(new RefusingGuard()),
      });
      expect((await app.sendEvent({ type: 'user.message' })).text).toBe('string text');
      expect((await app.sendEvent({ type: 'user.fail' })).text).toBe('handler says no');
      expect((await app.send({ method: 'GET', path: '/plain' })).status).toBe(403);
    });

    it('apply when modules provide them', async () => {
      await begin({
        providers: [
          Tracer,
          { provide: APP_GUARD, useClass: TraceGuard },
          { provide: APP_INTERCEPTOR, useClass: TraceInterceptor },
          { provide: APP_PIPE, useClass: TracePipe },
          { provide: APP_FILTER, useClass: ReturningFilter },
        ],
      });
      await app.sendEvent({ type: 'user.text' });
      expect(trace).toEqual(['guard webpubsub ChatHub.text', 'before', 'pipe', 'pipe', 'after']);
      expect((await app.sendEvent({ type: 'user.fail' })).text).toBe('{"failed":"handler says no"}');
    });

    it('validate payloads, and nothing else, with a strict ValidationPipe', async () => {
      const pipe = new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true });
      await begin({ configure: (host) => void host.useGlobalPipes(pipe) });
      expect((await app.sendEvent({ type: 'sys.connect' })).status).toBe(200);
      expect((await app.sendEvent({ type: 'user.message' })).text).toBe('string text');
      expect((await app.sendEvent({ type: 'user.message', ...json({ a: 1 }) })).text).toBe('object json');
      const bytes = { contentType: 'application/octet-stream', body: Buffer.from([1, 2]) };
      expect((await app.sendEvent({ type: 'user.bytes', ...bytes })).text).toBe('2 bytes');
      expect((await app.sendEvent({ type: 'user.array', ...bytes })).text).toBe('2 bytes');
      expect((await app.sendEvent({ type: 'user.text' })).text).toBe('hello true');
      expect((await app.sendEvent({ type: 'user.dto', ...json({ room: 'a', seat: 1 }) })).text).toBe('dto');
      expect((await app.sendEvent({ type: 'user.dto', ...json({ room: 'a', seat: 1, more: 1 }) })).status).toBe(400);
    });

    it('see an error that becomes the refusal when a filter was written for HTTP', async () => {
      @Catch(HttpException)
      class HttpFilter implements ExceptionFilter {
        catch(exception: HttpException, host: ArgumentsHost) {
          const http = host.switchToHttp();
          // What such filters do, on either platform.
          const response = http.getResponse<{
            status(code: number): { json?(body: unknown): void; send(body: unknown): void };
          }>();
          const request = http.getRequest<{ url: string; headers: Record<string, string> }>();
          response
            .status(exception.getStatus())
            .send({ message: exception.message, path: request.url, from: request.headers['x'] });
        }
      }
      await begin({ configure: (host) => void host.useGlobalFilters(new HttpFilter()) });
      const refused = await app.sendEvent({ type: 'sys.connect', body: '{"query":{"refuse":["1"]}}' });
      expect([refused.status, refused.text]).toEqual([401, 'refused']);
      expect((await app.sendEvent({ type: 'user.fail' })).status).toBe(400);
    });

    it('see an error that becomes the refusal when a filter extends BaseExceptionFilter or uses the HTTP adapter', async () => {
      @Catch()
      class AdapterFilter extends BaseExceptionFilter {
        override catch(exception: unknown, host: ArgumentsHost) {
          // oxlint-disable-next-line promise/valid-params -- a filter's method
          if (exception instanceof BadRequestException) super.catch(exception, host);
          else this.httpAdapterHost!.httpAdapter.reply(host.switchToHttp().getResponse(), { message: 'adapted' }, 422);
        }
      }
      await begin({ providers: [{ provide: APP_FILTER, useClass: AdapterFilter }] });
      const bad = await app.sendEvent({ type: 'user.fail' });
      expect([bad.status, bad.text]).toEqual([400, 'handler says no']);
      const refused = await app.sendEvent({ type: 'sys.connect', body: '{"query":{"refuse":["1"]}}' });
      expect([refused.status, refused.text]).toEqual([422, 'adapted']);
    });

    it('that fail on what they take for an HTTP request fail the event, not the process', async () => {
      @Catch()
      class BrokenFilter implements ExceptionFilter {
        catch(_exception: unknown, host: ArgumentsHost) {
          host.switchToHttp().getResponse<{ render(): void }>().render();
        }
      }
      await begin({ configure: (host) => void host.useGlobalFilters(new BrokenFilter()) });
      expect((await app.sendEvent({ type: 'user.fail' })).status).toBe(500);
      expect((await app.sendEvent({ type: 'user.text' })).status).toBe(200);
    });

    it('serialize class instances and leave a UserEventResponse as it is', async () => {
      await begin({
        providers: [
          {
            provide: APP_INTERCEPTOR,
            useFactory: (reflector: Reflector) => new ClassSerializerInterceptor(reflector),
            inject: [Reflector],
          },
        ],
      });
      const response = await app.sendEvent({ type: 'user.typed' });
      expect([response.headers['content-type'], response.text]).toEqual(['application/json; charset=utf-8', '"1"']);
    });
  });
});

describe('a Standard Schema', () => {
  it('validates the payload with the pipe of NestJS 12', async () => {
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof (value as { room?: unknown })?.room === 'string'
            ? { value: { room: (value as { room: string }).room.toUpperCase() } }
            : { issues: [{ message: 'room must be a string', path: ['room'] }] },
      },
    };
    @WebPubSubHub('chat')
    @UsePipes(new StandardSchemaValidationPipe())
    class ChatHub {
      @OnUserEvent('join')
      join(@EventData({ schema }) data: { room: string }) {
        return data.room;
      }
    }
    await start({ providers: [ChatHub] });
    expect((await app.sendEvent({ type: 'user.join', ...json({ room: 'blue' }) })).text).toBe('BLUE');
    const invalid = await app.sendEvent({ type: 'user.join', ...json({}) });
    expect([invalid.status, invalid.text]).toEqual([400, expect.stringContaining('room must be a string')]);
  });
});
