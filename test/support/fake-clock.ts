import type { Clock, ScheduledCall } from '../../src/emulator/core/clock.js';

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now: number;
  #calls: { at: number; callback: () => void }[] = [];

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  schedule(delayMs: number, callback: () => void): ScheduledCall {
    const call = { at: this.#now + delayMs, callback };
    this.#calls.push(call);
    return { cancel: () => void (this.#calls = this.#calls.filter((other) => other !== call)) };
  }

  /** How many calls are still to come. */
  get pending(): number {
    return this.#calls.length;
  }

  /** Runs what falls due within `ms`, in the order of time, calls scheduled on the way included. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#calls.filter((call) => call.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#calls = this.#calls.filter((call) => call !== due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = end;
  }
}
