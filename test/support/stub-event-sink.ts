import type { ClientConnection } from '../../src/emulator/core/client-connection.js';
import type { ConnectOutcome, EventSink, UserEventOutcome } from '../../src/emulator/core/event-sink.js';

/** Accepts everything, answers nothing, and notes what was raised: `joined room`, `disconnected bye`. */
export class StubEventSink implements EventSink {
  readonly raised: string[] = [];

  async connect(): Promise<ConnectOutcome> {
    return { kind: 'accepted' };
  }

  connected(): void {
    this.raised.push('connected');
  }

  disconnected(_connection: ClientConnection, reason: string): void {
    this.raised.push(`disconnected ${reason}`);
  }

  async userEvent(): Promise<UserEventOutcome> {
    return { kind: 'handled' };
  }

  groupJoined(_connection: ClientConnection, group: string): void {
    this.raised.push(`joined ${group}`);
  }

  groupLeft(_connection: ClientConnection, group: string): void {
    this.raised.push(`left ${group}`);
  }
}
