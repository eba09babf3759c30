import { randomUUID } from 'node:crypto';
import { BadRequestException, ForbiddenException, Logger } from '@nestjs/common';
import type { WebPubSubServiceClient } from '@azure/web-pubsub';
import { OnConnect, OnConnected, OnDisconnected, OnMessage } from '../library/decorators/event-handler.decorators.js';
import { Connection, EventData } from '../library/decorators/event-params.decorators.js';
import { WebPubSubHub } from '../library/decorators/web-pubsub-hub.decorator.js';
import type { ConnectResponse } from '../library/requests/connect.response.js';
import { ConnectRequest } from '../library/requests/connect.request.js';
import { ConnectedRequest } from '../library/requests/connected.request.js';
import { DisconnectedRequest } from '../library/requests/disconnected.request.js';
import { InjectServiceClient } from '../library/service-client/service-client.tokens.js';
import { CHAT_HUB, SYSTEM_SENDER } from './chat.constants.js';

/** What everyone in the chat receives. */
export interface ChatMessage {
  readonly from: string;
  readonly message: string;
}

/** The chat of the tutorial: whoever connects takes part, and each message goes to everyone. */
@WebPubSubHub(CHAT_HUB)
export class ChatHub {
  private readonly logger = new Logger('Chat');

  constructor(@InjectServiceClient(CHAT_HUB) private readonly service: WebPubSubServiceClient) {}

  @OnConnect()
  connect({ context }: ConnectRequest): ConnectResponse {
    // The token names the user; only a client that came without one gets a name at random.
    const userId = context.userId ?? `guest-${randomUUID().slice(0, 8)}`;
    if (userId === SYSTEM_SENDER) throw new ForbiddenException(`The name ${SYSTEM_SENDER} belongs to the chat itself.`);
    this.logger.log(`[CONNECT] ${userId} connects.`);
    return { userId };
  }

  @OnConnected()
  async connected({ context }: ConnectedRequest): Promise<void> {
    await this.announce(`${context.userId} joined.`);
  }

  @OnDisconnected()
  async disconnected({ context }: DisconnectedRequest): Promise<void> {
    await this.announce(`${context.userId} left.`);
  }

  @OnMessage()
  async message(@EventData() text: unknown, @Connection('userId') userId: string): Promise<void> {
    if (typeof text !== 'string') throw new BadRequestException('A chat message is text.');
    await this.sendToAll({ from: userId, message: text });
  }

  private async announce(message: string): Promise<void> {
    this.logger.log(`[SYSTEM] ${message}`);
    await this.sendToAll({ from: SYSTEM_SENDER, message });
  }

  private async sendToAll(message: ChatMessage): Promise<void> {
    await this.service.sendToAll({ ...message });
  }
}
