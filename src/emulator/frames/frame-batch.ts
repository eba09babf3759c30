import type { OutboundFrame } from './outbound-frame.js';

/**
 * What one socket gets in one turn of the event loop, joined for a single write.
 *
 * In a burst, members of a group get the same frames in the same order. Each frame is a step from one batch to the next,
 * the steps are remembered for the turn, and so all sockets that went the same way end at the same batch, whose bytes are
 * joined once. A thousand members cost a thousand writes of one buffer; joining per socket would copy every byte a
 * thousand times, and writing frame by frame would cost a system call for each.
 */
export class FrameBatch {
  /** Most batches have one successor, so that one needs no map. */
  #next?: { readonly frame: OutboundFrame; readonly batch: FrameBatch };
  #others?: Map<OutboundFrame, FrameBatch>;
  #bytes?: Uint8Array;

  private constructor(
    private readonly previous?: FrameBatch,
    private readonly frame?: OutboundFrame,
    readonly byteLength = 0,
  ) {}

  /** Begins a turn: batches found from here are forgotten with it. */
  static empty(): FrameBatch {
    return new FrameBatch();
  }

  append(frame: OutboundFrame): FrameBatch {
    if (this.#next?.frame === frame) return this.#next.batch;
    const known = this.#others?.get(frame);
    if (known) return known;
    const batch = new FrameBatch(this, frame, this.byteLength + frame.byteLength);
    if (this.#next) (this.#others ??= new Map()).set(frame, batch);
    else this.#next = { frame, batch };
    return batch;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= FrameBatch.#join(this);
    return this.#bytes;
  }

  static #join(last: FrameBatch): Uint8Array {
    const chunks: Uint8Array[] = [];
    for (let batch: FrameBatch | undefined = last; batch?.frame; batch = batch.previous) {
      chunks.push(...batch.frame.chunks.toReversed());
    }
    return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks.reverse(), last.byteLength);
  }
}
