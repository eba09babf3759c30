/**
 * Where the emulator says what it does: the shape of `console`, and of Nest's `Logger`.
 *
 * @publicApi
 */
export interface EmulatorLogger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  debug?(message: string): void;
}

/**
 * Keeps everything to itself.
 *
 * @publicApi
 */
export const silentLogger: EmulatorLogger = { log() {}, warn() {}, error() {} };
