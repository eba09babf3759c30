import type { IdempotencyStore } from 'nestjs-web-pubsub';

/** The three commands that are needed of Redis; a client of the package `redis` has them. */
export interface SharedCache {
  set(key: string, value: string, options: { PX: number; NX?: true }): Promise<unknown>;
  get(key: string): Promise<string | null>;
  del(key: string): Promise<unknown>;
}

const RUNNING = 'running';

/** Remembers answers where all instances see them. */
export class SharedIdempotencyStore implements IdempotencyStore {
  constructor(private readonly cache: SharedCache) {}

  async claim(key: string, ttlMs: number): ReturnType<IdempotencyStore['claim']> {
    const isClaimed = (await this.cache.set(nameOf(key), RUNNING, { PX: ttlMs, NX: true })) !== null;
    if (isClaimed) return { kind: 'claimed' };
    const answer = await this.cache.get(nameOf(key));
    return answer === null || answer === RUNNING ? { kind: 'running' } : { kind: 'completed', answer };
  }

  async complete(key: string, answer: string, ttlMs: number): Promise<void> {
    await this.cache.set(nameOf(key), answer, { PX: ttlMs });
  }

  async release(key: string): Promise<void> {
    await this.cache.del(nameOf(key));
  }
}

function nameOf(key: string): string {
  return `web-pubsub-event:${key}`;
}
