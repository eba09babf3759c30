import type { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { isJsonText } from '../../protocol/json-text.js';
import { SlotList, type Slotted } from './slot-list.js';

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
const NOTHING: BodyOutcome = { kind: 'read', body: EMPTY };

/**
 * The body of a request that the host's framework had first: the raw bytes it kept; else the stream when nobody has read it
 * (undefined); else what a body parser made of it, written again.
 */
export function takeHostBody(request: IncomingMessage, host: HostRequest): BodyOutcome | undefined {
  if (Buffer.isBuffer(host.rawBody)) return { kind: 'read', body: host.rawBody };
  if (!Readable.isDisturbed(request) && request.readable) return undefined;
  return rewriteParsedBody(host.body, request.headers);
}

/**
 * A stream that gave nothing where the head declares something: so are requests that adapters make (of functions, of tests),
 * which keep the body beside it.
 */
export function orHostBody(
  outcome: BodyOutcome,
  { headers }: IncomingMessage,
  host: HostRequest | undefined,
): BodyOutcome {
  const isMissing = outcome.kind === 'read' && outcome.body.length === 0 && Number(headers['content-length'] ?? 0) > 0;
  return isMissing ? rewriteParsedBody(host?.body, headers) : outcome;
}

/**
 * Whether a body may stay in its stream until what has arrived has been read. Streams of HTTP/2 must be heard when they fail;
 * and who reads the stream beside us, now or as a later listener of the server, leaves nothing of it to those that come late.
 */
export function mayBodyRest(request: IncomingMessage): boolean {
  if (request.httpVersionMajor !== 1 || request.readableFlowing !== null) return false;
  const socket = request.socket as { readonly server?: EventEmitter } | undefined;
  return !socket?.server || socket.server.listenerCount('request') <= 1;
}

/**
 * The body, when all of it came along with the head, as bodies of events mostly do; undefined when it must be waited for. To
 * be asked when what has arrived has been read. It spares a stream its listeners and their events.
 */
export function takeArrivedBody(request: IncomingMessage): Buffer | undefined {
  const { readableLength } = request;
  const isWhole = readableLength > 0 && readableLength === Number(request.headers['content-length']);
  // A stream that somebody listens to is not ours alone.
  if (!isWhole || request.readableFlowing !== null || request.destroyed) return undefined;
  const body = request.read() as Buffer | null;
  // So that it ends, and closes, as any other: one that is known to be complete does so by itself.
  if (!request.complete) request.resume();
  return body ?? undefined;
}

/** Reads the stream to its end, at most `maxBytes` of it, and tells `done` once. Listens on for what is left. */
export function readRequestBody(
  request: IncomingMessage,
  maxBytes: number,
  slowBodies: SlowBodies,
  done: (outcome: BodyOutcome) => void,
): void {
  const known = outcomeSoFar(request);
  if (known) {
    done(known);
    return;
  }
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let size = 0;
  let isDone = false;
  const finish = (outcome: BodyOutcome): void => {
    if (isDone) return;
    isDone = true;
    slowBodies.delete(reading);
    done(outcome);
  };
  const reading: BodyReading = { slot: -1, begunAt: 0, giveUp: () => finish(TOO_SLOW) };
  slowBodies.add(reading);
  request.on('data', (chunk: Buffer) => {
    if (isDone) return;
    size += chunk.length;
    if (size > maxBytes) finish(TOO_LARGE);
    else if (!first) first = chunk;
    else (more ??= [first]).push(chunk);
  });
  request.on('end', () => {
    if (isCut(request)) finish(ABORTED);
    else finish({ kind: 'read', body: more ? Buffer.concat(more, size) : (first ?? EMPTY) });
  });
  request.on('error', () => finish(ABORTED));
  request.on('close', () => finish(ABORTED));
}

/** What has become of a stream before we listen: whoever read of it left nothing, or a part. Undefined: it is to be read. */
function outcomeSoFar(request: IncomingMessage): BodyOutcome | undefined {
  if (isCut(request)) return ABORTED;
  if (Readable.isDisturbed(request)) return LOST;
  return request.readableEnded ? NOTHING : undefined;
}

/** The sender has given up in the middle. Streams of HTTP/2 end then as if they were complete, and are not destroyed. */
function isCut(request: IncomingMessage): boolean {
  const { aborted } = request as { readonly aborted?: boolean };
  return aborted === true || (request.destroyed && !request.readableEnded);
}

/** A body that is being read. */
export interface BodyReading extends Slotted {
  /** In ticks of `SlowBodies`, which sets it. */
  begunAt: number;
  giveUp(): void;
}

/** Ends the reading of bodies that do not come to an end: one timer looks after all of them. */
export class SlowBodies {
  readonly #readings = new SlotList<BodyReading>();
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly patienceMs: number,
    private readonly tickMs = patienceMs / 10,
  ) {}

  add(reading: BodyReading): void {
    reading.begunAt = this.#ticks;
    this.#readings.add(reading);
    this.#timer ??= setInterval(() => this.#tick(), this.tickMs).unref();
  }

  delete(reading: BodyReading): void {
    this.#readings.delete(reading);
  }

  /** Ends the reading of those that are still being read. */
  close(): void {
    this.#stop();
    for (const reading of this.#readings.list()) reading.giveUp();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    this.#ticks += 1;
    if (this.#readings.size === 0) this.#stop();
    for (const reading of this.#readings.list()) {
      if ((this.#ticks - reading.begunAt) * this.tickMs > this.patienceMs) reading.giveUp();
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
