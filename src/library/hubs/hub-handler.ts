import type { HandledEvent } from '../decorators/event-handler.decorators.js';
import type { HubRequest } from '../requests/hub.request.js';
import type { HttpResponseStandIn } from './http-response.stand-in.js';

/** A handler method of a hub class, ready to be called. */
export interface HubHandler {
  /** `ChatHub.join`, for errors and logs. */
  readonly name: string;
  readonly hub: string;
  readonly events: readonly HandledEvent[];
  /**
   * Runs the method with the guards, interceptors, pipes and filters that apply to it. Returns or resolves to what becomes
   * the answer; throws or rejects with what becomes a refusal.
   */
  readonly invoke: (request: HubRequest, response?: HttpResponseStandIn) => unknown;
  /** Whether enhancers apply, which may take the event for an HTTP request. */
  readonly hasEnhancers: boolean;
  /** Whether Nest has written an error to the log by the time `invoke` throws it. */
  readonly isLoggedByNest: (error: unknown) => boolean;
}
