import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';

/** How long a test service that is not closed keeps the process running after the last thing that happened. */
const PATIENCE_MS = 5_000;

const NEW_CLIENT_SOCKETS = 'net.client.socket';

/**
 * Lets the process end though a test service was never closed, as when a test fails before it. The sockets of its clients
 * hold the process no more than its own do; in their place a timer does, since some test runners, node:test for one, have
 * nothing else that would wait for a test.
 */
export class ProcessHold {
  readonly #timer = setTimeout(() => {}, PATIENCE_MS);

  /** `port` is that of the emulator. */
  constructor(private readonly port: number) {
    // jest waits for a test by a timer of its own, and complains of what still holds the process a second after the last.
    if (process.env['JEST_WORKER_ID'] !== undefined) this.#timer.unref();
    subscribe(NEW_CLIENT_SOCKETS, this.#onNewSocket);
  }

  /** Something has happened. */
  renew(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
    unsubscribe(NEW_CLIENT_SOCKETS, this.#onNewSocket);
  }

  readonly #onNewSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    socket.once('connect', () => {
      if (socket.remotePort === this.port) socket.unref();
    });
  };
}
