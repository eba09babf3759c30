import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { UnauthorizedException } from '@nestjs/common';
import {
  ConnectedRequest,
  ConnectRequest,
  DisconnectedRequest,
  InjectServiceClient,
  OnConnect,
  OnConnected,
  OnDisconnected,
  OnUserEvent,
  WebPubSubHub,
} from 'nestjs-web-pubsub';
import { Presence } from './presence.js';

@WebPubSubHub('presence')
export class PresenceHub {
  constructor(
    private readonly presence: Presence,
    @InjectServiceClient('presence') private readonly service: WebPubSubServiceClient,
  ) {}

  @OnConnect()
  connect({ context }: ConnectRequest) {
    if (context.userId === undefined) throw new UnauthorizedException('Only users with a name can be present.');
  }

  @OnConnected()
  async connected({ context: { userId = '', connectionId } }: ConnectedRequest) {
    if (this.presence.arrive(userId, connectionId)) await this.service.sendToAll({ arrived: userId });
  }

  @OnDisconnected()
  async disconnected({ context: { userId = '', connectionId } }: DisconnectedRequest) {
    if (this.presence.leave(userId, connectionId)) await this.service.sendToAll({ left: userId });
  }

  /** A client asks once, when it has connected; afterwards it hears of changes. */
  @OnUserEvent('whoIsThere')
  whoIsThere() {
    return { users: this.presence.users() };
  }
}
