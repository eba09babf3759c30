import { setImmediate } from 'node:timers';
import { FrameBatch } from './frame-batch.js';

export interface FlushableSocket {
  /** Writes what is pending, as far as the network takes it. Never throws. */
  flush(): void;
}

/** Writes for all sockets once per turn of the event loop, so that what a socket got in that turn is one write. */
export class SocketFlusher {
  #pending: FlushableSocket[] = [];
  #batches = FrameBatch.empty();
  #isScheduled = false;
  #isFlushing = false;

  /** The batch from which the sockets of this turn begin. */
  get emptyBatch(): FrameBatch {
    // A socket that drains writes without being scheduled; what it has joined must not stay.
    if (!this.#isFlushing) this.#arm();
    return this.#batches;
  }

  /** Once is enough, more does no harm. */
  schedule(socket: FlushableSocket): void {
    this.#pending.push(socket);
    this.#arm();
  }

  #arm(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flushAll());
  }

  #flushAll(): void {
    this.#isScheduled = false;
    const sockets = this.#pending;
    this.#pending = [];
    this.#isFlushing = true;
    for (const socket of sockets) socket.flush();
    this.#isFlushing = false;
    this.#batches = FrameBatch.empty();
  }
}
