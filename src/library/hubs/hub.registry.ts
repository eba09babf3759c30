import { canonicalHubName } from '../../protocol/names.js';
import type { HubEvent } from '../../protocol/cloud-event.js';
import type { HandledEvent } from '../decorators/event-handler.decorators.js';
import { StartUpError } from '../errors/start-up.error.js';
import type { HubHandler } from './hub-handler.js';
import { eventHandledTwice } from './hub.messages.js';

/** The handlers of one hub. */
export class HubHandlers {
  readonly #byEvent = new Map<string, HubHandler>();
  /** By name in lower case. */
  readonly #byUserEvent = new Map<string, HubHandler>();
  #ofOtherUserEvents: HubHandler | undefined;
  /** In the order they were found. */
  readonly list: HubHandler[] = [];

  constructor(readonly hub: string) {}

  /** Exact names come first, `'*'` last; names are compared without regard to case [upstream-events 1]. */
  find(kind: HubEvent['kind'], eventName: string): HubHandler | undefined {
    if (kind !== 'user') return this.#byEvent.get(kind);
    return (
      this.#byUserEvent.get(eventName) ?? this.#byUserEvent.get(eventName.toLowerCase()) ?? this.#ofOtherUserEvents
    );
  }

  /** Throws a `StartUpError` when an event of the handler has one already; then nothing is added. */
  add(handler: HubHandler): void {
    for (const event of handler.events) {
      const other = this.#get(event);
      if (other && other !== handler)
        throw new StartUpError(eventHandledTwice(this.hub, event, other.name, handler.name));
    }
    for (const event of handler.events) this.#set(event, handler);
    this.list.push(handler);
  }

  #get(event: HandledEvent): HubHandler | undefined {
    if (event.kind !== 'user') return this.#byEvent.get(event.kind);
    return event.name === '*' ? this.#ofOtherUserEvents : this.#byUserEvent.get(event.name.toLowerCase());
  }

  #set(event: HandledEvent, handler: HubHandler): void {
    if (event.kind !== 'user') this.#byEvent.set(event.kind, handler);
    else if (event.name === '*') this.#ofOtherUserEvents = handler;
    else this.#byUserEvent.set(event.name.toLowerCase(), handler);
  }
}

/** All handlers, by hub; names of hubs are compared without regard to case. */
export class HubRegistry {
  readonly #hubs = new Map<string, HubHandlers>();

  find(hub: string): HubHandlers | undefined {
    return this.#hubs.get(hub) ?? this.#hubs.get(canonicalHubName(hub));
  }

  /** The hub's handlers, none at first. */
  open(hub: string): HubHandlers {
    const name = canonicalHubName(hub);
    const known = this.#hubs.get(name);
    if (known) return known;
    const handlers = new HubHandlers(hub);
    this.#hubs.set(name, handlers);
    return handlers;
  }

  get hubs(): HubHandlers[] {
    return [...this.#hubs.values()];
  }
}
