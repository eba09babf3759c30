import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.js';
import type { OutboundFrame } from './outbound-frame.js';
import type { FlushableSocket, SocketFlusher } from './socket-flusher.js';

/** Whose frames they are. */
export interface FrameQueueOwner {
  /** Whether frames may still be written. */
  readonly isOpen: boolean;
  /** What the network takes for now has been written. */
  onFlushed?(): void;
}

const MAX_BATCH_BYTES = 64 * 1024;

/**
 * Frames on their way to one socket, in order: gathered for a turn of the event loop, held back while the network takes no
 * more. How many may wait is the owner's to say.
 */
export class FrameQueue implements FlushableSocket {
  #frames: OutboundFrame[] = [];
  #byteLength = 0;
  #isHeld = false;

  constructor(
    private readonly transport: Duplex,
    private readonly flusher: SocketFlusher,
    private readonly clock: Clock,
    private readonly owner: FrameQueueOwner,
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
    // What is there already waits for the flusher, or for the network.
    if (this.#frames.push(frame) === 1) this.flusher.schedule(this);
    this.#byteLength += frame.byteLength;
  }

  /** Writes what waits, as far as the network takes it. */
  flush(): void {
    if (this.#isHeld || !this.owner.isOpen) return;
    if (this.#frames.length > 0) this.#writeFrames();
    this.owner.onFlushed?.();
  }

  /** Writes what waits, even if the network has to keep it: nothing comes after. */
  flushAll(): void {
    if (this.#isHeld || !this.owner.isOpen || this.#frames.length === 0) return;
    const now = this.clock.now();
    this.#writeChunks(this.#frames.flatMap((frame) => (isExpired(frame, now) ? [] : frame.chunks)));
    this.clear();
  }

  clear(): void {
    this.#frames = [];
    this.#byteLength = 0;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** While held, nothing is written. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld) this.flusher.schedule(this);
  }

  #writeFrames(): void {
    const frames = this.#frames;
    const [first] = frames;
    // By far the most frequent case: one frame for each of many.
    if (frames.length === 1 && first.chunks.length === 1 && first.expiresAt === undefined && !this.#isCongested()) {
      frames.pop();
      this.#byteLength = 0;
      this.transport.write(first.chunks[0]);
      return;
    }
    this.#frames = [];
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
