import type { HubEvent } from '../../protocol/cloud-event.js';
import { UrlTemplate } from '../../protocol/url-template.js';
import type { EventHandlerSettings, HubSettings } from '../core/hub-settings.js';
import { EventPattern } from './event-pattern.js';

/** An entry of `eventHandlers` in the form that events are matched with. */
export class EventHandler {
  readonly #template: UrlTemplate;
  readonly #systemEvents: ReadonlySet<string>;
  readonly #userEvents: EventPattern;
  /** The resource to get bearer tokens for; absent: no authorization. */
  readonly tokenResource?: string;

  constructor(readonly settings: EventHandlerSettings) {
    this.#template = new UrlTemplate(settings.urlTemplate);
    this.#systemEvents = new Set(settings.systemEvents?.map((name) => name.toLowerCase()));
    this.#userEvents = new EventPattern(settings.userEventPattern);
    if (settings.auth?.type === 'ManagedIdentity') this.tokenResource = settings.auth.managedIdentity.resource;
  }

  /** Of its URL template; a handler with a broken one still takes its events, and they fail. */
  get problem(): string | undefined {
    return this.#template.problem;
  }

  takes(kind: HubEvent['kind'], eventName: string): boolean {
    return kind === 'user' ? this.#userEvents.matches(eventName) : this.#systemEvents.has(kind);
  }

  /** Only of a handler without a problem. */
  eventUrl(hub: string, eventName: string): string {
    return this.#template.expand(hub, eventName);
  }

  /** Only of a handler without a problem. */
  validationUrl(hub: string): string {
    return this.#template.validationUrl(hub);
  }
}

const compiled = new WeakMap<readonly EventHandlerSettings[], readonly EventHandler[]>();
const NONE: readonly EventHandler[] = [];

/** The event handlers of a hub, in order; made once per settings. */
export function eventHandlersOf(settings: HubSettings): readonly EventHandler[] {
  if (!settings.eventHandlers) return NONE;
  let handlers = compiled.get(settings.eventHandlers);
  if (!handlers) {
    handlers = settings.eventHandlers.map((handler) => new EventHandler(handler));
    compiled.set(settings.eventHandlers, handlers);
  }
  return handlers;
}
