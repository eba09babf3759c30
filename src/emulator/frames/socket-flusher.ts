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

  /** The batch from which the sockets of this turn begin. */
  get emptyBatch(): FrameBatch {
    return this.#batches;
  }

  /** Once is enough, more does no harm. */
  schedule(socket: FlushableSocket): void {
    this.#pending.push(socket);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flushAll());
  }

  #flushAll(): void {
    this.#isScheduled = false;
    const sockets = this.#pending;
    this.#pending = [];
    for (const socket of sockets) socket.flush();
    this.#batches = FrameBatch.empty();
  }
}
