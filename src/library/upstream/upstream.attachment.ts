import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { HttpAdapterHost } from '@nestjs/core';
import { StartUpError } from '../errors/start-up.error.js';
import { pathTakenTwice } from '../web-pubsub-options.messages.js';
import { whenAdapterTakesMiddleware } from './adapter-middleware.js';
import { createPathTest } from './event-path.js';
import { takeAtFirstHook } from './fastify-hook.js';
import { ReadAhead } from './read-ahead.js';
import { takeOverRequests } from './request-take-over.js';
import type { HostRequest } from './request-body.js';
import { hostOf, registerUpstreamRoute } from './upstream.route.js';
import type { UpstreamEndpoint } from './upstream.endpoint.js';

type Next = () => void;

/** Standalone applications have none. */
type Adapter = HttpAdapterHost['httpAdapter'] | undefined;

/** At which paths events of an application are received. */
const pathsByAdapter = new WeakMap<object, Set<string>>();

/**
 * Connects the endpoint with whatever serves HTTP in the application. Each way covers what the others miss:
 *
 * - the `request` event of the adapter's server, ahead of the framework (`attach: 'server'`);
 * - a middleware that is installed before all others, or Fastify's first hook, for frameworks that are called without that
 *   server: handed to `http.createServer`, by Fastify's `inject()`, by serverless adapters;
 * - a route, for `attach: 'route'`, behind the middleware of the host. The body is then read ahead of the host's parsers.
 *
 * Validation requests are answered ahead of the framework in both, since CORS would answer them otherwise.
 */
export class UpstreamAttachment {
  readonly #matches: (target: string | undefined) => boolean;
  readonly #readAhead: ReadAhead;
  #stopWaiting: (() => void) | undefined;
  #restore: (() => void) | undefined;
  #claimed: Set<string> | undefined;

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
    this.#stopWaiting = whenAdapterTakesMiddleware(this.adapterHost, () => {
      const adapter = this.adapterHost.httpAdapter as Adapter;
      if (adapter?.getType?.() === 'fastify' && takeAtFirstHook(adapter as object, take)) return;
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

  /**
   * When the routes of the host are there, before the server listens. Returns false when the application serves no HTTP: it
   * was made by `NestFactory.createApplicationContext`, or is a microservice.
   */
  attachToServer(): boolean {
    const adapter = this.adapterHost.httpAdapter as Adapter;
    if (!adapter) return false;
    this.#claimPath(adapter);
    // All that is ahead of the framework lets the host's own requests pass at /; a route would be in the way of its pages.
    if (this.path !== '' || this.attach === 'route') {
      const isOurs = (request: IncomingMessage): boolean => this.#isOurs(request);
      registerUpstreamRoute(adapter, this.path, isOurs, (request, response, host) => {
        if (!this.#readAhead.answer(request)) this.endpoint.receive(request, response, hostOf(request, host));
      });
    }
    this.#restore = takeOverRequests(adapter.getHttpServer?.(), (request, response, next) => {
      if (this.#matches(request.url)) this.#take(request, response, next, undefined);
      else next();
    });
    return true;
  }

  /** Open connections are served on; idle ones are closed. */
  stopListening(): void {
    const server = (this.adapterHost.httpAdapter as Adapter)?.getHttpServer?.() as Partial<Server> | undefined;
    if (server?.listening) server.close?.();
  }

  detach(): void {
    this.#stopWaiting?.();
    this.#restore?.();
    this.#restore = undefined;
    this.#claimed?.delete(this.path);
    this.#claimed = undefined;
  }

  /** Two modules at one path would check each event with the keys of one of them. */
  #claimPath(adapter: object): void {
    const paths = pathsByAdapter.get(adapter) ?? new Set();
    if (paths.has(this.path)) throw new StartUpError(pathTakenTwice(this.path));
    pathsByAdapter.set(adapter, paths.add(this.path));
    this.#claimed = paths;
  }

  /** A path such as / is the host's too: what is no business of the service goes on to it. */
  #isOurs(request: IncomingMessage): boolean {
    return this.path !== '' || isForUpstream(request);
  }

  #take(request: IncomingMessage, response: ServerResponse, next: Next, host: HostRequest | undefined): void {
    if (!this.#isOurs(request)) next();
    else if (this.attach === 'server') this.endpoint.receive(request, response, host);
    else this.#readAhead.read(request, response, host, next);
  }
}

function isForUpstream({ headers }: IncomingMessage): boolean {
  return headers['webhook-request-origin'] !== undefined || headers['ce-awpsversion'] !== undefined;
}
