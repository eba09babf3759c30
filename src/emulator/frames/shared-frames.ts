import type { OutboundFrame } from './outbound-frame.js';

/** Frames of one message for those who get the same bytes, by a key of their own, while it is handed out. */
export class SharedFrames {
  #byKey: Map<number, OutboundFrame> | undefined = new Map();

  get(key: number): OutboundFrame | undefined {
    return this.#byKey?.get(key);
  }

  /** Has no effect when the message has been handed out. */
  set(key: number, frame: OutboundFrame): void {
    this.#byKey?.set(key, frame);
  }

  /** The message has been handed out: who gets it later frames it anew. */
  forget(): void {
    this.#byKey = undefined;
  }
}
