import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type Dispatcher } from 'undici';
import { EVENT_HEADERS } from '../../protocol/event-headers.js';
import { encodeUtf8Header } from '../../protocol/utf8-header.codec.js';
import { describeHeaderProblem } from '../core/upstream-headers.js';
import {
  MAX_UPSTREAM_ANSWER_BYTES,
  UpstreamUnreachableError,
  type UpstreamRequest,
  type UpstreamResponse,
  type UpstreamTransport,
} from '../core/upstream-transport.js';
import { describeTransportFailure, isRetryableFailure } from './http-failures.js';
import { blankUrl } from './secrets.js';
import { describeTooLarge } from './upstream-failures.js';

const CONNECT_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS_PER_ORIGIN = 1_024;
/** Room for a large connection state: Node servers send up to 16 KiB by default, others more. */
const MAX_ANSWER_HEADER_BYTES = 64 * 1024;

/**
 * Carries requests to `http:` and `https:` URLs, over connections that are kept alive per origin. Redirects are not
 * followed [assumed]. Deadlines are the caller's, by its signal; only opening a connection has one of its own.
 */
export class HttpTransport implements UpstreamTransport {
  readonly #agent = createAgent();

  carries(url: URL): boolean {
    return url.protocol === 'http:' || url.protocol === 'https:';
  }

  async send(_hub: string, request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamResponse> {
    signal.throwIfAborted();
    const { origin, pathname, search } = new URL(request.url);
    const headers = encodeHeaders(request);
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(request.url, signal, resolve, reject);
      this.#agent.dispatch(
        { origin, path: pathname + search, method: request.method, headers, body: request.body ?? null },
        exchange,
      );
    });
  }

  /** Breaks every connection; requests in flight are rejected. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** Throws where events could not be sent: Bun puts a stub in the place of undici. */
function createAgent(): Agent {
  const agent = new Agent({
    connections: MAX_CONNECTIONS_PER_ORIGIN,
    pipelining: 1,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: MAX_ANSWER_HEADER_BYTES,
  });
  if (typeof agent.dispatch === 'function') return agent;
  throw new Error('The emulator needs Node.js: this runtime lacks undici, which carries events to the application.');
}

/** One request and its answer, gathered as it comes. */
class Exchange implements Dispatcher.DispatchHandler {
  #controller?: Dispatcher.DispatchController;
  #status = 0;
  #headers: Record<string, readonly string[]> = {};
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(
    private readonly url: string,
    private readonly signal: AbortSignal,
    private readonly resolve: (response: UpstreamResponse) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    signal.addEventListener('abort', this.#abort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.signal.aborted) this.#abort();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = listHeaders(headers);
    if (Number(headers['content-length']) > MAX_UPSTREAM_ANSWER_BYTES) this.#refuseLength();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > MAX_UPSTREAM_ANSWER_BYTES) this.#refuseLength();
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#finish();
    const body = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks, this.#length);
    this.resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#finish();
    if (this.signal.aborted) this.reject(this.signal.reason);
    else if (error instanceof UpstreamUnreachableError) this.reject(error);
    else {
      this.reject(
        new UpstreamUnreachableError(describeTransportFailure(this.url, error), {
          isRetryable: isRetryableFailure(error),
          cause: error,
        }),
      );
    }
  }

  /** Also before the request has left: whoever waits is told at once. */
  readonly #abort = (): void => {
    this.#controller?.abort(this.signal.reason as Error);
    this.#finish();
    this.reject(this.signal.reason);
  };

  #refuseLength(): void {
    this.#chunks = [];
    const message = describeTooLarge(this.url, MAX_UPSTREAM_ANSWER_BYTES);
    this.#controller?.abort(new UpstreamUnreachableError(message, { isRetryable: false }));
  }

  #finish(): void {
    this.signal.removeEventListener('abort', this.#abort);
  }
}

/** The user id may be any text [upstream-events 4.2]; of the other headers `upstream-headers.ts` sees to it. */
function encodeHeaders({ url, headers }: UpstreamRequest): Record<string, string | string[]> {
  const problem = describeHeaderProblem(headers);
  if (problem !== undefined) {
    throw new UpstreamUnreachableError(`Nothing was sent to ${blankUrl(url)}: ${problem}`, { isRetryable: false });
  }
  const encoded: Record<string, string | string[]> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (typeof value !== 'string') encoded[name] = [...value];
    else encoded[name] = name === EVENT_HEADERS.userId ? encodeUtf8Header(value) : value;
  }
  return encoded;
}

/** Blanks around a value are no part of it [RFC 9110 5.5]. */
function listHeaders(headers: IncomingHttpHeaders): Record<string, readonly string[]> {
  const listed: Record<string, readonly string[]> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined) continue;
    listed[name] = typeof value === 'string' ? [trimBlanks(value)] : value.map(trimBlanks);
  }
  return listed;
}

function trimBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value[start])) start++;
  while (end > start && isBlank(value[end - 1])) end--;
  return value.slice(start, end);
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t';
}
