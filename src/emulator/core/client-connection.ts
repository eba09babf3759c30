import type { DataMessage } from '../../protocol/service-message.js';
import type { Hub } from './hub.js';
import type { Permissions } from './permissions.js';

/** How a connection reaches its client: a socket, a socket that may come back, an MQTT session. */
export interface ConnectionOutlet {
  /** Sends the message, or keeps it for when the client returns. Never throws. */
  deliver(message: DataMessage): void;
  /** Ends the connection for good: tells the client why, closes its socket. The outlet then calls `hub.remove`. */
  close(reason: string): void;
}

/**
 * The service's logical connection: who the client is and what it may do. It outlives the socket when its subprotocol is
 * reliable. Groups are changed through the hub, which keeps the members.
 */
export class ClientConnection {
  /** Changed by the hub only. */
  readonly groups = new Set<string>();
  /** Absent: anonymous. */
  userId?: string;
  /** The negotiated subprotocol; absent for a simple client without one. */
  subprotocol?: string;
  /** Opaque to the service; absent until upstream sets it, empty when upstream cleared it [upstream-events 5]. */
  state?: string;
  /** MQTT only: ids of the network connection and of the session. */
  mqtt?: { physicalConnectionId: string; sessionId?: string };
  /** Epoch milliseconds. */
  readonly createdAt: number;
  #nextEventId = 0;
  #outlet?: ConnectionOutlet;

  constructor(
    readonly hub: Hub,
    readonly connectionId: string,
    public permissions: Permissions,
  ) {
    this.createdAt = hub.clock.now();
  }

  /** Gives the connection its way to the client; before that nothing may be delivered. */
  attach(outlet: ConnectionOutlet): void {
    this.#outlet = outlet;
  }

  /** The next `ce-id`: 0 is the `connect` event's, whether or not anybody handles it [upstream-events 4]. */
  takeEventId(): number {
    return this.#nextEventId++;
  }

  deliver(message: DataMessage): void {
    this.#outlet?.deliver(message);
  }

  close(reason: string): void {
    this.#outlet?.close(reason);
  }
}
