import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  Module,
  type NestInterceptor,
  Scope,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsString } from 'class-validator';
import type { Observable } from 'rxjs';
import { Connection, EventData, OnUserEvent, WebPubSubHub, WebPubSubModule } from '../../src/index.js';
import { HubRegistry, type HubHandlers } from '../../src/library/hubs/hub.registry.js';
import { ACCESS_KEY, HUB, ORIGIN } from '../upstream/events.js';

@Injectable()
class OpenGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Injectable()
class PassingInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

class TextDto {
  @IsString()
  text!: string;
}

/** One handler for each shape of the pipeline that is measured. */
@WebPubSubHub(HUB)
class BenchHub {
  @OnUserEvent('request')
  request(request: { data: unknown }) {
    return request.data;
  }

  @OnUserEvent('parameters')
  parameters(@EventData() data: unknown, @Connection('userId') _userId: string) {
    return data;
  }

  @OnUserEvent('guard')
  @UseGuards(OpenGuard)
  guard(@EventData() data: unknown, @Connection('userId') _userId: string) {
    return data;
  }

  @OnUserEvent('interceptor')
  @UseInterceptors(PassingInterceptor)
  interceptor(@EventData() data: unknown, @Connection('userId') _userId: string) {
    return data;
  }

  @OnUserEvent('validation')
  @UsePipes(new ValidationPipe({ transform: true }))
  validation(@EventData() data: TextDto, @Connection('userId') _userId: string) {
    return data;
  }
}

@Injectable({ scope: Scope.REQUEST })
@WebPubSubHub(HUB)
class ScopedHub {
  @OnUserEvent('scoped')
  scoped(@EventData() data: unknown) {
    return data;
  }
}

/** The handlers as the module has made them at start-up. */
export async function startHubUnderTest(): Promise<{ handlers: HubHandlers; close: () => Promise<void> }> {
  @Module({
    imports: [WebPubSubModule.forRoot({ connectionString: `Endpoint=https://${ORIGIN};AccessKey=${ACCESS_KEY}` })],
    providers: [BenchHub, ScopedHub],
  })
  class BenchModule {}
  const application = await NestFactory.create(BenchModule, { logger: ['error', 'warn'] });
  await application.init();
  const handlers = application.get(HubRegistry, { strict: false }).find(HUB)!;
  return { handlers, close: () => application.close() };
}
