import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.js';
import type { OutboundFrame } from './outbound-frame.js';
import type { FlushableSocket, SocketFlusher } from './socket-flusher.js';

const MAX_BATCH_BYTES = 64 * 1024;

/** What an empty queue has: most are empty most of the time. */
const NONE: OutboundFrame[] = [];

/**
 * Frames on their way to one socket, in order: gathered for a turn of the event loop, held back while the network takes no
 * more. How many may wait is the owner's to say.
 */
export class FrameQueue implements FlushableSocket {
  #frames = NONE;
  #byteLength = 0;
  #holds = 0;
  #isEnded = false;
  #whenWritten?: () => void;

  constructor(
    private readonly transport: Duplex,
    private readonly flusher: SocketFlusher,
    private readonly clock: Clock,
  ) {
    transport.on('drain', () => this.flush());
  }

  /** Frames that wait. */
  get length(): number {
    return this.#frames.length;
  }

  /** Of those that wait. */
  get byteLength(): number {
    return this.#byteLength;
  }

  push(frame: OutboundFrame): void {
    if (this.#isEnded) return;
    this.#byteLength += frame.byteLength;
    // What is there already waits for the flusher, or for the network.
    if (this.#frames !== NONE) {
      this.#frames.push(frame);
      return;
    }
    this.#frames = [frame];
    this.flusher.schedule(this);
  }

  /** Writes what waits, as far as the network takes it. */
  flush(): void {
    if (!this.#isWritable) return;
    if (this.#frames !== NONE) this.#writeFrames();
    if (this.#whenWritten && this.#frames === NONE) this.#whenWritten();
  }

  /** Writes what waits, even if it is held or the network has to keep it: nothing comes after. */
  flushAll(): void {
    if (!this.transport.writable || this.#frames === NONE) return;
    const now = this.clock.now();
    this.#writeChunks(this.#frames.flatMap((frame) => (isExpired(frame, now) ? [] : frame.chunks)));
    this.clear();
  }

  /** Calls back when nothing waits any more, at once if that is so; while held, that is not known. */
  whenWritten(callback: () => void): void {
    this.#whenWritten = callback;
    this.flush();
  }

  clear(): void {
    this.#frames = NONE;
    this.#byteLength = 0;
  }

  /** From now on nothing is written, and nothing kept. */
  end(): void {
    this.#isEnded = true;
    this.#whenWritten = undefined;
    this.clear();
  }

  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** Nothing is written until the function that is returned has been called, once, by everyone who holds. */
  hold(): () => void {
    this.#holds++;
    return () => {
      this.#holds--;
      this.flusher.schedule(this);
    };
  }

  get #isWritable(): boolean {
    return this.#holds === 0 && !this.#isEnded && this.transport.writable;
  }

  #writeFrames(): void {
    const frames = this.#frames;
    const [first] = frames;
    // By far the most frequent case: one frame for each of many.
    if (frames.length === 1 && first.chunks.length === 1 && first.expiresAt === undefined && !this.#isCongested()) {
      this.clear();
      this.transport.write(first.chunks[0]);
      return;
    }
    this.#frames = NONE;
    const written = this.#write(frames);
    if (written < frames.length) this.#frames = frames.slice(written);
  }

  /** Returns how many of the frames are dealt with: the others must wait until the network takes more. */
  #write(frames: readonly OutboundFrame[]): number {
    const now = this.clock.now();
    const empty = this.flusher.emptyBatch;
    let batch = empty;
    let written = 0;
    while (written < frames.length && !this.#isCongested()) {
      const frame = frames[written++];
      this.#byteLength -= frame.byteLength;
      if (isExpired(frame, now)) continue;
      const isSmall = frame.chunks.length === 1;
      if (isSmall) batch = batch.append(frame);
      if (batch.byteLength > 0 && (!isSmall || batch.byteLength >= MAX_BATCH_BYTES)) {
        this.transport.write(batch.bytes);
        batch = empty;
      }
      if (!isSmall) this.#writeChunks(frame.chunks);
    }
    if (batch.byteLength > 0) this.transport.write(batch.bytes);
    return written;
  }

  #writeChunks(chunks: readonly Uint8Array[]): void {
    this.transport.cork();
    for (const chunk of chunks) this.transport.write(chunk);
    this.transport.uncork();
  }

  // Not the result of write(): that is false for every large write, also when the network has taken all of it at once.
  #isCongested(): boolean {
    return this.transport.writableLength >= this.transport.writableHighWaterMark;
  }
}

function isExpired({ expiresAt }: OutboundFrame, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}
