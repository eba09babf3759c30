import { Injectable } from '@nestjs/common';

/**
 * How patient a health check is.
 *
 * @publicApi
 */
export interface ServicePingOptions {
  /** How long the service may take to answer. Milliseconds; default 3 000. */
  timeoutMs?: number | undefined;
}

/**
 * What `@nestjs/terminus` takes for the result of an indicator: under the key, the status, and what is known beside it.
 *
 * @publicApi
 */
export type ServiceHealth<Key extends string = string> = Record<
  Key,
  {
    status: 'up' | 'down';
    /** Address of the service, when one is configured. */
    endpoint?: string;
    /** Why the service is `down`. One line without secrets. */
    message?: string;
  }
>;

const DEFAULT_TIMEOUT_MS = 3_000;

/**
 * Whether the service answers its own health probe [rest-api 3]; injectable, for health checks of `@nestjs/terminus`:
 * `health.check([() => indicator.pingCheck('webPubSub')])`. That package is not needed otherwise.
 *
 * @publicApi
 */
@Injectable()
export class WebPubSubHealthIndicator {
  readonly #endpoint: string | undefined;
  readonly #proxy: string | undefined;

  /** Made by `WebPubSubModule`. `proxy` is the reverse proxy through which service clients reach the service. */
  constructor(endpoint: string | undefined, proxy?: string) {
    this.#endpoint = endpoint;
    this.#proxy = proxy;
  }

  /** Never rejects. No credential is used or sent: the probe is public. */
  async pingCheck<Key extends string>(
    key: Key,
    { timeoutMs = DEFAULT_TIMEOUT_MS }: ServicePingOptions = {},
  ): Promise<ServiceHealth<Key>> {
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return healthOf(key, { status: 'down', message: 'No service is configured.' });
    const message = await this.#probe(endpoint, timeoutMs);
    return healthOf(key, message === undefined ? { status: 'up', endpoint } : { status: 'down', endpoint, message });
  }

  /** What is wrong with the service, or undefined. */
  async #probe(endpoint: string, timeoutMs: number): Promise<string | undefined> {
    try {
      const url = new URL('/api/health', endpoint);
      // As the official service client does it.
      if (this.#proxy !== undefined) url.host = new URL(this.#proxy).host;
      const signal = AbortSignal.timeout(timeoutMs);
      const { ok, status } = await fetch(url, { method: 'HEAD', redirect: 'manual', signal });
      return ok ? undefined : `It answered with status ${status}.`;
    } catch {
      return 'It does not answer.';
    }
  }
}

function healthOf<Key extends string>(key: Key, health: ServiceHealth[string]): ServiceHealth<Key> {
  return { [key]: health } as ServiceHealth<Key>;
}
