import { Module } from '@nestjs/common';
import { WebPubSubModule } from 'nestjs-web-pubsub';
import { OrderHub } from './order.hub.js';

/** Any key will do for tests; the emulator takes those of at least 32 bytes. */
const CONNECTION_STRING =
  'Endpoint=https://demo.webpubsub.azure.com;AccessKey=key-for-tests-0123456789abcdef0123456789;';

@Module({
  imports: [
    WebPubSubModule.forRoot({ connectionString: process.env['WebPubSubConnectionString'] ?? CONNECTION_STRING }),
  ],
  providers: [OrderHub],
})
export class OrderModule {}
