import { setImmediate } from 'node:timers';
import type { WebPubSubServiceClientOptions } from '@azure/web-pubsub';

type PipelinePolicy = NonNullable<WebPubSubServiceClientOptions['additionalPolicies']>[number]['policy'];

const SERVICE_CLOSED =
  'The test service has been closed: close the application first if it calls the service while it ends.';

/** Calls of the application's service clients that have not been answered. */
export class PendingCalls {
  readonly #pending = new Set<Promise<unknown>>();
  #hasEnded = false;

  /** Put into the pipeline of every service client. */
  readonly policy: PipelinePolicy = {
    name: 'pendingCalls',
    sendRequest: async (request, next) => {
      if (this.#hasEnded) throw new Error(SERVICE_CLOSED);
      const call = next(request).finally(() => this.#pending.delete(call));
      this.#pending.add(call);
      return call;
    },
  };

  /** There is no service any more: calls made from now on are rejected, in words and without being tried again. */
  end(): void {
    this.#hasEnded = true;
  }

  /** Waits for the calls under way; whether there were any. A call made in this turn of the event loop counts. */
  async settle(): Promise<boolean> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#pending.size === 0) return false;
    await Promise.allSettled(this.#pending);
    return true;
  }
}
