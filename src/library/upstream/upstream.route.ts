import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpAdapterHost } from '@nestjs/core';
import { StartUpError } from '../errors/start-up.error.js';
import { POST_ROUTE_TAKEN } from '../web-pubsub-options.messages.js';
import type { HostRequest } from './request-body.js';

/** `host`: the framework's request, which may be the same. */
type Receive = (request: IncomingMessage, response: ServerResponse, host: HostRequest) => void;

/** Fastify wraps Node's objects; its reply must be told that somebody else answers. */
interface Wrapped<T> extends HostRequest {
  readonly raw?: T & HostRequest;
  hijack?(): void;
  callNotFound?(): void;
}

/**
 * The route of events, for all methods on the path and below it. It is registered with the HTTP adapter rather than by a
 * controller's decorators: neither global prefix nor version moves it, and guards, pipes and interceptors that the
 * application has for HTTP do not stand before it; those of hub handlers run where handlers are called.
 */
export function registerUpstreamRoute(
  adapter: HttpAdapterHost['httpAdapter'],
  path: string,
  isOurs: (request: IncomingMessage) => boolean,
  receive: Receive,
): void {
  if (typeof adapter.all !== 'function') return;
  const isFastify = adapter.getType?.() === 'fastify';
  const below = isFastify ? `${path}/*` : `${escapePath(path)}/*webPubSubPath`;
  const own = isFastify ? path || '/' : escapePath(path) || '/';
  const handle = (
    request: IncomingMessage & Wrapped<IncomingMessage>,
    response: ServerResponse & Wrapped<ServerResponse>,
    next?: Function,
  ) => {
    if (!isOurs(request.raw ?? request)) {
      if (response.callNotFound) response.callNotFound();
      else (next as (() => void) | undefined)?.();
      return;
    }
    if (!request.raw || !response.raw) {
      receive(request, response, request);
      return;
    }
    response.hijack?.();
    receive(request.raw, response.raw, request);
  };
  // At / hosts have pages of their own, and Fastify takes no second route for a method and path.
  const method = isFastify && path === '' ? 'post' : 'all';
  if (isFastify && path === '' && hasRoute(adapter, own)) throw new StartUpError(POST_ROUTE_TAKEN);
  adapter[method](own, handle);
  adapter[method](below, handle);
}

function hasRoute(adapter: HttpAdapterHost['httpAdapter'], url: string): boolean {
  const fastify = adapter.getInstance<{ hasRoute?(route: { method: string; url: string }): boolean }>();
  return fastify.hasRoute?.({ method: 'POST', url }) ?? false;
}

/** What is known of a body that the framework had first, whether on its own request or on Node's. */
export function hostOf(request: IncomingMessage & HostRequest, host: HostRequest): HostRequest {
  return { body: request.body ?? host.body, rawBody: request.rawBody ?? host.rawBody };
}

/** Express gives these characters a meaning of their own. */
function escapePath(path: string): string {
  return path.replace(/[()[\]{}?+!*:\\]/g, '\\$&');
}
