import { clearTimeout, setTimeout } from 'node:timers';

/**
 * Time as the emulator sees it; tests hand in their own so that nobody waits.
 *
 * @publicApi
 */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `callback` once after `delayMs`; the timer alone does not keep the process running. */
  schedule(delayMs: number, callback: () => void): ScheduledCall;
}

/**
 * A call that has not happened yet.
 *
 * @publicApi
 */
export interface ScheduledCall {
  cancel(): void;
}

/** The longest that a timer of Node waits; one that is asked for more fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * That of the machine. Its timers keep no process alive; what is more than 24 days off is called after 24 days. They are real
 * while a test fakes those of its application: an hour that passes at once would be an hour of pings without an answer.
 *
 * @publicApi
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
