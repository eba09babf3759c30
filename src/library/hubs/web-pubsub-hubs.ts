import { eventGroupOf } from '../../protocol/event-group.js';
import { GROUP_EVENT_NAMES, SYSTEM_EVENT_NAMES } from '../../protocol/names.js';
import type { HandledEvent } from '../decorators/event-handler.decorators.js';
import type { HubDescription } from './hub-description.interface.js';
import type { HubHandlers, HubRegistry } from './hub.registry.js';

/**
 * The hubs of the application, injectable.
 *
 * @publicApi
 */
export class WebPubSubHubs {
  readonly #registry: HubRegistry;
  readonly #path: string;

  /** Made by `WebPubSubModule`. */
  constructor(registry: HubRegistry, path: string) {
    this.#registry = registry;
    this.#path = path;
  }

  /** Which hubs, events and path are served; those of lazily loaded modules once they are. */
  describeHubs(): HubDescription[] {
    return this.#registry.hubs.map((handlers) => describeHub(handlers, this.#path));
  }
}

function describeHub({ hub, list }: HubHandlers, path: string): HubDescription {
  const handlers = list.flatMap(({ name, events }) =>
    events.map((event) => ({ kind: eventGroupOf(event.kind), event: nameOf(event), handler: name })),
  );
  const handled = new Set(handlers.map(({ kind, event }) => `${kind} ${event}`));
  return {
    hub,
    path,
    systemEvents: SYSTEM_EVENT_NAMES.filter((event) => handled.has(`system ${event}`)),
    groupEvents: GROUP_EVENT_NAMES.filter((event) => handled.has(`group ${event}`)),
    userEvents: handlers.filter(({ kind }) => kind === 'user').map(({ event }) => event),
    handlers,
  };
}

function nameOf(event: HandledEvent): string {
  return event.kind === 'user' ? event.name : event.kind;
}
