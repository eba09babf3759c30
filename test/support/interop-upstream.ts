import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An event as the application behind an upstream saw it. */
export interface HeardEvent {
  readonly eventName: string;
  readonly userId?: string;
  readonly reason?: string;
}

/** What an upstream under the interoperability suite lets the suite see. */
export interface InteropUpstream {
  /** Of its event handler, without a trailing slash. */
  readonly url: string;
  readonly heard: EventQueue;
  close(): Promise<void>;
}

/**
 * One application, written once per upstream, which the suite talks to:
 * - `connect` refuses with 401 `not today` when the query has `refuse`; else the user is the token's or `guest`, the groups
 *   are those of the query's `group`, the role is to send to `lobby`, and the state `room` is `blue`;
 * - user event `echo` answers what came, in its type; `count` counts in the state `count` and answers `{ count }`;
 *   `context` answers `{ hub, userId, room }`; `refuse` fails with 400; anything else succeeds without an answer;
 * - `connected` and `disconnected` are put into the queue.
 */
export interface InteropContender {
  readonly name: string;
  /** Starts the application on a free port, for the hub `interop` of the service behind the connection string. */
  start(connectionString: string): Promise<InteropUpstream>;
}

export const INTEROP_HUB = 'interop';

/** Events in the order in which they came, each handed out once by name. */
export class EventQueue {
  readonly #events: HeardEvent[] = [];
  #wake: (() => void)[] = [];

  push(event: HeardEvent): void {
    this.#events.push(event);
    for (const wake of this.#wake.splice(0)) wake();
  }

  async next(eventName: string): Promise<HeardEvent> {
    for (;;) {
      const index = this.#events.findIndex((event) => event.eventName === eventName);
      if (index >= 0) return this.#events.splice(index, 1)[0];
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
