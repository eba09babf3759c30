import type { IncomingMessage, ServerResponse } from 'node:http';

/** The events that are being handled, so that an application can wait for their answers before it closes. */
export class InFlightEvents {
  readonly #requests = new Map<ServerResponse, IncomingMessage>();
  #onNone: (() => void) | undefined;

  begin(request: IncomingMessage, response: ServerResponse): void {
    this.#requests.set(response, request);
  }

  /** Has no effect the second time. */
  end(response: ServerResponse): void {
    if (this.#requests.delete(response) && this.#requests.size === 0) this.#onNone?.();
  }

  /** Those that have no answer yet. */
  list(): { request: IncomingMessage; response: ServerResponse }[] {
    return [...this.#requests].map(([response, request]) => ({ request, response }));
  }

  /** Resolves when there are none, at the latest after `patienceMs`. */
  async whenNone(patienceMs: number): Promise<void> {
    if (this.#requests.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#onNone = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#onNone = undefined;
  }
}
