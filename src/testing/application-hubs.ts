import type { HubSettings } from '../emulator/core/hub-settings.js';
import type { WebPubSubHubs } from '../library/hubs/web-pubsub-hubs.js';
import { canonicalHubName } from '../protocol/names.js';

/** The hubs that a test may mean, so that one which is misspelled is told apart. Names are compared without their case. */
export class ApplicationHubs {
  /** That the application calls. */
  readonly #called = new Set<string>();
  readonly #givenHandlers: ReadonlySet<string>;

  /** `given` are the settings that the test has made. */
  constructor(
    private readonly hubs: WebPubSubHubs,
    given: Readonly<Record<string, HubSettings>> = {},
  ) {
    const withHandlers = Object.entries(given).filter(([, { eventHandlers }]) => eventHandlers !== undefined);
    this.#givenHandlers = new Set(withHandlers.map(([hub]) => canonicalHubName(hub)));
  }

  /** Those with hub classes, as they are spelled; lazily loaded ones once they are. */
  get served(): string[] {
    return this.hubs.describeHubs().map(({ hub }) => hub);
  }

  /** The application has made a service client of the hub. */
  addCalled(hub: string): void {
    this.#called.add(canonicalHubName(hub));
  }

  /** Why nobody takes the events of the hub's clients; undefined: somebody may. */
  explainUnheard(hub: string): string | undefined {
    const { served } = this;
    const name = canonicalHubName(hub);
    if (this.#givenHandlers.has(name) || served.some((known) => canonicalHubName(known) === name)) return undefined;
    const others = served.length > 0 ? `; it has: ${served.join(', ')}` : ', nor any other: it has no hub class';
    return `The application has no hub "${hub}"${others}.`;
  }

  /** Why nobody sends to the hub's clients; undefined: somebody may. */
  explainSilence(hub: string): string | undefined {
    return this.#called.has(canonicalHubName(hub)) ? undefined : this.explainUnheard(hub);
  }
}
