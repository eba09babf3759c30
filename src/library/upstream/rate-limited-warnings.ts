const WINDOW_MS = 60_000;
const MAX_PER_WINDOW = 5;

interface Window {
  startedAt: number;
  count: number;
}

/**
 * Passes on at most five warnings of a topic in a minute, so that a flood of bad requests does not become a flood of log
 * lines; how many were left out is said with the first warning afterwards.
 */
export class RateLimitedWarnings {
  readonly #windows = new Map<string, Window>();

  constructor(
    private readonly write: (text: string) => void,
    /** Epoch milliseconds. */
    private readonly now: () => number = Date.now,
  ) {}

  /** Topics are few and fixed, never taken from a request. */
  warn(topic: string, text: string): void {
    const now = this.now();
    const window = this.#windows.get(topic);
    // A clock that was set back begins a new minute.
    if (window && now >= window.startedAt && now - window.startedAt < WINDOW_MS) {
      window.count += 1;
      if (window.count <= MAX_PER_WINDOW) this.write(text);
      return;
    }
    this.#windows.set(topic, { startedAt: now, count: 1 });
    const leftOut = window ? window.count - MAX_PER_WINDOW : 0;
    this.write(leftOut > 0 ? `${text} (${leftOut} like it were left out.)` : text);
  }
}
