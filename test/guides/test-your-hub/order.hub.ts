import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { UnauthorizedException } from '@nestjs/common';
import {
  Connection,
  ConnectRequest,
  ConnectionStates,
  EventData,
  InjectServiceClient,
  OnConnect,
  OnUserEvent,
  States,
  WebPubSubHub,
} from 'nestjs-web-pubsub';

@WebPubSubHub('orders')
export class OrderHub {
  constructor(@InjectServiceClient('orders') private readonly service: WebPubSubServiceClient) {}

  @OnConnect()
  connect({ context }: ConnectRequest) {
    if (context.userId === undefined) throw new UnauthorizedException('Sign in first.');
    return { groups: ['buyers'] };
  }

  @OnUserEvent('order')
  async order(
    @EventData('item') item: string,
    @Connection('userId') userId: string,
    @States() states: ConnectionStates<{ count: number }>,
  ) {
    const count = (states.get('count') ?? 0) + 1;
    states.set('count', count);
    await this.service.group('buyers').sendToAll({ userId, item });
    return { count };
  }
}
