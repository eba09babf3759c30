import type { RawWebSocket } from '../raw-web-socket.js';

interface Publication {
  /** Receivers that do not have all of it yet. */
  missing: number;
  readonly sentAt: number;
  readonly arrived: () => void;
}

/** What has been published, and when every receiver has got it. Messages arrive in order, so that counting them is enough. */
export class Publications {
  /** From the sending of each until everyone had it. */
  readonly roundMs: number[] = [];
  readonly #all: Publication[] = [];

  constructor(
    private readonly receivers: readonly RawWebSocket[],
    /** Messages of one publication. */
    burst: number,
  ) {
    for (const receiver of receivers) {
      receiver.frames = 0;
      receiver.onFrame = ({ frames }) => {
        if (frames % burst === 0) this.#receive(this.#all[frames / burst - 1]);
      };
    }
  }

  get count(): number {
    return this.#all.length;
  }

  /** Resolves with the number of the publication, counting from 1, when everyone has it. */
  begin(): Promise<number> {
    return new Promise((resolve) => {
      const number = this.#all.length + 1;
      const arrived = (): void => resolve(number);
      this.#all.push({ missing: this.receivers.length, sentAt: performance.now(), arrived });
    });
  }

  #receive(publication: Publication): void {
    if (--publication.missing > 0) return;
    this.roundMs.push(performance.now() - publication.sentAt);
    publication.arrived();
  }
}
