import { Module } from '@nestjs/common';
import { WebPubSubModule } from 'nestjs-web-pubsub';
import { ChatHub } from './chat.hub.js';
import { NegotiateController } from './negotiate.controller.js';
import { TOKEN_SECRET, TokenService } from './token.service.js';

@Module({
  imports: [
    WebPubSubModule.forRootAsync({
      useFactory: () => ({ connectionString: process.env['WebPubSubConnectionString'] }),
    }),
  ],
  controllers: [NegotiateController],
  providers: [ChatHub, TokenService, { provide: TOKEN_SECRET, useFactory: () => process.env['TOKEN_SECRET'] }],
})
export class ChatModule {}
