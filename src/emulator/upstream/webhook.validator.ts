import { EVENT_HEADERS } from '../../protocol/event-headers.js';
import { isSuccess } from '../../protocol/event-reply.decoder.js';
import type { UpstreamRequest, UpstreamTransport } from '../core/upstream-transport.js';
import type { EmulatorContext } from '../emulator-context.js';
import { blankUrl } from './secrets.js';
import type { CallResult, UpstreamCaller } from './upstream-caller.js';
import { describeOriginNotAllowed, describeValidationRefusal } from './upstream-failures.js';

const PROBE_TIMEOUT_MS = 10_000;
const MIN_INTERVAL_MS = 1_000;
const MAX_INTERVAL_MS = 60_000;
/** More URLs than any settings name; the oldest is forgotten. */
const MAX_URLS = 1_000;

/** What is known of the validation of one URL [upstream-events 3]. */
export interface ValidationState {
  /** The resolved validation URL; secrets in its query are blanked. */
  readonly url: string;
  readonly status: 'unknown' | 'allowed' | 'refused';
  /** Epoch milliseconds of the last probe's end. */
  readonly checkedAt?: number;
  /** Epoch milliseconds from which the next event probes again. */
  readonly nextProbeAt?: number;
  /** Why it was refused, and what to do. */
  readonly problem?: string;
}

/** What may be sent where: the URL that is validated, and the way to it. */
export interface ValidationTarget {
  readonly hub: string;
  readonly url: string;
  readonly transport: UpstreamTransport;
}

export type ValidationVerdict = { readonly isAllowed: true } | { readonly isAllowed: false; readonly problem: string };

interface Validation {
  readonly target: ValidationTarget;
  /** Absent until the first probe has ended. */
  verdict?: ValidationVerdict;
  checkedAt?: number;
  /** Epoch milliseconds. */
  nextProbeAt: number;
  intervalMs: number;
  /** The probe under way. */
  probe?: Promise<ValidationVerdict>;
}

const ALLOWED: ValidationVerdict = { isAllowed: true };

/**
 * Asks upstream whether it wants the service's events before any is sent, and remembers the answer by URL
 * [upstream-events 3]. There is no traffic without events.
 */
export class WebhookValidator {
  readonly #validations = new Map<string, Validation>();

  constructor(
    private readonly context: EmulatorContext,
    private readonly caller: UpstreamCaller,
    private readonly serviceHost: () => string,
  ) {}

  /**
   * A plain verdict while one holds. An allowed URL is probed again in the background after 60 s. A refused one may be
   * probed again after 1, 2, 4 ... 60 s, and then the event waits for the probe, so that an upstream that has come up
   * does not lose one more event to an old refusal [assumed].
   */
  check(target: ValidationTarget): ValidationVerdict | Promise<ValidationVerdict> {
    if (target.transport.validates === false) return ALLOWED;
    const validation = this.#validations.get(target.url) ?? this.#begin(target);
    if (validation.verdict && this.#isFresh(validation)) return validation.verdict;
    const probe = this.#probe(validation);
    return validation.verdict?.isAllowed ? validation.verdict : probe;
  }

  /** Probes now, whatever was known. */
  async recheck(target: ValidationTarget): Promise<ValidationVerdict> {
    if (target.transport.validates === false) return ALLOWED;
    return this.#probe(this.#validations.get(target.url) ?? this.#begin(target));
  }

  /** Probes now; until the answer is there, events wait for it. */
  async restart(target: ValidationTarget): Promise<ValidationVerdict> {
    this.#validations.delete(target.url);
    return this.recheck(target);
  }

  stateOf(url: string): ValidationState {
    const shown = blankUrl(url);
    const validation = this.#validations.get(url);
    if (!validation?.verdict) return { url: shown, status: 'unknown' };
    const { verdict, checkedAt, nextProbeAt } = validation;
    return {
      url: shown,
      status: verdict.isAllowed ? 'allowed' : 'refused',
      ...(checkedAt !== undefined && { checkedAt }),
      nextProbeAt,
      ...(!verdict.isAllowed && { problem: verdict.problem }),
    };
  }

  /** Not when the clock was set back since: a verdict would hold for as long as that. */
  #isFresh({ checkedAt = 0, nextProbeAt }: Validation): boolean {
    const now = this.context.clock.now();
    return now >= checkedAt && now < nextProbeAt;
  }

  #begin(target: ValidationTarget): Validation {
    const validation: Validation = { target, nextProbeAt: 0, intervalMs: 0 };
    const [oldest] = this.#validations.keys();
    if (this.#validations.size >= MAX_URLS && oldest !== undefined) this.#validations.delete(oldest);
    this.#validations.set(target.url, validation);
    return validation;
  }

  /** Events that come meanwhile share the probe. */
  #probe(validation: Validation): Promise<ValidationVerdict> {
    validation.probe ??= this.#ask(validation.target)
      .then((verdict) => this.#conclude(validation, verdict))
      .finally(() => delete validation.probe);
    return validation.probe;
  }

  #conclude(validation: Validation, verdict: ValidationVerdict): ValidationVerdict {
    if (verdict.isAllowed) {
      validation.intervalMs = MAX_INTERVAL_MS;
    } else {
      const wasRefused = validation.verdict?.isAllowed === false;
      validation.intervalMs = wasRefused ? Math.min(validation.intervalMs * 2, MAX_INTERVAL_MS) : MIN_INTERVAL_MS;
      // An event that waits for a probe tells its outcome itself; of one in the background nobody else would.
      if (validation.verdict?.isAllowed)
        this.context.logger.warn(`An event handler no longer validates: ${verdict.problem}`);
    }
    validation.verdict = verdict;
    validation.checkedAt = this.context.clock.now();
    validation.nextProbeAt = validation.checkedAt + validation.intervalMs;
    return verdict;
  }

  async #ask(target: ValidationTarget): Promise<ValidationVerdict> {
    const result = await this.#call(target, 'OPTIONS');
    // Only a 404 says that OPTIONS has no route of its own there.
    if (result.kind === 'answered' && result.response.status === 404) {
      return this.#judge(target, 'GET', await this.#call(target, 'GET'));
    }
    return this.#judge(target, 'OPTIONS', result);
  }

  #call({ hub, url, transport }: ValidationTarget, method: 'OPTIONS' | 'GET'): Promise<CallResult> {
    const request: UpstreamRequest = {
      method,
      url,
      headers: { [EVENT_HEADERS.requestOrigin]: this.serviceHost(), [EVENT_HEADERS.awpsVersion]: '1.0' },
    };
    const timeoutMs = PROBE_TIMEOUT_MS;
    return this.caller.call({ purpose: 'validation', hub, eventName: 'validate', transport, request, timeoutMs });
  }

  #judge({ url }: ValidationTarget, method: string, result: CallResult): ValidationVerdict {
    if (result.kind === 'unanswered') return { isAllowed: false, problem: result.reason };
    const { response, attempts } = result;
    if (!isSuccess(response.status)) {
      return { isAllowed: false, problem: describeValidationRefusal(url, method, response, attempts) };
    }
    const lines = response.headers[EVENT_HEADERS.allowedOrigin.toLowerCase()];
    const origin = this.serviceHost();
    // Whole lines: a list with commas names no origin.
    const isAllowed = lines?.some((line) => line === '*' || line.toLowerCase() === origin.toLowerCase());
    return isAllowed ? ALLOWED : { isAllowed: false, problem: describeOriginNotAllowed(url, origin, lines) };
  }
}
