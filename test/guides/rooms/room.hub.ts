import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { ConflictException, UseGuards, UsePipes, ValidationPipe } from '@nestjs/common';
import {
  Connection,
  ConnectionStates,
  EventData,
  InjectServiceClient,
  OnUserEvent,
  States,
  WebPubSubHub,
} from 'nestjs-web-pubsub';
import { RoomDto } from './room.dto.js';
import { RoomGuard } from './room.guard.js';

/** What the service keeps with each connection. */
interface RoomStates {
  room: string;
}

@WebPubSubHub('rooms')
export class RoomHub {
  constructor(@InjectServiceClient('rooms') private readonly service: WebPubSubServiceClient) {}

  @UseGuards(RoomGuard)
  @UsePipes(new ValidationPipe())
  @OnUserEvent('enter')
  async enter(
    @EventData() { room }: RoomDto,
    @Connection('connectionId') connectionId: string,
    @States() states: ConnectionStates<RoomStates>,
  ) {
    await this.service.group(room).addConnection(connectionId);
    await this.service.grantPermission(connectionId, 'sendToGroup', { targetName: room });
    states.set('room', room);
    return { entered: room };
  }

  @OnUserEvent('leave')
  async leave(@Connection('connectionId') connectionId: string, @States() states: ConnectionStates<RoomStates>) {
    const room = states.get('room');
    if (room === undefined) throw new ConflictException('You are in no room.');
    await this.service.revokePermission(connectionId, 'sendToGroup', { targetName: room });
    await this.service.group(room).removeConnection(connectionId);
    states.delete('room');
    return { left: room };
  }
}
