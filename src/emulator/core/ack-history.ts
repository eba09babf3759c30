const CAPACITY = 1_000;

/**
 * The ack ids a connection has used with success [client-websocket 5.4]: of all kinds of requests together, across
 * recoveries, the latest 1,000. A refused request may come again under the same id.
 */
export class AckHistory {
  readonly #ids = new Set<bigint>();

  has(ackId: bigint): boolean {
    return this.#ids.has(ackId);
  }

  add(ackId: bigint): void {
    this.#ids.add(ackId);
    if (this.#ids.size <= CAPACITY) return;
    const [oldest] = this.#ids;
    if (oldest !== undefined) this.#ids.delete(oldest);
  }
}
