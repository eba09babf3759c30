/** At most this many messages, and this many bytes, wait for their acknowledgement [client-websocket 9]. */
export const MAX_UNACKNOWLEDGED_MESSAGES = 1_000;
export const MAX_UNACKNOWLEDGED_BYTES = 16 * 1024 * 1024;

export interface QueuedDelivery<T> {
  readonly sequenceId: number;
  readonly item: T;
}

interface Entry<T> extends QueuedDelivery<T> {
  readonly byteLength: number;
  readonly expiresAt: number | undefined;
}

/**
 * What a reliable connection has been sent and has not acknowledged. Ids begin at 1 and rise by 1; a message that expires
 * keeps its id, which the client then never sees.
 */
export class DeliveryQueue<T> {
  #entries: Entry<T>[] = [];
  /** Entries before it are released; they are cut off in bulk, so that an acknowledgement costs what it releases. */
  #released = 0;
  #lastSequenceId = 0;
  #byteLength = 0;

  /** The id given to the item; undefined when the queue is full, and the connection is lost with it. */
  push(item: T, byteLength: number, expiresAt?: number): number | undefined {
    if (this.length >= MAX_UNACKNOWLEDGED_MESSAGES || this.#byteLength + byteLength > MAX_UNACKNOWLEDGED_BYTES) {
      return undefined;
    }
    this.#byteLength += byteLength;
    const sequenceId = ++this.#lastSequenceId;
    this.#entries.push({ sequenceId, item, byteLength, expiresAt });
    return sequenceId;
  }

  get length(): number {
    return this.#entries.length - this.#released;
  }

  /** Releases everything up to that id; ids not given out yet release no more than there is. */
  acknowledge(sequenceId: bigint): void {
    while (this.length > 0 && BigInt(this.#entries[this.#released].sequenceId) <= sequenceId) {
      this.#byteLength -= this.#entries[this.#released].byteLength;
      this.#released++;
    }
    if (this.#released * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#released);
      this.#released = 0;
    }
  }

  /** What a returning client is sent again, in order: all that is not acknowledged and has not expired. */
  replay(now: number): QueuedDelivery<T>[] {
    return this.#entries.slice(this.#released).filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
  }
}
