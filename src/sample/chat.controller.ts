import { Controller, Get, Header, Query } from '@nestjs/common';
import type { WebPubSubServiceClient } from '@azure/web-pubsub';
import { InjectServiceClient } from '../library/service-client/service-client.tokens.js';
import { CHAT_HUB } from './chat.constants.js';
import { UserIdPipe } from './user-id.pipe.js';

export interface NegotiateResponse {
  /** Where the client connects; holds an access token that is valid for an hour. */
  readonly url: string;
}

/** Lets clients in: a real application would authenticate the user first, and take the name from there. */
@Controller()
export class ChatController {
  constructor(@InjectServiceClient(CHAT_HUB) private readonly service: WebPubSubServiceClient) {}

  @Get('negotiate')
  @Header('Cache-Control', 'no-store')
  async negotiate(@Query('userId', UserIdPipe) userId: string): Promise<NegotiateResponse> {
    const { url } = await this.service.getClientAccessToken({ userId });
    return { url };
  }
}
