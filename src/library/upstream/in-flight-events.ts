import type { EventExchange } from './event-exchange.js';
import { SlotList } from './slot-list.js';

/** The events that are being handled, so that an application can wait for their answers before it closes. */
export class InFlightEvents {
  readonly #exchanges = new SlotList<EventExchange>();
  #onNone: (() => void) | undefined;

  begin(exchange: EventExchange): void {
    this.#exchanges.add(exchange);
  }

  /** Has no effect the second time. */
  end(exchange: EventExchange): void {
    if (this.#exchanges.delete(exchange) && this.#exchanges.size === 0) this.#onNone?.();
  }

  /** Those that have no answer yet. */
  list(): EventExchange[] {
    return this.#exchanges.list();
  }

  /** Resolves when there are none, at the latest after `patienceMs`. */
  async whenNone(patienceMs: number): Promise<void> {
    if (this.#exchanges.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#onNone = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#onNone = undefined;
  }
}
