import { canonicalHubName } from '../../protocol/names.js';
import type { Clock } from './clock.js';
import type { EventSink } from './event-sink.js';
import { Hub } from './hub.js';

/** The hubs of the emulator. A hub nobody configured exists as soon as it is named, with no event handlers. */
export class HubRegistry {
  readonly #hubs = new Map<string, Hub>();

  constructor(
    private readonly clock: Clock,
    private readonly events: EventSink,
  ) {}

  /** The caller has checked the name. */
  get(name: string): Hub {
    const key = canonicalHubName(name);
    let hub = this.#hubs.get(key);
    if (!hub) {
      hub = new Hub(key, this.clock, this.events);
      this.#hubs.set(key, hub);
    }
    return hub;
  }

  /** The hub if it was ever named. */
  find(name: string): Hub | undefined {
    return this.#hubs.get(canonicalHubName(name));
  }

  [Symbol.iterator](): IterableIterator<Hub> {
    return this.#hubs.values();
  }
}
