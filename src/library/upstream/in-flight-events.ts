import { Socket } from 'node:net';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import type { EventExchange } from './event-exchange.js';
import { SlotList } from './slot-list.js';

/** The events that are being handled, so that an application can wait for their answers before it closes. */
export class InFlightEvents {
  readonly #exchanges = new SlotList<EventExchange>();
  readonly #waiting = new Set<() => void>();
  /** Connections whose end will be noticed. */
  readonly #watched = new WeakSet<Socket>();
  #isSweeping = false;

  begin(exchange: EventExchange): void {
    this.#exchanges.add(exchange);
    this.#watch(exchange);
  }

  /** Has no effect the second time. */
  end(exchange: EventExchange): void {
    if (this.#exchanges.delete(exchange) && this.#exchanges.size === 0) for (const finish of this.#waiting) finish();
  }

  /** For an event whose answer has been written: a server that closes cuts what has not left yet. */
  endWhenSent(exchange: EventExchange): void {
    if (isSent(exchange)) {
      this.end(exchange);
      return;
    }
    exchange.isAnswered = true;
    exchange.response.once('finish', () => this.end(exchange));
  }

  /** Those whose answers have not been sent yet. */
  list(): EventExchange[] {
    return this.#exchanges.list();
  }

  /** Resolves when there are none, at the latest after `patienceMs`. */
  async whenNone(patienceMs: number): Promise<void> {
    if (this.#exchanges.size === 0) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(finish);
        resolve();
      };
      const timer = setTimeout(finish, patienceMs);
      this.#waiting.add(finish);
    });
  }

  /**
   * Nobody waits for an answer whose connection has ended, though its handler may never. Responses that wait for their turn
   * are not told of that, so the connection is asked, once for all its events.
   */
  #watch(exchange: EventExchange): void {
    const { request, response } = exchange;
    const { socket } = request;
    if (request.httpVersionMajor > 1) {
      response.once('close', () => this.end(exchange));
    } else if (socket instanceof Socket && !this.#watched.has(socket)) {
      this.#watched.add(socket);
      socket.once('close', () => this.#sweepSoon());
    }
  }

  /** Once for all connections that end in this turn. */
  #sweepSoon(): void {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    setImmediate(() => {
      this.#isSweeping = false;
      for (const exchange of this.list()) if (isGone(exchange)) this.end(exchange);
    });
  }
}

function isGone({ request: { socket } }: EventExchange): boolean {
  return socket instanceof Socket && socket.destroyed;
}

/**
 * Not so while its turn on the connection has not come, its sender reads slowly, or a host compresses it. HTTP/2 sends what it
 * has before its sessions end.
 */
function isSent({ request, response }: EventExchange): boolean {
  if (request.httpVersionMajor !== 1 || response.writableFinished || response.destroyed) return true;
  // Adapters that are called without a server have connections of their own making.
  return !(request.socket instanceof Socket) || request.socket.destroyed;
}
