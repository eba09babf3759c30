import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { WebPubSubModule } from '../library/web-pubsub.module.js';
import { ChatController } from './chat.controller.js';
import { ChatHub } from './chat.hub.js';
import { EmbeddedEmulator } from './embedded-emulator.js';
import { HealthController } from './health.controller.js';

export interface ChatModuleOptions {
  readonly connectionString: string;
  /** Closed together with the application. */
  readonly emulator?: EmbeddedEmulator;
}

@Module({})
export class ChatModule {
  static forRoot({ connectionString, emulator }: ChatModuleOptions): DynamicModule {
    return {
      module: ChatModule,
      imports: [WebPubSubModule.forRoot({ connectionString }), TerminusModule],
      controllers: [ChatController, HealthController],
      providers: [ChatHub, ...(emulator ? [{ provide: EmbeddedEmulator, useValue: emulator }] : [])],
    };
  }
}
