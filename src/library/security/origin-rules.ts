import { LOOPBACK_NAMES } from '../../protocol/loopback.js';
import type { WebPubSubModuleOptions } from '../web-pubsub-options.interface.js';
import { endpointsOf } from '../service-client/service-connection.js';

/**
 * Which services may send events, by the hosts of `WebHook-Request-Origin` [upstream-events 3, auth 9.4]. An origin is a
 * claim, not a proof: the rules refuse foreign services early, the signature or bearer proves the rest.
 */
export class OriginRules {
  /** Hosts in lower case, without port; empty when any is allowed. */
  readonly hosts: readonly string[];
  /** Whether every origin is allowed, a missing one too. */
  readonly isAnyAllowed: boolean;
  readonly #accepted: ReadonlySet<string>;

  /** `'*'` among the origins allows any. Each may be written as a host or as a URL; ports are of no importance. */
  constructor(allowedOrigins: readonly string[]) {
    this.isAnyAllowed = allowedOrigins.some((origin) => origin.trim() === '*');
    this.hosts = this.isAnyAllowed ? [] : [...new Set(allowedOrigins.map(hostOf))];
    // A local emulator may call itself by any name of the loopback interface.
    const aliases = this.hosts.some((host) => LOOPBACK_NAMES.includes(host)) ? LOOPBACK_NAMES : [];
    this.#accepted = new Set([...this.hosts, ...aliases]);
  }

  /** Whether one of the origins that a request names is allowed; a request that names none is not. */
  isAllowed(origins: readonly string[]): boolean {
    return this.isAnyAllowed || origins.some((origin) => this.#accepted.has(hostOf(origin)));
  }

  /**
   * Values of `WebHook-Allowed-Origin`, one header line each, for a validation request that named `origins`: `*`, or the
   * allowed hosts and whatever other name of them was asked for.
   */
  allowedOriginLines(origins: readonly string[]): string[] {
    if (this.isAnyAllowed) return ['*'];
    const asked = origins.map((origin) => origin.trim().toLowerCase()).filter((origin) => this.isAllowed([origin]));
    return [...new Set([...this.hosts, ...asked])];
  }
}

/**
 * `allowedOrigins` of the options; by default the hosts of the configured endpoints, or any when no endpoint is known.
 */
export function createOriginRules(options: WebPubSubModuleOptions): OriginRules {
  if (options.allowedOrigins) return new OriginRules(options.allowedOrigins);
  const endpoints = endpointsOf(options);
  return new OriginRules(endpoints.length === 0 ? ['*'] : endpoints);
}

function hostOf(origin: string): string {
  const [authority] = origin
    .trim()
    .toLowerCase()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, '')
    .split(/[/?#]/, 1);
  return authority.replace(/:\d+$/, '');
}
