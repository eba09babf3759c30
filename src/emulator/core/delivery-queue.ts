/** At most this many messages, and this many bytes, wait for their acknowledgement [client-websocket 9]. */
export const MAX_UNACKNOWLEDGED_MESSAGES = 1_000;
export const MAX_UNACKNOWLEDGED_BYTES = 16 * 1024 * 1024;

/** What is delivered; a message to many is one object in the queues of all. */
export interface Deliverable {
  readonly byteLength: number;
  /** Epoch milliseconds; undefined: never. */
  readonly expiresAt: number | undefined;
}

export interface QueuedDelivery<T> {
  readonly sequenceId: number;
  readonly item: T;
}

/**
 * What a reliable connection has been sent and has not acknowledged. Ids begin at 1 and rise by 1, so that an item's place
 * tells its id; a message that expires keeps its id, which the client then never sees.
 */
export class DeliveryQueue<T extends Deliverable> {
  #items: T[] = [];
  /** Of the first of the items. */
  #firstSequenceId = 1;
  /** Items before it are released; they are cut off in bulk, so that an acknowledgement costs what it releases. */
  #released = 0;
  #byteLength = 0;

  /** The id given to the item; undefined when the queue is full, and the connection is lost with it. */
  push(item: T): number | undefined {
    const byteLength = this.#byteLength + item.byteLength;
    if (this.length >= MAX_UNACKNOWLEDGED_MESSAGES || byteLength > MAX_UNACKNOWLEDGED_BYTES) return undefined;
    this.#byteLength = byteLength;
    this.#items.push(item);
    return this.#lastSequenceId;
  }

  get length(): number {
    return this.#items.length - this.#released;
  }

  /** Releases everything up to that id; ids not given out yet release no more than there is. */
  acknowledge(sequenceId: bigint): void {
    const last = this.#lastSequenceId;
    const released = (sequenceId < last ? Number(sequenceId) : last) - this.#firstSequenceId + 1;
    for (; this.#released < released; this.#released++) this.#byteLength -= this.#items[this.#released].byteLength;
    if (this.#released * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#released);
      this.#firstSequenceId += this.#released;
      this.#released = 0;
    }
  }

  /** What a returning client is sent again, in order: all that is not acknowledged and has not expired. */
  replay(now: number): QueuedDelivery<T>[] {
    const first = this.#firstSequenceId + this.#released;
    return this.#items
      .slice(this.#released)
      .map((item, index) => ({ sequenceId: first + index, item }))
      .filter(({ item: { expiresAt } }) => expiresAt === undefined || expiresAt > now);
  }

  get #lastSequenceId(): number {
    return this.#firstSequenceId + this.#items.length - 1;
  }
}
