import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Clock } from '../../../../src/emulator/core/clock.js';

describe('the clock of the machine', () => {
  let systemClock: Clock;

  beforeAll(async () => {
    // Its timers are those of the machine, which fakes do not replace.
    jest.unstable_mockModule('node:timers', () => ({
      setTimeout: (callback: () => void, delayMs: number) => setTimeout(callback, delayMs),
      clearTimeout: (timer: NodeJS.Timeout) => clearTimeout(timer),
    }));
    ({ systemClock } = await import('../../../../src/emulator/core/clock.js'));
  });

  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('calls when the delay has passed, and not before', () => {
    const callback = jest.fn();
    systemClock.schedule(1_000, callback);
    jest.advanceTimersByTime(999);
    expect(callback).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it('does not call once it is cancelled', () => {
    const callback = jest.fn();
    systemClock.schedule(1_000, callback).cancel();
    jest.advanceTimersByTime(2_000);
    expect(callback).not.toHaveBeenCalled();
  });

  it.each([2 ** 31, 2 ** 32 - 1, Infinity])(
    'does not take a delay of %d ms, more than a timer holds, for none',
    (delay) => {
      const callback = jest.fn();
      const call = systemClock.schedule(delay, callback);
      jest.advanceTimersByTime(60 * 60 * 1_000);
      expect(callback).not.toHaveBeenCalled();
      call.cancel();
    },
  );
});
