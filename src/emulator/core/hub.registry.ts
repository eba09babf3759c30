import { canonicalHubName } from '../../protocol/names.js';
import type { Clock } from './clock.js';
import type { EventSink } from './event-sink.js';
import { Hub } from './hub.js';
import type { HubSettings } from './hub-settings.js';

/** The hubs of the emulator. A hub nobody configured exists as soon as a client enters it, with no event handlers. */
export class HubRegistry {
  readonly #hubs = new Map<string, Hub>();

  constructor(
    private readonly clock: Clock,
    private readonly events: EventSink,
  ) {}

  /** Creates what is missing: only for callers who may enter, and with a name that has been checked. */
  get(name: string): Hub {
    const key = canonicalHubName(name);
    let hub = this.#hubs.get(key);
    if (!hub) {
      hub = new Hub(key, this.clock, this.events);
      this.#hubs.set(key, hub);
    }
    return hub;
  }

  /** The hub if it was ever configured or entered. */
  find(name: string): Hub | undefined {
    return this.#hubs.get(canonicalHubName(name));
  }

  /** Of a hub that does not exist, those that it would have. */
  settingsOf(name: string): HubSettings {
    return this.find(name)?.settings ?? {};
  }

  [Symbol.iterator](): IterableIterator<Hub> {
    return this.#hubs.values();
  }
}
