import { Socket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import type { EventExchange } from './event-exchange.js';
import { SlotList } from './slot-list.js';

/** The events that are being handled, so that an application can wait for their answers before it closes. */
export class InFlightEvents {
  readonly #exchanges = new SlotList<EventExchange>();
  readonly #waiting = new Set<() => void>();
  /** Connections on which answers had to wait. */
  readonly #watched = new WeakSet<Socket>();

  begin(exchange: EventExchange): void {
    this.#exchanges.add(exchange);
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
    this.#watch(exchange.request.socket);
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

  /** Answers that wait for their turn are not told when their connection ends. */
  #watch(socket: Socket): void {
    if (this.#watched.has(socket)) return;
    this.#watched.add(socket);
    socket.once('close', () => {
      for (const exchange of this.list()) {
        if (exchange.isAnswered && exchange.request.socket === socket) this.end(exchange);
      }
    });
  }
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
