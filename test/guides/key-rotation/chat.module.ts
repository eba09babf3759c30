import { Module } from '@nestjs/common';
import { OnMessage, WebPubSubHub, WebPubSubModule } from 'nestjs-web-pubsub';
import { ServiceKey } from './service-key.js';

@WebPubSubHub('chat')
export class ChatHub {
  @OnMessage()
  message() {
    return 'received';
  }
}

@Module({ providers: [ServiceKey], exports: [ServiceKey] })
export class ServiceKeyModule {}

@Module({
  imports: [
    WebPubSubModule.forRootAsync({
      imports: [ServiceKeyModule],
      inject: [ServiceKey],
      useFactory: ({ credential }: ServiceKey) => ({
        endpoint: process.env['WEB_PUBSUB_ENDPOINT'] ?? 'https://demo.webpubsub.azure.com',
        credential,
      }),
    }),
  ],
  providers: [ChatHub],
})
export class ChatModule {}
