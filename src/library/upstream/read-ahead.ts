import type { IncomingMessage, ServerResponse } from 'node:http';
import { isValidationRequest } from '../../protocol/webhook-validation.js';
import type { HostRequest } from './request-body.js';
import type { PreparedEvent } from './event.admission.js';
import type { UpstreamEndpoint } from './upstream.endpoint.js';

/** Headers of a body, and what they were. */
const BODY_HEADERS = ['content-type', 'content-length', 'transfer-encoding'] as const;

interface Ahead {
  readonly prepared: PreparedEvent;
  readonly bodyHeaders: Readonly<Record<string, string | undefined>>;
}

/**
 * For `attach: 'route'`: checks an event and reads its body before the host sees it, since body parsers refuse what they do
 * not know, reject JSON that is no object, and stop at 100 kB. While the host's middleware runs the request looks as if it
 * had no body; its bytes are on `request.rawBody`. The route gets everything back.
 */
export class ReadAhead {
  readonly #ahead = new WeakMap<IncomingMessage, Ahead>();

  constructor(private readonly endpoint: UpstreamEndpoint) {}

  /** Calls `next` when the request may go on to the host. */
  read(request: IncomingMessage, response: ServerResponse, host: HostRequest | undefined, next: () => void): void {
    if (isValidationRequest(request.method, request.headers)) {
      this.endpoint.answerValidation(request, response);
      return;
    }
    if (this.#ahead.has(request)) {
      next();
      return;
    }
    this.endpoint.prepare(request, response, host, (prepared) => {
      if (prepared.kind === 'aborted') return;
      this.#ahead.set(request, { prepared, bodyHeaders: hideBody(request) });
      if (prepared.kind === 'admitted') (request as { rawBody?: Buffer }).rawBody = prepared.body;
      next();
    });
  }

  /** What was prepared for a request that has come to the route; its headers are as they were. */
  take(request: IncomingMessage): PreparedEvent | undefined {
    const ahead = this.#ahead.get(request);
    if (!ahead) return undefined;
    this.#ahead.delete(request);
    for (const name of BODY_HEADERS)
      if (ahead.bodyHeaders[name] !== undefined) request.headers[name] = ahead.bodyHeaders[name];
    return ahead.prepared;
  }
}

function hideBody({ headers }: IncomingMessage): Record<string, string | undefined> {
  const hidden: Record<string, string | undefined> = {};
  for (const name of BODY_HEADERS) {
    hidden[name] = headers[name];
    delete headers[name];
  }
  return hidden;
}
