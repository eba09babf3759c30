/** Time as the emulator sees it; tests hand in their own so that nobody waits. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `callback` once after `delayMs`; the timer alone does not keep the process running. */
  schedule(delayMs: number, callback: () => void): ScheduledCall;
}

/** A call that has not happened yet. */
export interface ScheduledCall {
  cancel(): void;
}

/** That of the machine. Its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
