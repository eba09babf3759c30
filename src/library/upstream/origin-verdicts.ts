import { readOrigins, type EventRequestHeaders } from '../../protocol/event-request-headers.js';
import type { OriginRules } from '../security/origin-rules.js';

export interface OriginVerdict {
  readonly origins: readonly string[];
  readonly isAllowed: boolean;
}

const MAX_REMEMBERED = 100;

/** Whether the origins of a request are allowed; remembered, since a service sends the same header with every event. */
export class OriginVerdicts {
  readonly #byHeader = new Map<string, OriginVerdict>();

  constructor(private readonly rules: OriginRules) {}

  of(headers: EventRequestHeaders): OriginVerdict {
    const header = headers['webhook-request-origin'];
    if (typeof header !== 'string') return this.#judge(headers);
    const known = this.#byHeader.get(header);
    if (known) return known;
    const verdict = this.#judge(headers);
    // Only what is allowed: nobody can push that out, nor fill the memory with what is not.
    if (verdict.isAllowed && this.#byHeader.size < MAX_REMEMBERED) this.#byHeader.set(header, verdict);
    return verdict;
  }

  #judge(headers: EventRequestHeaders): OriginVerdict {
    const origins = readOrigins(headers);
    return { origins, isAllowed: this.rules.isAllowed(origins) };
  }
}
