export interface ClientFrame {
  readonly payload: Buffer;
  readonly isBinary: boolean;
}

/** So much waits in memory for a slow event handler; what comes then waits in the network. */
const MAX_WAITING_FRAMES = 256;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** The frames of one connection, handled strictly one after another, across its sockets [client-websocket 2]. */
export class SerialFrames {
  #waiting: ClientFrame[] = [];
  #waitingBytes = 0;
  /** The handling of a frame that takes its time; absent: none is being handled. */
  #handling?: Promise<void>;

  /**
   * `handle` returns a promise, which never rejects, when the next frame must wait for it; `onCaughtUp` is called when
   * waiting frames have been handled and there is room for more.
   */
  constructor(
    private readonly handle: (frame: ClientFrame) => Promise<void> | undefined,
    private readonly onCaughtUp: () => void,
  ) {}

  push(frame: ClientFrame): void {
    if (this.#handling) {
      this.#waiting.push(frame);
      this.#waitingBytes += frame.payload.length;
    } else {
      this.#start(frame);
    }
  }

  /** So much waits that no more should be read. */
  get isBehind(): boolean {
    return this.#exceeds(1);
  }

  /** Resolves when every frame that has arrived is handled. */
  async settled(): Promise<void> {
    while (this.#handling) await this.#handling;
  }

  clear(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #start(frame: ClientFrame): void {
    this.#handling = this.handle(frame)?.then(() => this.#handleWaiting());
  }

  #handleWaiting(): void {
    this.#handling = undefined;
    while (!this.#handling) {
      const next = this.#waiting.shift();
      if (!next) break;
      this.#waitingBytes -= next.payload.length;
      this.#start(next);
    }
    if (!this.#exceeds(0.5)) this.onCaughtUp();
  }

  #exceeds(share: number): boolean {
    return this.#waiting.length > MAX_WAITING_FRAMES * share || this.#waitingBytes > MAX_WAITING_BYTES * share;
  }
}
