import type { MqttDisconnectProperties } from '../../protocol/cloud-event.js';
import type { DataMessage } from '../../protocol/service-message.js';
import type { Hub } from './hub.js';
import type { Permissions } from './permissions.js';

/** How a connection reaches its client: a socket, a socket that may come back, an MQTT session. */
export interface ConnectionOutlet {
  /** Sends the message, or keeps it for when the client returns. Never throws. */
  deliver(message: DataMessage): void;
  /** Ends the connection for good: tells the client why, closes its socket. The outlet then calls `connection.end`. */
  close(reason: string): void;
  /** False while the client is away and may come back. Left out by outlets that end with their socket. */
  hasSocket?(): boolean;
  /** Whether the connection would outlive its socket, were it lost now. Left out by outlets that end with it. */
  isRecoverable?(): boolean;
  /** The connection is no longer in a group, by whomever it was taken out. */
  onGroupLeft?(group: string): void;
  /**
   * Fault switch: cuts the socket without a closing handshake, as a broken network does. A reliable connection enters its
   * recovery window, any other ends. False: there is no socket at the moment.
   */
  dropSocket?(): boolean;
  /**
   * Fault switch: until the function that is returned is called, nothing more is written to the client, as if it had ceased
   * to read; what is delivered piles up as with any slow client. Undefined: there is no socket at the moment. `onGone` is
   * called when the held socket is closed, which may be later than the end of the connection.
   */
  holdSocket?(onGone: () => void): (() => void) | undefined;
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
  #endListeners?: Set<() => void>;

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

  /** False while a reliable client or the client of an MQTT session is away. */
  get isOnline(): boolean {
    return this.#outlet?.hasSocket?.() ?? true;
  }

  /** Whether its client could come back after the loss of the socket. */
  get isRecoverable(): boolean {
    return this.#outlet?.isRecoverable?.() ?? false;
  }

  /** Tells the outlet; called by the hub. */
  onGroupLeft(group: string): void {
    this.#outlet?.onGroupLeft?.(group);
  }

  /** Leaves the hub and raises `disconnected`, once; false when that has happened before. For outlets. */
  end(reason: string, mqtt?: MqttDisconnectProperties): boolean {
    if (!this.hub.remove(this)) return false;
    this.hub.events.disconnected(this, reason, mqtt);
    for (const listener of this.#endListeners ?? []) listener();
    return true;
  }

  /** Calls the listener once, when the connection has ended. Returns the function that takes it away. */
  whenEnded(listener: () => void): () => void {
    const listeners = (this.#endListeners ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Fault switch, see ConnectionOutlet; false as well when the outlet has no such switch. */
  dropSocket(): boolean {
    return this.#outlet?.dropSocket?.() ?? false;
  }

  /** Fault switch, see ConnectionOutlet; undefined as well when the outlet has no such switch. */
  holdSocket(onGone: () => void): (() => void) | undefined {
    return this.#outlet?.holdSocket?.(onGone);
  }
}
