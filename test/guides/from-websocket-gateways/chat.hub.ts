import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { UnauthorizedException } from '@nestjs/common';
import {
  Connection,
  ConnectionContext,
  ConnectRequest,
  EventData,
  InjectServiceClient,
  OnConnect,
  OnUserEvent,
  WebPubSubHub,
} from 'nestjs-web-pubsub';

@WebPubSubHub('chat')
export class ChatHub {
  constructor(@InjectServiceClient('chat') private readonly service: WebPubSubServiceClient) {}

  @OnConnect()
  connect({ context }: ConnectRequest) {
    if (context.userId === undefined) throw new UnauthorizedException('Sign in first.');
    return { groups: ['lobby'] };
  }

  @OnUserEvent('join')
  async join(@EventData('room') room: string, @Connection() { connectionId, userId }: ConnectionContext) {
    await this.service.group(room).addConnection(connectionId);
    await this.service.group(room).sendToAll({ joined: userId });
    return { room };
  }
}
