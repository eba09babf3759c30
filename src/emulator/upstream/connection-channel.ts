import { signConnectionId } from '../../protocol/signature.js';
import type { ClientConnection } from '../core/client-connection.js';
import { ConnectionCookies } from './connection-cookies.js';

/** What the events of one connection have in common on their way upstream. */
export class ConnectionChannel {
  readonly cookies = new ConnectionCookies();
  /** The value of `ce-signature`: it covers the connection id alone [upstream-events 7]. */
  readonly signature: string;
  #source = '';
  #sourceOf: string | undefined = '';
  /** Settles when the event raised last has begun to travel, or never will; absent when it has. */
  #lastTurn?: Promise<void>;

  constructor(
    private readonly connection: ClientConnection,
    accessKeys: readonly string[],
  ) {
    this.signature = signConnectionId(connection.connectionId, accessKeys);
  }

  /** The value of `ce-source`; an MQTT session's changes with its network connection. */
  get source(): string {
    const { hub, connectionId, mqtt } = this.connection;
    if (this.#sourceOf !== mqtt?.physicalConnectionId) {
      this.#sourceOf = mqtt?.physicalConnectionId;
      const physical = this.#sourceOf === undefined ? '' : `/${this.#sourceOf}`;
      this.#source = `/hubs/${hub.name}/client/${connectionId}${physical}`;
    }
    return this.#source;
  }

  /**
   * What an event needs before it may travel, once the events raised before it have begun to: so upstream is called in
   * the order of `ce-id`, whichever of them had to wait for a validation.
   */
  inTurn<T>(ready: T | Promise<T>): T | Promise<T> {
    if (!this.#lastTurn && !(ready instanceof Promise)) return ready;
    const turn = (this.#lastTurn ?? Promise.resolve()).then(() => ready);
    const settled = turn.then(ignore, ignore).then(() => {
      if (this.#lastTurn === settled) this.#lastTurn = undefined;
    });
    this.#lastTurn = settled;
    return turn;
  }
}

function ignore(): void {
  // a failure is the concern of whoever waits for that turn
}
