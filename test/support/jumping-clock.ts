import { FakeClock } from './fake-clock.js';

/** A clock whose time of day is set while timers go on as before, as happens to a machine's. */
export class JumpingClock extends FakeClock {
  #offsetMs = 0;

  override now(): number {
    return super.now() + this.#offsetMs;
  }

  /** Forward, or back with a negative number. */
  jump(ms: number): void {
    this.#offsetMs += ms;
  }
}
