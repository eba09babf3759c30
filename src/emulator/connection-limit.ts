import type { HandshakeRefusal } from './handshake.js';

/** How many clients there may be at a time, at all doors together. */
export class ConnectionLimit {
  readonly #counts: (() => number)[] = [];

  /** Default: no limit. */
  constructor(private readonly maxConnections = Infinity) {}

  /** Lets the clients of a door count. */
  include(count: () => number): void {
    this.#counts.push(count);
  }

  get isReached(): boolean {
    return this.#counts.reduce((sum, count) => sum + count(), 0) >= this.maxConnections;
  }
}

/** To those who come when it is reached [assumed]. */
export const LIMIT_REFUSAL: HandshakeRefusal = { status: 429, reason: 'Connection count reaches limit.' };
