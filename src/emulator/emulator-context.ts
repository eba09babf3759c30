import type { AccessKeys } from './access-keys.js';
import type { Clock } from './core/clock.js';
import type { EmulatorLogger } from './emulator-logger.js';
import type { TrafficLog } from './traffic-log.js';

/** What every room of the emulator is given. */
export interface EmulatorContext {
  readonly accessKeys: AccessKeys;
  readonly clock: Clock;
  readonly logger: EmulatorLogger;
  readonly traffic: TrafficLog;
}
