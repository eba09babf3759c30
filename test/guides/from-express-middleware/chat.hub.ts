import { UnauthorizedException } from '@nestjs/common';
import {
  Connection,
  ConnectRequest,
  type ConnectResponse,
  EventData,
  OnConnect,
  OnDisconnected,
  OnUserEvent,
  States,
  WebPubSubHub,
} from 'nestjs-web-pubsub';

@WebPubSubHub('chat')
export class ChatHub {
  @OnConnect()
  connect({ context, claims }: ConnectRequest): ConnectResponse {
    if (claims['banned']) throw new UnauthorizedException('You are banned.');
    context.states.set('room', 'lobby');
    return { groups: ['lobby'] };
  }

  @OnUserEvent('*')
  echo(@EventData() data: unknown, @States('room') room: string) {
    return { room, data };
  }

  @OnDisconnected()
  gone(@Connection('userId') userId: string) {
    console.log(`${userId} is gone.`);
  }
}
