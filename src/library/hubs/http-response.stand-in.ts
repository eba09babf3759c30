/** Guards or interceptors that the application registers globally, which were mostly written for HTTP. */
export interface GlobalEnhancers {
  readonly kind: 'guard' | 'interceptor';
  /** Of their classes. */
  readonly names: readonly string[];
}

/**
 * What `switchToHttp().getResponse()` gives while a hub handler runs. Exception filters that were written for HTTP answer by
 * it (`response.status(409).json({ message })`, or an HTTP adapter's `reply`); it keeps what they said, for the answer to
 * the event, and lets nothing of it touch a socket.
 */
export class HttpResponseStandIn {
  statusCode = 200;
  /** Nothing has gone out, so that filters which look first do answer. */
  readonly headersSent = false;
  readonly sent = false;
  readonly writableEnded = false;
  /** Whether a body was sent or the response ended. */
  isAnswered = false;
  body: unknown;
  /** What exception filters were called with, and whose turn it was. */
  failure: { readonly error: unknown; readonly suspects: GlobalEnhancers | undefined } | undefined;
  /** Global enhancers whose turn it is: an error that comes out now is of one of them. */
  suspects: GlobalEnhancers | undefined;
  readonly locals: Record<string, unknown> = {};

  status(code: number): this {
    this.statusCode = code;
    return this;
  }

  code(code: number): this {
    return this.status(code);
  }

  writeHead(code: number): this {
    return this.status(code);
  }

  json(body?: unknown): this {
    return this.send(body);
  }

  send(body?: unknown): this {
    this.isAnswered = true;
    this.body = body;
    return this;
  }

  end(body?: unknown): this {
    return this.send(body);
  }

  sendStatus(code: number): this {
    return this.status(code).end();
  }

  /** Fastify's replies wrap Node's responses. */
  get raw(): this {
    return this;
  }

  redirect(): this {
    return this;
  }

  get(): undefined {
    return undefined;
  }

  getHeader(): undefined {
    return undefined;
  }

  getHeaders(): Record<string, never> {
    return {};
  }

  hasHeader(): boolean {
    return false;
  }

  setHeader(): this {
    return this;
  }

  removeHeader(): this {
    return this;
  }

  header(): this {
    return this;
  }

  headers(): this {
    return this;
  }

  set(): this {
    return this;
  }

  append(): this {
    return this;
  }

  type(): this {
    return this;
  }

  contentType(): this {
    return this;
  }

  vary(): this {
    return this;
  }

  cookie(): this {
    return this;
  }

  clearCookie(): this {
    return this;
  }

  on(): this {
    return this;
  }

  once(): this {
    return this;
  }

  off(): this {
    return this;
  }

  removeListener(): this {
    return this;
  }
}
