import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpAdapterHost } from '@nestjs/core';
import type { Subscription } from 'rxjs';
import { createPathTest } from './event-path.js';
import { ReadAhead } from './read-ahead.js';
import { takeOverRequests } from './request-take-over.js';
import type { HostRequest } from './request-body.js';
import { registerUpstreamRoute } from './upstream.route.js';
import type { UpstreamEndpoint } from './upstream.endpoint.js';

type Next = () => void;

/** What of an HTTP adapter is used; standalone applications have one that does nothing. */
type Adapter = HttpAdapterHost['httpAdapter'] | undefined;

/**
 * Connects the endpoint with whatever serves HTTP in the application. Each way covers what the others miss:
 *
 * - the `request` event of the adapter's server, ahead of the framework (`attach: 'server'`);
 * - a middleware that is installed before all others, for frameworks that are called without that server: handed to
 *   `http.createServer`, by Fastify's `inject()`, by serverless adapters;
 * - a route, for `attach: 'route'`, behind the middleware of the host. The body is then read ahead of the host's parsers.
 *
 * Validation requests are answered ahead of the framework in both, since CORS would answer them otherwise.
 */
export class UpstreamAttachment {
  readonly #matches: (target: string | undefined) => boolean;
  readonly #readAhead: ReadAhead;
  #subscription: Subscription | undefined;
  #restore: (() => void) | undefined;

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly endpoint: UpstreamEndpoint,
    private readonly path: string,
    private readonly attach: 'server' | 'route',
  ) {
    this.#matches = createPathTest(path);
    this.#readAhead = new ReadAhead(endpoint);
  }

  /** As early as the application lets us: before any middleware of the host. */
  installMiddleware(): void {
    const take = (request: IncomingMessage, response: ServerResponse, next: Next): void => {
      if (this.#matches(request.url)) this.#take(request, response, next, request as HostRequest);
      else next();
    };
    this.#subscription = this.adapterHost.init$?.subscribe(() => {
      const adapter = this.adapterHost.httpAdapter as Adapter;
      if (adapter?.getType?.() === 'fastify') addFastifyHook(adapter as FastifyHooks, take);
      adapter?.use?.(function receiveWebPubSubEvents(
        this: void,
        request: IncomingMessage,
        response: ServerResponse,
        next: Next,
      ) {
        take(request, response, next);
      });
    });
  }

  /** When the routes of the host are there, before the server listens. */
  attachToServer(): void {
    const adapter = this.adapterHost.httpAdapter as Adapter;
    if (!adapter) return;
    registerUpstreamRoute(adapter, this.path, (request, response, host) => {
      const prepared = this.#readAhead.take(request);
      if (prepared) this.endpoint.complete(request, response, prepared);
      else this.endpoint.receive(request, response, host);
    });
    this.#restore = takeOverRequests(adapter.getHttpServer?.(), (request, response, next) => {
      if (this.#matches(request.url)) this.#take(request, response, next, undefined);
      else next();
    });
  }

  detach(): void {
    this.#subscription?.unsubscribe();
    this.#restore?.();
    this.#restore = undefined;
  }

  #take(request: IncomingMessage, response: ServerResponse, next: Next, host: HostRequest | undefined): void {
    // A path such as / is the host's too: what is no business of the service goes on to it.
    if (this.path === '' && !isForUpstream(request)) next();
    else if (this.attach === 'server') this.endpoint.receive(request, response, host);
    else this.#readAhead.read(request, response, host, next);
  }
}

function isForUpstream({ headers }: IncomingMessage): boolean {
  return headers['webhook-request-origin'] !== undefined || headers['ce-awpsversion'] !== undefined;
}

type FastifyHook = (
  request: { raw: IncomingMessage },
  reply: { raw: ServerResponse },
  done: (error?: Error) => void,
) => unknown;

/** The one hook of Nest's Fastify adapter that runs ahead of all others. */
interface FastifyHooks {
  readonly onRequestHook?: FastifyHook;
  setOnRequestHook?(hook: FastifyHook): unknown;
}

/**
 * The adapter of Fastify runs middleware behind CORS, which refuses the validation `OPTIONS` with 400. So requests are taken
 * at its first hook as well, ahead of the hook that the host may have set; one that it sets later has the place for itself,
 * and the middleware is left.
 */
function addFastifyHook(
  adapter: FastifyHooks,
  take: (request: IncomingMessage, response: ServerResponse, next: Next) => void,
): void {
  const previous = adapter.onRequestHook;
  adapter.setOnRequestHook?.(function receiveWebPubSubEvents(this: void, request, reply, done) {
    take(request.raw, reply.raw, () => {
      if (previous) runHook(adapter, previous, request, reply, done);
      else done();
    });
  });
}

/** A hook ends by calling `done` or by its promise, as in Nest. */
function runHook(adapter: FastifyHooks, hook: FastifyHook, ...[request, reply, done]: Parameters<FastifyHook>): void {
  let isDone = false;
  const doneOnce = (error?: Error): void => {
    if (isDone) return;
    isDone = true;
    done(error);
  };
  const result: unknown = Reflect.apply(hook, adapter, [request, reply, doneOnce]);
  if (result instanceof Promise) result.then(() => doneOnce(), doneOnce);
}
