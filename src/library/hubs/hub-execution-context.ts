import type { ArgumentsHost, ExecutionContext, Type } from '@nestjs/common';
import type { ConnectionContext } from '../requests/connection-context.js';
import type { HubRequest } from '../requests/hub.request.js';
import { WEB_PUBSUB_CONTEXT_TYPE } from '../web-pubsub.constants.js';

/**
 * Whether a guard, pipe, interceptor or filter runs for a hub handler rather than for an HTTP route. Ask it in global
 * enhancers that were written for HTTP: `switchToHttp().getRequest()` gives them the request of the event.
 *
 * @publicApi
 */
export function isWebPubSubContext(host: ArgumentsHost): boolean {
  return host.getType<string>() === WEB_PUBSUB_CONTEXT_TYPE;
}

/**
 * What enhancers see of an event.
 *
 * @publicApi
 */
export class WebPubSubExecutionContext {
  private constructor(private readonly host: ArgumentsHost) {}

  /** Takes an `ExecutionContext`, or the `ArgumentsHost` of an exception filter. */
  static create(host: ExecutionContext | ArgumentsHost): WebPubSubExecutionContext {
    return new WebPubSubExecutionContext(host);
  }

  /** The request of the event, which handlers get as their argument. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as in Nest's own contexts
  getRequest<T extends HubRequest = HubRequest>(): T {
    return requestOf(this.host) as T;
  }

  /** The connection that raised the event. */
  getConnection(): ConnectionContext {
    return requestOf(this.host).context;
  }

  /** The payload of a user event; `undefined` for other events. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as in Nest's own contexts
  getData<T = unknown>(): T {
    return (requestOf(this.host) as { data?: unknown }).data as T;
  }

  getType(): typeof WEB_PUBSUB_CONTEXT_TYPE {
    return WEB_PUBSUB_CONTEXT_TYPE;
  }

  /** The hub class; not known to exception filters. */
  getClass<T = unknown>(): Type<T> | undefined {
    return (this.host as Partial<ExecutionContext>).getClass?.<T>();
  }

  /** The handler method; not known to exception filters. */
  getHandler(): Function | undefined {
    return (this.host as Partial<ExecutionContext>).getHandler?.();
  }
}

/** The request is the first argument of every handler. */
export function requestOf(host: ArgumentsHost): HubRequest {
  return host.getArgByIndex<HubRequest>(0);
}
