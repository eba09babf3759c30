/**
 * An HTTP request to upstream, before anything says how it travels: HTTP itself, or a tunnel.
 *
 * @publicApi
 */
export interface UpstreamRequest {
  readonly method: 'POST' | 'OPTIONS' | 'GET';
  /** Absolute; `http:`, `https:` or `tunnel:`. */
  readonly url: string;
  /** Canonical casing; values as Unicode text. No `Host`, no `Content-Length`: transports add their own. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Absent: no body. */
  readonly body?: Uint8Array;
}

/**
 * What upstream answered to a request of the service, or of the tunnel in its name.
 *
 * @publicApi
 */
export interface UpstreamResponse {
  readonly status: number;
  /** Lower-case names; every line of a repeated header kept. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
}

export interface UpstreamTransport {
  /** Whether handlers behind it are validated before they get an event [upstream-events 3]. Default true. */
  readonly validates?: boolean;
  /** Whether this transport carries requests to that URL. */
  carries(url: URL): boolean;
  /** Rejects with an UpstreamUnreachableError, or with the signal's reason when it is aborted. */
  send(hub: string, request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamResponse>;
}

/** The longest answer of upstream that is read; a longer one fails the call [upstream-events 8.2]. */
export const MAX_UPSTREAM_ANSWER_BYTES = 16 * 1024 * 1024;

/** Upstream could not be asked; the message says why and, where it is known, what to do. */
export class UpstreamUnreachableError extends Error {
  override readonly name = 'UpstreamUnreachableError';
  /** Whether trying again may help: a refused or broken connection may, an answer that is too large does not. */
  readonly isRetryable: boolean;

  constructor(message: string, options: { isRetryable: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.isRetryable = options.isRetryable;
  }
}
