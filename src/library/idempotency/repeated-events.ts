import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { IdempotencyOptions, IdempotencyStore } from './idempotency-store.interface.js';
import { InMemoryIdempotencyStore } from './in-memory-idempotency.store.js';

/** The answer to an event as it goes over HTTP. */
export interface EventAnswer {
  readonly status: number;
  /** Several values are several header lines. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array;
}

/** What tells events apart; a retry repeats all of it [upstream-events 4, 8.1]. */
export interface EventIdentity {
  readonly source: string;
  readonly connectionId: string;
  readonly eventId: string;
}

/** Past the last of the service's retries, whose delays are 1, 3 and 5 s within 100 s [upstream-events 8.1]. */
const DEFAULT_TTL_MS = 120_000;
const POLL_MS = 100;
/** How long a repeated event waits for another instance, before the service is told to come again. */
const MAX_WAIT_MS = 30_000;

/**
 * Runs the handler of an event once, however often the service delivers it: a repeated event is answered as the first was,
 * and one that comes while the first runs waits for it. Answers that make the service retry (408, 5xx) and thrown errors are
 * not remembered, so that the retry runs the handler again.
 *
 * When the store fails, the handler runs: an event that is handled twice is better than one that is lost.
 */
export class RepeatedEvents {
  readonly #store: IdempotencyStore;
  readonly #ttlMs: number;
  readonly #running = new Map<string, Promise<EventAnswer>>();
  readonly #logger = new Logger('WebPubSubIdempotency');

  constructor({ store = new InMemoryIdempotencyStore(), ttlMs = DEFAULT_TTL_MS }: IdempotencyOptions = {}) {
    this.#store = store;
    this.#ttlMs = ttlMs;
  }

  /** The answer of `run`, or that of an earlier delivery of the event. Rejects with what `run` rejects with. */
  async answerOnce(event: EventIdentity, run: () => Promise<EventAnswer>): Promise<EventAnswer> {
    const key = JSON.stringify([event.source, event.connectionId, event.eventId]);
    for (;;) {
      const running = this.#running.get(key);
      if (!running) break;
      const answer = await waitFor(running);
      if (answer === STILL_RUNNING || (answer && isFinal(answer))) return answer;
    }
    const answer = this.#answer(key, run);
    const forget = (): void => {
      if (this.#running.get(key) === answer) this.#running.delete(key);
    };
    this.#running.set(key, answer);
    // A handler that never ends is forgotten as its answer would be.
    const timer = setTimeout(forget, this.#ttlMs).unref();
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
      forget();
    }
  }

  async #answer(key: string, run: () => Promise<EventAnswer>): Promise<EventAnswer> {
    const claim = await this.#claim(key);
    if (claim.kind === 'completed') return decodeAnswer(claim.answer);
    if (claim.kind === 'running') return STILL_RUNNING;
    if (claim.kind === 'failed') return run();
    let answer: EventAnswer;
    try {
      answer = await run();
    } catch (error) {
      await this.#attempt(() => this.#store.release(key));
      throw error;
    }
    await this.#attempt(() =>
      isFinal(answer) ? this.#store.complete(key, encodeAnswer(answer), this.#ttlMs) : this.#store.release(key),
    );
    return answer;
  }

  /** Waits while another instance runs the handler of the same event. */
  async #claim(key: string): Promise<Awaited<ReturnType<IdempotencyStore['claim']>> | { kind: 'failed' }> {
    for (let waitedMs = 0; ; waitedMs += POLL_MS) {
      const claim = await this.#attempt(() => this.#store.claim(key, this.#ttlMs));
      if (!claim) return { kind: 'failed' };
      if (claim.kind !== 'running' || waitedMs >= MAX_WAIT_MS) return claim;
      await delay(POLL_MS);
    }
  }

  async #attempt<T>(use: () => Promise<T>): Promise<T | undefined> {
    try {
      return await use();
    } catch (error) {
      this.#logger.warn(`The idempotency store failed, so that a repeated event may run twice: ${nameOf(error)}`);
      return undefined;
    }
  }
}

/** Undefined: the first delivery failed. */
async function waitFor(running: Promise<EventAnswer>): Promise<EventAnswer | undefined> {
  const ending = new AbortController();
  try {
    const patience = delay(MAX_WAIT_MS, STILL_RUNNING, { ref: false, signal: ending.signal });
    return await Promise.race([running.catch(() => undefined), patience]);
  } finally {
    ending.abort();
  }
}

const STILL_RUNNING: EventAnswer = {
  status: 503,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: Buffer.from('The first delivery of this event is still being handled.'),
};

/** Whether the service will not deliver the event again after this answer [upstream-events 8.1]. */
function isFinal({ status }: EventAnswer): boolean {
  return status < 500 && status !== 408;
}

function encodeAnswer({ status, headers, body }: EventAnswer): string {
  return JSON.stringify({ status, headers, ...(body && { body: Buffer.from(body).toString('base64') }) });
}

function decodeAnswer(text: string): EventAnswer {
  const { body, ...rest } = JSON.parse(text) as Omit<EventAnswer, 'body'> & { body?: string };
  return { ...rest, ...(body !== undefined && { body: Buffer.from(body, 'base64') }) };
}

/** An error's message may hold an address or a password. */
function nameOf(error: unknown): string {
  return error instanceof Error ? ((error as { code?: string }).code ?? error.name) : 'unknown error';
}
