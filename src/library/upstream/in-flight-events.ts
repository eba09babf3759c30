import type { EventExchange } from './event-exchange.js';
import { SlotList } from './slot-list.js';

/** The events that are being handled, so that an application can wait for their answers before it closes. */
export class InFlightEvents {
  readonly #exchanges = new SlotList<EventExchange>();
  readonly #waiting = new Set<() => void>();

  begin(exchange: EventExchange): void {
    this.#exchanges.add(exchange);
  }

  /** Has no effect the second time. */
  end(exchange: EventExchange): void {
    if (this.#exchanges.delete(exchange) && this.#exchanges.size === 0) for (const finish of this.#waiting) finish();
  }

  /** Those that have no answer yet. */
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
}
