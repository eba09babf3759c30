/**
 * Options of answering repeated events: the service retries with the same `ce-source` and `ce-id` [upstream-events 8.1].
 *
 * @publicApi
 */
export interface IdempotencyOptions {
  /** Default: in this process's memory, bounded. */
  store?: IdempotencyStore;
  /** How long an answer is remembered. Milliseconds; default 120 000, past the service's last retry. */
  ttlMs?: number;
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
