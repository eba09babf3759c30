import type { HubEvent } from '../../protocol/cloud-event.js';
import type { EventHandlerSettings, HubSettings } from '../core/hub-settings.js';
import { EventPattern } from './event-pattern.js';
import { UrlTemplate } from './url-template.js';

/** `{event}` in the URL of a validation [upstream-events 2]. */
const VALIDATE = 'validate';

/** An entry of `eventHandlers` in the form that events are matched with. */
export class EventHandler {
  /** Or what is wrong with it; a handler with a broken template still takes its events, and they fail. */
  readonly #template: UrlTemplate | { readonly problem: string };
  readonly #systemEvents: ReadonlySet<string>;
  readonly #userEvents: EventPattern;
  /** The resource to get bearer tokens for; absent: no authorization. */
  readonly tokenResource?: string;

  constructor(readonly settings: EventHandlerSettings) {
    this.#template = readTemplate(settings.urlTemplate);
    this.#systemEvents = new Set(settings.systemEvents?.map((name) => name.toLowerCase()));
    this.#userEvents = new EventPattern(settings.userEventPattern);
    if (settings.auth?.type === 'ManagedIdentity') this.tokenResource = settings.auth.managedIdentity.resource;
  }

  get problem(): string | undefined {
    return 'problem' in this.#template ? this.#template.problem : undefined;
  }

  takes(kind: HubEvent['kind'], eventName: string): boolean {
    return kind === 'user' ? this.#userEvents.matches(eventName) : this.#systemEvents.has(kind);
  }

  /** Only of a handler without a problem. */
  eventUrl(hub: string, eventName: string): string {
    return (this.#template as UrlTemplate).expand(hub, eventName);
  }

  /** Only of a handler without a problem. */
  validationUrl(hub: string): string {
    return this.eventUrl(hub, VALIDATE);
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

function readTemplate(text: string): UrlTemplate | { readonly problem: string } {
  try {
    return new UrlTemplate(text);
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
