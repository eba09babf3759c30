import type { Clock } from './core/clock.js';
import type { HubSettings } from './core/hub-settings.js';
import type { EmulatorLogger } from './emulator-logger.js';

/** Options of `WebPubSubEmulator.start`; the JSON configuration file has the same names, without `clock` and `logger`. */
export interface EmulatorOptions {
  /** Default 8888; 0 takes any free port. */
  readonly port?: number;
  /** Address to listen on. Default `127.0.0.1`: only this machine reaches the emulator. */
  readonly host?: string;
  /** At least 32 bytes, no blanks at the ends, no `;`. Default: the well-known key of the emulator. */
  readonly accessKey?: string;
  /** A second key that verifies as the first does; events are signed with both. Default: none. */
  readonly secondaryAccessKey?: string;
  /** Settings by hub name. A hub that is not named here exists, with no event handlers. */
  readonly hubs?: Readonly<Record<string, HubSettings>>;
  /** Default: silent. */
  readonly logger?: EmulatorLogger;
  /** Default: the system's time. */
  readonly clock?: Clock;
}
