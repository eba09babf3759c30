import { Controller, Header, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ServiceClients } from 'nestjs-web-pubsub';
import { TokenGuard } from './token.guard.js';
import type { Account } from './token.service.js';

@Controller('negotiate')
export class NegotiateController {
  constructor(private readonly clients: ServiceClients) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @UseGuards(TokenGuard)
  async negotiate(@Req() { account }: { account: Account }) {
    const { url } = await this.clients.clientAccess('chat', {
      userId: account.id,
      groups: account.rooms,
      roles: account.rooms.map((room) => `webpubsub.sendToGroup.${room}`),
      expirationTimeInMinutes: 5,
    });
    return { url };
  }
}
