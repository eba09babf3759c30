import { Injectable } from '@nestjs/common';

/** Who is there, in the memory of one process. A user may have several connections: tabs, devices. */
@Injectable()
export class Presence {
  private readonly connections = new Map<string, Set<string>>();

  /** Whether the user was not there before. Telling it twice of one connection is harmless. */
  arrive(userId: string, connectionId: string): boolean {
    const known = this.connections.get(userId);
    if (known) {
      known.add(connectionId);
      return false;
    }
    this.connections.set(userId, new Set([connectionId]));
    return true;
  }

  /** Whether that was the user's last connection. */
  leave(userId: string, connectionId: string): boolean {
    const known = this.connections.get(userId);
    if (!known?.delete(connectionId) || known.size > 0) return false;
    return this.connections.delete(userId);
  }

  users(): string[] {
    return [...this.connections.keys()];
  }
}
