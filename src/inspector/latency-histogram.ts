/** Bounds of the bins grow by this factor, so a percentile is right within five percent. */
const GROWTH = 1.05;
const FIRST_BOUND_MS = 0.1;
/** The last bin begins at about two minutes, beyond any call the emulator waits for. */
const BINS = 290;

/** Durations counted in bins: constant memory, and several add up to one. */
export class LatencyHistogram {
  readonly #bins = new Uint32Array(BINS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  record(durationMs: number): void {
    const bin = Math.ceil(Math.log(Math.max(durationMs, FIRST_BOUND_MS) / FIRST_BOUND_MS) / Math.log(GROWTH));
    this.#bins[Math.min(bin, BINS - 1)]++;
    this.#count++;
  }

  add(other: LatencyHistogram): void {
    for (let bin = 0; bin < BINS; bin++) this.#bins[bin] += other.#bins[bin];
    this.#count += other.#count;
  }

  clear(): void {
    this.#bins.fill(0);
    this.#count = 0;
  }

  /** Milliseconds that the given part (0 to 1) of the durations does not exceed; undefined when there are none. */
  percentile(part: number): number | undefined {
    if (this.#count === 0) return undefined;
    const rank = Math.max(1, Math.ceil(part * this.#count));
    let seen = 0;
    let bin = 0;
    while ((seen += this.#bins[bin]) < rank) bin++;
    return FIRST_BOUND_MS * GROWTH ** bin;
  }
}
