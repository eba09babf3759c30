import type { WebPubSubServiceClientOptions } from '@azure/web-pubsub';

type PipelinePolicy = NonNullable<WebPubSubServiceClientOptions['additionalPolicies']>[number]['policy'];

/** Calls of the application's service clients that have not been answered. */
export class PendingCalls {
  readonly #pending = new Set<Promise<unknown>>();

  /** Put into the pipeline of every service client. */
  readonly policy: PipelinePolicy = {
    name: 'pendingCalls',
    sendRequest: (request, next) => {
      const call = next(request).finally(() => this.#pending.delete(call));
      this.#pending.add(call);
      return call;
    },
  };

  /** Waits for the calls under way; whether there were any. A call made in this turn of the event loop counts. */
  async settle(): Promise<boolean> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#pending.size === 0) return false;
    await Promise.allSettled(this.#pending);
    return true;
  }
}
