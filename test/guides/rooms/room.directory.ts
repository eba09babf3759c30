import { Injectable } from '@nestjs/common';

/** Who may enter which room; a real one asks a database. */
@Injectable()
export class RoomDirectory {
  private readonly members = new Map([
    ['blue', ['ann', 'bob']],
    ['red', ['carol']],
  ]);

  mayEnter(userId: string | undefined, room: string): Promise<boolean> {
    return Promise.resolve(userId !== undefined && (this.members.get(room)?.includes(userId) ?? false));
  }
}
