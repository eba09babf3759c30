import type { IncomingMessage } from 'node:http';
import { quote } from '../protocol/quote.js';
import type { EmulatorLogger } from './emulator-logger.js';

/** Whoever tries many paths fills neither log nor memory. */
const MAX_WARNED_PATHS = 100;

const SOCKET_IO_PATH = /^\/(socket\.io|clients\/socketio)(\/|$)/i;
const NO_SOCKET_IO =
  'The emulator has no Socket.IO: connect with a WebSocket client to /client/hubs/{hub}, see docs/coverage.md.';

/** What is said where nothing is served: to the caller, and to the log when a client wants to connect there. */
export class UnknownPaths {
  readonly #warned = new Set<string>();

  constructor(private readonly logger: EmulatorLogger) {}

  /** The answer, in plain text. */
  explain(request: IncomingMessage, { pathname }: URL): string {
    if (SOCKET_IO_PATH.test(pathname)) {
      this.#warnOnce(pathname, `A Socket.IO client asks for ${quote(pathname)}. ${NO_SOCKET_IO}`);
      return NO_SOCKET_IO;
    }
    // Its offer to upgrade has been ignored.
    if (request.headers['sec-websocket-key'] !== undefined) {
      this.#warnOnce(
        pathname,
        `A WebSocket client asks for ${quote(pathname)}, where nothing is served: ` +
          'clients connect to /client/hubs/{hub}, those of MQTT to /clients/mqtt/hubs/{hub}.',
      );
    }
    return describeUnknown(pathname);
  }

  /** Clients try again and again. */
  #warnOnce(pathname: string, line: string): void {
    if (this.#warned.has(pathname) || this.#warned.size === MAX_WARNED_PATHS) return;
    this.#warned.add(pathname);
    this.logger.warn(line);
  }
}

function describeUnknown(pathname: string): string {
  return [
    `Nothing is served at ${pathname}. The Azure Web PubSub emulator has:`,
    '  /api/hubs/{hub}/...           the REST API of the service, /api/health among it',
    '  /client/hubs/{hub}            WebSocket clients',
    '  /clients/mqtt/hubs/{hub}      MQTT clients',
    '  /server/tunnel                the tunnel tool',
    '  /emulator/faults              fault switches for tests',
    '  /inspector                    what goes on, live',
    '',
  ].join('\n');
}
