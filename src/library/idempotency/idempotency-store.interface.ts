/**
 * Options of answering repeated events: the service retries with the same `ce-source` and `ce-id` after 408, 5xx and broken
 * connections [upstream-events 6.4, 8.1]. A repeated event gets the answer of the first, state and metadata included, and
 * its handler does not run; one that comes while the first is being handled waits for it. Answers that make the service
 * retry are not remembered.
 *
 * What it costs: every event is claimed and completed, with a shared store two round trips, before its answer goes out;
 * and answers stay in memory or in the store for `ttlMs`. A handler that ends after the claim has expired may run twice.
 *
 * @publicApi
 */
export interface IdempotencyOptions {
  /** Default: in this process's memory, bounded. */
  store?: IdempotencyStore | undefined;
  /** How long an answer is remembered. Milliseconds; default 120 000, past the service's last retry. */
  ttlMs?: number | undefined;
}

/**
 * Where answers to events are remembered; implement it over a shared cache when several instances serve one hub.
 *
 * @publicApi
 */
export interface IdempotencyStore {
  /**
   * Claims the key for the caller for `ttlMs`, atomically. `claimed`: nobody had it, the caller runs the handler and then
   * calls `complete` or `release`. `completed`: the remembered answer. `running`: another call holds it.
   */
  claim(
    key: string,
    ttlMs: number,
  ): Promise<{ kind: 'claimed' } | { kind: 'completed'; answer: string } | { kind: 'running' }>;
  /** Remembers the answer for `ttlMs`. */
  complete(key: string, answer: string, ttlMs: number): Promise<void>;
  /** Gives the key back after a failure, so that a retry runs the handler again. */
  release(key: string): Promise<void>;
}
