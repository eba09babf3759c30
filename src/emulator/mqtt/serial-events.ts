/** The user events of one session, across its sockets: each is raised when the one before it has been answered. */
export class SerialEvents {
  readonly #waiting = new Set<() => void>();
  #last: Promise<void> = Promise.resolve();

  /** Resolves when this event, and each before it, has been answered. */
  raise(event: () => Promise<void>): Promise<void> {
    const before = this.#last;
    this.#last = new Promise((resolve, reject) => {
      const start = (): void => {
        if (!this.#waiting.delete(start)) return;
        event()
          .then(() => before)
          .then(resolve, reject);
      };
      this.#waiting.add(start);
      before.then(start, start);
    });
    return this.#last;
  }

  /** Nobody is there any more for the answers: raises at once, in their order, the events that wait. */
  hurry(): void {
    for (const start of this.#waiting) start();
  }

  /** Resolves when every event has been answered. */
  settled(): Promise<void> {
    return this.#last;
  }
}
