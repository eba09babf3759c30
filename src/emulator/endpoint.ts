import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** A door of the emulator's one HTTP server; the composition root asks each in turn. */
export interface RequestEndpoint {
  /** Whether requests to that path are for this door. */
  handles(pathname: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse, url: URL): void | Promise<void>;
}

export interface UpgradeEndpoint {
  handles(pathname: string): boolean;
  /** Owns the socket from here: it is answered or destroyed, whatever happens. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, url: URL): void | Promise<void>;
  /** Resolves when what was under way has arrived, both ways, and has been dealt with. */
  idle?(): Promise<void>;
  /** Ends every socket of this door, and resolves when they are closed. */
  close(): Promise<void>;
}
