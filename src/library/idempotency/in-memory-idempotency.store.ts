import type { IdempotencyStore } from './idempotency-store.interface.js';

/**
 * Bounds of the store.
 *
 * @publicApi
 */
export interface InMemoryIdempotencyOptions {
  /** How many events are remembered; the oldest answers make room. Default 10 000. */
  maxEntries?: number | undefined;
  /** How much the remembered answers may take together. UTF-16 units; default 32 Mi. */
  maxAnswerLength?: number | undefined;
  /** Epoch milliseconds. Default `Date.now`. */
  now?: (() => number) | undefined;
}

interface Entry {
  /** Absent while the handler runs. */
  readonly answer?: string;
  readonly expiresAt: number;
}

/**
 * Remembers answers in this process, up to a number and a size. Enough for one instance; several instances that serve one
 * hub need a shared `IdempotencyStore`.
 *
 * @publicApi
 */
export class InMemoryIdempotencyStore implements IdempotencyStore {
  readonly #entries = new Map<string, Entry>();
  readonly #maxEntries: number;
  readonly #maxAnswerLength: number;
  readonly #now: () => number;
  #answerLength = 0;

  constructor({
    maxEntries = 10_000,
    maxAnswerLength = 32 * 1024 * 1024,
    now = Date.now,
  }: InMemoryIdempotencyOptions = {}) {
    this.#maxEntries = maxEntries;
    this.#maxAnswerLength = maxAnswerLength;
    this.#now = now;
  }

  async claim(key: string, ttlMs: number): ReturnType<IdempotencyStore['claim']> {
    const entry = this.#entries.get(key);
    if (entry && entry.expiresAt > this.#now()) {
      return entry.answer === undefined ? { kind: 'running' } : { kind: 'completed', answer: entry.answer };
    }
    this.#put(key, { expiresAt: this.#now() + ttlMs });
    return { kind: 'claimed' };
  }

  async complete(key: string, answer: string, ttlMs: number): Promise<void> {
    this.#put(key, { answer, expiresAt: this.#now() + ttlMs });
  }

  async release(key: string): Promise<void> {
    this.#delete(key);
  }

  /** How many events are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  #put(key: string, entry: Entry): void {
    this.#delete(key);
    this.#entries.set(key, entry);
    this.#answerLength += entry.answer?.length ?? 0;
    this.#makeRoom();
  }

  #delete(key: string): void {
    this.#answerLength -= this.#entries.get(key)?.answer?.length ?? 0;
    this.#entries.delete(key);
  }

  /** Entries are in the order of their writing, which is that of their expiry as long as `ttlMs` is one. */
  #makeRoom(): void {
    const now = this.#now();
    for (const [key, { expiresAt }] of this.#entries) {
      const isFull = this.#entries.size > this.#maxEntries || this.#answerLength > this.#maxAnswerLength;
      if (!isFull && expiresAt > now) return;
      this.#delete(key);
    }
  }
}
