import type { Duplex } from 'node:stream';

const MAX_EARLY_BYTES = 64 * 1024;

/**
 * The socket of a client that waits for its handshake to be answered. Its end would go unseen while nobody reads, so it is
 * read, and what arrives early is kept for the WebSocket.
 */
export class PendingSocket {
  readonly #gone = new AbortController();
  readonly #early: Buffer[] = [];
  #earlyBytes = 0;
  readonly #onData = (chunk: Buffer): void => {
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes > MAX_EARLY_BYTES) this.socket.destroy();
  };
  readonly #onGone = (): void => this.#gone.abort();

  constructor(readonly socket: Duplex) {
    socket.on('error', () => socket.destroy());
    socket.on('data', this.#onData);
    socket.on('end', this.#onGone);
    socket.on('close', this.#onGone);
    socket.resume();
  }

  /** Aborted when the client has gone. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  get isGone(): boolean {
    return this.#gone.signal.aborted;
  }

  /** Hands the socket on, paused; returns what has been read of it. */
  release(): Buffer {
    this.socket.pause();
    this.socket.off('data', this.#onData);
    this.socket.off('end', this.#onGone);
    this.socket.off('close', this.#onGone);
    return Buffer.concat(this.#early);
  }
}
