import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as it crossed the wire. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Lower-case names; values as latin1 text, as Node reads them. */
  readonly headers: IncomingHttpHeaders;
  /** Names as they were written, each followed by its value. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** What the upstream answers; absent: 200 without a body. */
export interface RecordedAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Uint8Array;
}

/** `hang`: never answered. `reset`: the connection is broken. A function writes the answer itself. */
export type Answer = RecordedAnswer | 'hang' | 'reset' | ((response: ServerResponse, socket: Socket) => void);

export type Answerer = (request: RecordedRequest) => Answer | undefined | Promise<Answer | undefined>;

export const ALLOW_ANY_ORIGIN: RecordedAnswer = { headers: { 'WebHook-Allowed-Origin': '*' } };

/** An upstream on a real port that allows every origin, records what it is asked, and answers as it is told. */
export class RecordingUpstream {
  /** In the order in which they were complete; validations among them. */
  readonly requests: RecordedRequest[] = [];
  onEvent: Answerer;
  onValidation: Answerer = () => ALLOW_ANY_ORIGIN;
  readonly #taken = { event: 0, validation: 0 };
  #port = 0;
  #wake: (() => void)[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  private constructor(onEvent: Answerer) {
    this.onEvent = onEvent;
  }

  static async start(onEvent: Answerer = () => ({ status: 204 }), port = 0): Promise<RecordingUpstream> {
    const upstream = new RecordingUpstream(onEvent);
    await new Promise<void>((resolve, reject) => {
      upstream.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    upstream.#port = (upstream.#server.address() as AddressInfo).port;
    return upstream;
  }

  /** Also after it has closed, so that another can take its place. */
  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get events(): readonly RecordedRequest[] {
    return this.requests.filter(({ method }) => method === 'POST');
  }

  get validations(): readonly RecordedRequest[] {
    return this.requests.filter(({ method }) => method !== 'POST');
  }

  /** The next event that nobody has taken yet; waits for it. */
  nextEvent(): Promise<RecordedRequest> {
    return this.#next('event', () => this.events);
  }

  nextValidation(): Promise<RecordedRequest> {
    return this.#next('validation', () => this.validations);
  }

  /** Breaks what is open and stops listening. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #next(kind: 'event' | 'validation', list: () => readonly RecordedRequest[]): Promise<RecordedRequest> {
    const index = this.#taken[kind]++;
    for (;;) {
      const request = list()[index];
      if (request) return request;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // the sender gave up
    }
    const { method = '', url = '', headers, rawHeaders } = request;
    const recorded: RecordedRequest = { method, url, headers, rawHeaders, body: Buffer.concat(chunks) };
    this.requests.push(recorded);
    for (const wake of this.#wake.splice(0)) wake();
    const answer = await (method === 'POST' ? this.onEvent : this.onValidation)(recorded);
    if (answer === 'hang') return;
    if (answer === 'reset') {
      request.socket.resetAndDestroy();
    } else if (typeof answer === 'function') {
      answer(response, request.socket);
    } else {
      response.writeHead(answer?.status ?? 200, answer?.headers);
      response.end(answer?.body);
    }
  }
}

/** The values of a header in the order of its lines, by the exact spelling of its name. */
export function linesOf(request: RecordedRequest, name: string): string[] {
  return request.rawHeaders.filter((_, index) => index % 2 === 1 && request.rawHeaders[index - 1] === name);
}
