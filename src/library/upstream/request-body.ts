import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { isJsonText } from '../../protocol/json-text.js';

/** What came of reading a body. `aborted`: the sender is gone, nobody waits for an answer. */
export type BodyOutcome =
  { readonly kind: 'read'; readonly body: Buffer } | { readonly kind: 'tooLarge' | 'tooSlow' | 'aborted' | 'lost' };

/** What a host's framework keeps beside the stream: Express on the request itself, Fastify on a request of its own. */
export interface HostRequest {
  readonly body?: unknown;
  /** The bytes, in an application that was created with `rawBody: true`. */
  readonly rawBody?: unknown;
}

const EMPTY = Buffer.alloc(0);
const ABORTED: BodyOutcome = { kind: 'aborted' };
const TOO_LARGE: BodyOutcome = { kind: 'tooLarge' };
const TOO_SLOW: BodyOutcome = { kind: 'tooSlow' };
const LOST: BodyOutcome = { kind: 'lost' };

/**
 * The body of a request that the host's framework had first: the raw bytes it kept; else the stream when nobody has read it
 * (undefined); else what a body parser made of it, written again.
 */
export function takeHostBody(request: IncomingMessage, host: HostRequest): BodyOutcome | undefined {
  if (Buffer.isBuffer(host.rawBody)) return { kind: 'read', body: host.rawBody };
  if (!Readable.isDisturbed(request) && request.readable) return undefined;
  return rewriteParsedBody(host.body, request.headers);
}

/** Reads the stream to its end, at most `maxBytes` of it, and tells `done` once. Listens on for what is left. */
export function readRequestBody(
  request: IncomingMessage,
  maxBytes: number,
  slowBodies: SlowBodies,
  done: (outcome: BodyOutcome) => void,
): void {
  if (request.destroyed) {
    done(ABORTED);
    return;
  }
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let size = 0;
  let isDone = false;
  const finish = (outcome: BodyOutcome): void => {
    if (isDone) return;
    isDone = true;
    slowBodies.delete(giveUp);
    done(outcome);
  };
  const giveUp = (): void => finish(TOO_SLOW);
  slowBodies.add(giveUp);
  request.on('data', (chunk: Buffer) => {
    if (isDone) return;
    size += chunk.length;
    if (size > maxBytes) finish(TOO_LARGE);
    else if (!first) first = chunk;
    else (more ??= [first]).push(chunk);
  });
  request.on('end', () => finish({ kind: 'read', body: more ? Buffer.concat(more, size) : (first ?? EMPTY) }));
  request.on('error', () => finish(ABORTED));
  request.on('close', () => finish(ABORTED));
}

/** Ends the reading of bodies that do not come to an end: one timer looks after all of them. */
export class SlowBodies {
  /** When each body was begun, in ticks. */
  readonly #begun = new Map<() => void, number>();
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly patienceMs: number,
    private readonly tickMs = patienceMs / 10,
  ) {}

  add(giveUp: () => void): void {
    this.#begun.set(giveUp, this.#ticks);
    this.#timer ??= setInterval(() => this.#tick(), this.tickMs).unref();
  }

  delete(giveUp: () => void): void {
    this.#begun.delete(giveUp);
  }

  /** Ends the reading of those that are still being read. */
  close(): void {
    this.#stop();
    for (const giveUp of [...this.#begun.keys()]) giveUp();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    this.#ticks += 1;
    if (this.#begun.size === 0) this.#stop();
    for (const [giveUp, begunAt] of this.#begun) {
      if ((this.#ticks - begunAt) * this.tickMs <= this.patienceMs) return;
      giveUp();
    }
  }
}

function rewriteParsedBody(body: unknown, headers: IncomingMessage['headers']): BodyOutcome {
  if (Buffer.isBuffer(body)) return { kind: 'read', body };
  const isJson = /^\s*application\/json\b/i.test(headers['content-type'] ?? '');
  const declaredLength = Number(headers['content-length'] ?? Number.NaN);
  if (typeof body === 'string') return { kind: 'read', body: rewriteText(body, isJson, declaredLength) };
  if (body === undefined) return declaredLength === 0 ? { kind: 'read', body: EMPTY } : LOST;
  return isJson ? rewriteJson(body) : LOST;
}

/** A parser reads JSON that is nested too deep to be written again. */
function rewriteJson(value: unknown): BodyOutcome {
  try {
    return { kind: 'read', body: Buffer.from(JSON.stringify(value)) };
  } catch {
    return LOST;
  }
}

/** A string under JSON is the text that a text parser left, or the value of a JSON parser; the length tells which. */
function rewriteText(text: string, isJson: boolean, declaredLength: number): Buffer {
  if (!isJson || Buffer.byteLength(text) === declaredLength) return Buffer.from(text);
  const rewritten = Buffer.from(JSON.stringify(text));
  return rewritten.length === declaredLength || !isJsonText(text) ? rewritten : Buffer.from(text);
}
