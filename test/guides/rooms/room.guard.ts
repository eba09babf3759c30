import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import { WebPubSubExecutionContext } from 'nestjs-web-pubsub';
import { RoomDirectory } from './room.directory.js';

@Injectable()
export class RoomGuard implements CanActivate {
  constructor(private readonly rooms: RoomDirectory) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const event = WebPubSubExecutionContext.create(context);
    // Guards run before pipes: nobody has looked at the payload yet.
    const room = event.getData<{ room?: unknown } | null>()?.room;
    if (typeof room === 'string' && (await this.rooms.mayEnter(event.getConnection().userId, room))) return true;
    throw new ForbiddenException('This room is not open to you.');
  }
}
