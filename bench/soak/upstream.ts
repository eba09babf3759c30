// The application: a hub class that answers `message`, on a fixed port.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventData, OnConnected, OnDisconnected, OnMessage, WebPubSubHub, WebPubSubModule } from '../../src/index.js';

@WebPubSubHub('soak')
class SoakHub {
  @OnConnected() connected() {}
  @OnDisconnected() disconnected() {}

  @OnMessage()
  message(@EventData() text: string) {
    return text;
  }
}

const [connectionString, port] = process.argv.slice(2);

@Module({ imports: [WebPubSubModule.forRoot({ connectionString })], providers: [SoakHub] })
class SoakModule {}

const application = await NestFactory.create(SoakModule, { logger: ['error', 'warn'] });
await application.listen(Number(port), '127.0.0.1');
process.send!({ listening: true });
