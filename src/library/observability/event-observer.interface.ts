import type { EventReply, HubEvent } from '../../protocol/cloud-event.js';
import type { EventRequestHeaders } from '../../protocol/event-request-headers.js';
import type { HubHandler } from '../hubs/hub-handler.js';

/** An event on its way to its handler. */
export interface ObservedEvent {
  readonly event: HubEvent;
  /** As the hub class spells it. */
  readonly hub: string;
  /** Absent: nobody handles the event. */
  readonly handler: HubHandler | undefined;
  /** Of the request that brought the event. */
  readonly headers: EventRequestHeaders;
}

type Answer = EventReply | Promise<EventReply>;

/** Watches events without a say in what becomes of them: nothing here throws, and answers stay as they are. */
export interface EventObserver {
  /** Told of every request at the path that receives events, in the context in which it came. */
  received(path: string): void;
  /** Calls `handle`, which neither throws nor rejects, and passes its answer on. */
  observe(observed: ObservedEvent, handle: () => Answer): Answer;
  /** Told of the error that made a refusal of the event, before its answer is there. */
  failed(event: HubEvent, error: unknown): void;
  /** Told of a request that became no event: a stranger's, or one that cannot be read. */
  refused(status: number): void;
}
