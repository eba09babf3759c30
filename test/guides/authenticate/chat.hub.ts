import {
  Connection,
  ConnectRequest,
  type ConnectResponse,
  OnConnect,
  OnUserEvent,
  WebPubSubHub,
} from 'nestjs-web-pubsub';
import { TokenService } from './token.service.js';

@WebPubSubHub('chat')
export class ChatHub {
  constructor(private readonly tokens: TokenService) {}

  @OnConnect()
  async connect({ context, query }: ConnectRequest): Promise<ConnectResponse> {
    // Who comes by /negotiate has a token of the service, which the service has checked.
    if (context.userId !== undefined) return {};
    const { id, rooms } = await this.tokens.verify(query['token']?.[0]);
    return { userId: id, groups: rooms, roles: rooms.map((room) => `webpubsub.sendToGroup.${room}`) };
  }

  @OnUserEvent('whoAmI')
  whoAmI(@Connection('userId') userId: string) {
    return { userId };
  }
}
