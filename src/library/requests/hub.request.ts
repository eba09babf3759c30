import type { ConnectionContext } from './connection-context.js';

/**
 * What the requests of all events have in common.
 *
 * @publicApi
 */
export abstract class HubRequest {
  readonly context: ConnectionContext;

  constructor(context: ConnectionContext) {
    this.context = context;
  }
}

/**
 * Guards, interceptors and strategies of durable providers that were written for HTTP read `request.headers['…']`; so every
 * request has headers, of which there are none unless the event is a `connect`.
 */
Object.defineProperty(HubRequest.prototype, 'headers', {
  configurable: true,
  enumerable: false,
  writable: true,
  value: Object.freeze({}),
});
