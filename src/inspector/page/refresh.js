import { attempt } from './dom.js';

/** Loads and shows something over and over while a pane is open. */
export class Refresh {
  #everyMs;
  #load;
  #timer;

  /** `load` is handed a test that says whether its answer still counts, or a newer round has begun or the pane is closed. */
  constructor(everyMs, load) {
    this.#everyMs = everyMs;
    this.#load = load;
  }

  /** Begins at once, also when it is running; resolves when the first round has ended. */
  start() {
    this.stop();
    return this.#run();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #run() {
    const timer = setTimeout(() => this.#run(), this.#everyMs);
    this.#timer = timer;
    return attempt(() => this.#load(() => this.#timer === timer));
  }
}
