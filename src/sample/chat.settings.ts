import { parseConnectionString } from '../protocol/connection-string.js';

/** What the environment says about the chat application. */
export interface ChatSettings {
  /** Port of the application; 0 takes any free one. */
  readonly port: number;
  /** Port of the embedded emulator; 0 takes any free one. */
  readonly emulatorPort: number;
  /** The service to use. Absent: an emulator inside this process. */
  readonly connectionString?: string;
}

const DEFAULT_PORT = 8080;
const DEFAULT_EMULATOR_PORT = 8888;

/** Throws a TypeError that names the variable and what it should hold. */
export function readChatSettings(environment: Readonly<Record<string, string | undefined>>): ChatSettings {
  const port = readPort(environment, 'PORT', DEFAULT_PORT);
  const emulatorPort = readPort(environment, 'WEB_PUBSUB_EMULATOR_PORT', DEFAULT_EMULATOR_PORT);
  const connectionString = readConnectionString(environment);
  if (connectionString === undefined && port === emulatorPort && port !== 0) {
    throw new TypeError(`PORT and WEB_PUBSUB_EMULATOR_PORT are both ${port}; the two servers need a port each.`);
  }
  return { port, emulatorPort, ...(connectionString !== undefined && { connectionString }) };
}

function readPort(environment: Readonly<Record<string, string | undefined>>, name: string, byDefault: number): number {
  const text = environment[name]?.trim();
  if (!text) return byDefault;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new TypeError(`${name} must be a port number from 0 to 65535, not "${text}".`);
  }
  return Number(text);
}

function readConnectionString(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const text = environment['WebPubSubConnectionString']?.trim();
  if (!text) return undefined;
  try {
    parseConnectionString(text);
  } catch (error) {
    throw new TypeError(`WebPubSubConnectionString: ${(error as Error).message}`, { cause: error });
  }
  return text;
}
