import type { ConnectedEvent, DisconnectedEvent, HubEvent, UserEvent } from '../../protocol/cloud-event.js';
import { canonicalHubName } from '../../protocol/names.js';
import { EventPattern } from './event-pattern.js';

/**
 * What a listener hears: `connect` is never among it [upstream-events 1].
 *
 * @publicApi
 */
export type ListenedEvent = ConnectedEvent | DisconnectedEvent | UserEvent;

/**
 * Called once per event. It cannot answer; what it throws or rejects with is logged.
 *
 * @publicApi
 */
export type EventListener = (event: ListenedEvent) => unknown;

/** Which events a listener hears, in the names of the hub setting `eventListeners`. */
export interface EventFilter {
  /** Default: every hub. Compared without regard to case. */
  readonly hub?: string;
  readonly systemEvents?: readonly ('connected' | 'disconnected')[];
  /** `*`, one event name, or several with commas between. */
  readonly userEventPattern?: string;
}

interface Subscription {
  readonly hub?: string;
  readonly systemEvents: ReadonlySet<string>;
  readonly userEvents: EventPattern;
  readonly listener: EventListener;
}

/** In-process listeners, in the place of the service's Event Hubs listeners. */
export class EventListeners {
  readonly #subscriptions = new Set<Subscription>();

  /** Returns the function that takes the listener away. */
  add(filter: EventFilter, listener: EventListener): () => void {
    const subscription: Subscription = {
      ...(filter.hub !== undefined && { hub: canonicalHubName(filter.hub) }),
      systemEvents: new Set(filter.systemEvents),
      userEvents: new EventPattern(filter.userEventPattern),
      listener,
    };
    this.#subscriptions.add(subscription);
    return () => void this.#subscriptions.delete(subscription);
  }

  /**
   * `connected` and `disconnected` are the system events, anything else a pattern of user events (`*`, `message`, ...).
   * `add` tells a user event of such a name apart.
   */
  on(eventName: string, listener: EventListener, options: { readonly hub?: string } = {}): () => void {
    const isSystemEvent = eventName === 'connected' || eventName === 'disconnected';
    return this.add(
      { ...options, ...(isSystemEvent ? { systemEvents: [eventName] } : { userEventPattern: eventName }) },
      listener,
    );
  }

  /** Whether any listener wants the event; `hub` in canonical form. */
  want(hub: string, kind: HubEvent['kind'], eventName: string): boolean {
    for (const subscription of this.#subscriptions) {
      if (wants(subscription, hub, kind, eventName)) return true;
    }
    return false;
  }

  /** Tells every listener that wants the event, without waiting; `onFailure` hears what they throw or reject with. */
  publish(event: ListenedEvent, onFailure: (error: unknown) => void): void {
    const { hub, eventName } = event.context;
    for (const subscription of [...this.#subscriptions]) {
      if (!wants(subscription, hub, event.kind, eventName)) continue;
      try {
        void Promise.resolve(subscription.listener(event)).catch(onFailure);
      } catch (error) {
        onFailure(error);
      }
    }
  }
}

function wants(subscription: Subscription, hub: string, kind: HubEvent['kind'], eventName: string): boolean {
  if (subscription.hub !== undefined && subscription.hub !== hub) return false;
  return kind === 'user' ? subscription.userEvents.matches(eventName) : subscription.systemEvents.has(kind);
}
