import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PreparedEvent } from './event.admission.js';
import type { EventExchange } from './event-exchange.js';
import type { HostRequest } from './request-body.js';
import type { UpstreamEndpoint } from './upstream.endpoint.js';

/** Headers of a body. */
const BODY_HEADERS = ['content-type', 'content-length', 'transfer-encoding'] as const;

/** Where a request keeps what was made of it. Not in a `WeakMap`, which garbage collection has to look through each time. */
const AHEAD = Symbol('webPubSubAhead');

interface PreparedRequest extends IncomingMessage {
  [AHEAD]?: Ahead | undefined;
  rawBody?: Buffer;
}

interface Ahead {
  readonly exchange: EventExchange;
  readonly prepared: PreparedEvent;
  /** Values of `BODY_HEADERS`. */
  readonly bodyHeaders: readonly (string | undefined)[];
}

/**
 * For `attach: 'route'`: checks an event and reads its body before the host sees it, since body parsers refuse what they do
 * not know, reject JSON that is no object, and stop at 100 kB. While the host's middleware runs the request looks as if it
 * had no body; its bytes are on `request.rawBody`. The route gets everything back.
 */
export class ReadAhead {
  constructor(private readonly endpoint: UpstreamEndpoint) {}

  /** Calls `next` when the request may go on to the host. */
  read(request: PreparedRequest, response: ServerResponse, host: HostRequest | undefined, next: () => void): void {
    if (request[AHEAD]) {
      next();
      return;
    }
    this.endpoint.prepare(request, response, host, (exchange, prepared) => {
      if (prepared.kind === 'aborted') {
        this.endpoint.complete(exchange, prepared);
        return;
      }
      request[AHEAD] = { exchange, prepared, bodyHeaders: hideBody(request) };
      if (prepared.kind === 'admitted') request.rawBody = prepared.body;
      next();
    });
  }

  /** Answers a request that has come to the route; false when it was not prepared. Its headers are as they were. */
  answer(request: PreparedRequest): boolean {
    const ahead = request[AHEAD];
    if (!ahead) return false;
    request[AHEAD] = undefined;
    BODY_HEADERS.forEach((name, index) => restore(request.headers, name, ahead.bodyHeaders[index]));
    this.endpoint.complete(ahead.exchange, ahead.prepared);
    return true;
  }
}

/** Headers are set to `undefined`, not deleted, which would make each later look at any of them slow. */
function hideBody({ headers }: IncomingMessage): (string | undefined)[] {
  return BODY_HEADERS.map((name) => {
    const value = headers[name];
    if (value !== undefined) headers[name] = undefined;
    return value;
  });
}

function restore(headers: IncomingMessage['headers'], name: (typeof BODY_HEADERS)[number], value: string | undefined) {
  if (value !== undefined) headers[name] = value;
}
