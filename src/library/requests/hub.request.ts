import type { ConnectionContext } from './connection-context.js';
import { defineHttpMembers } from './http-request.stand-in.js';

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

// Guards, interceptors and strategies of durable providers that were written for HTTP take it for an HTTP request.
defineHttpMembers(HubRequest.prototype);
