import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { BadRequestException, ForbiddenException } from '@nestjs/common';
import {
  Connection,
  ConnectRequest,
  type ConnectResponse,
  EventData,
  InjectServiceClient,
  OnConnect,
  OnUserEvent,
  States,
  WebPubSubHub,
} from 'nestjs-web-pubsub';
import { RoomDirectory } from './room.directory.js';

@WebPubSubHub('moderated')
export class ModeratedHub {
  constructor(
    private readonly rooms: RoomDirectory,
    @InjectServiceClient('moderated') private readonly service: WebPubSubServiceClient,
  ) {}

  @OnConnect()
  async connect({ context, query }: ConnectRequest): Promise<ConnectResponse> {
    const room = query['room']?.[0] ?? '';
    if (!(await this.rooms.mayEnter(context.userId, room))) {
      throw new ForbiddenException('This room is not open to you.');
    }
    context.states.set('room', room);
    return { groups: [room] };
  }

  @OnUserEvent('say')
  async say(@EventData() text: unknown, @Connection('userId') from: string, @States('room') room: string) {
    if (typeof text !== 'string') throw new BadRequestException('A message is text.');
    await this.service.group(room).sendToAll({ from, text: text.slice(0, 500) });
  }
}
