import { isSuccess } from '../../protocol/event-reply.decoder.js';
import type { UpstreamInterceptor } from '../core/upstream-interceptor.js';
import {
  UpstreamUnreachableError,
  type UpstreamRequest,
  type UpstreamResponse,
  type UpstreamTransport,
} from '../core/upstream-transport.js';
import type { EmulatorContext } from '../emulator-context.js';
import { blankRequest, blankResponse } from './secrets.js';
import { describeClientGone, describeClosing, describeRefusal, describeTimeout } from './upstream-failures.js';

/** Waits before the second, third and fourth attempt [upstream-events 8.1]. */
const RETRY_DELAYS_MS = [1_000, 3_000, 5_000] as const;

/** What is asked of upstream, and on whose behalf. */
export interface CallOrder {
  readonly purpose: 'event' | 'validation';
  readonly hub: string;
  readonly eventName: string;
  readonly connectionId?: string;
  readonly userId?: string;
  readonly transport: UpstreamTransport;
  readonly request: UpstreamRequest;
  /** For everything: attempts, delays and the reading of the answer. */
  readonly timeoutMs: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
  /** What is wrong with an answer of status 2xx, in words. */
  readonly findProblem?: (response: UpstreamResponse) => string | undefined;
}

export type CallResult =
  | {
      readonly kind: 'answered';
      /** Of any status; the last of several. */
      readonly response: UpstreamResponse;
      readonly attempts: number;
      /** Why the answer is a failure, in words, with what to do about it; absent: it is none. */
      readonly problem?: string;
    }
  | {
      readonly kind: 'unanswered';
      readonly cause: 'timeout' | 'clientGone' | 'closing' | 'unreachable';
      /** In words, with what to do about it. */
      readonly reason: string;
    };

type Unanswered = Extract<CallResult, { kind: 'unanswered' }>;

/** Why a call is given up from outside; travels as the reason of its signal. */
class CallEndedError extends Error {
  override readonly name = 'CallEndedError';

  constructor(override readonly cause: 'timeout' | 'clientGone' | 'closing') {
    super(cause);
  }
}

/**
 * Calls upstream: several attempts when one may help, one deadline for all, and an entry in the traffic record for each.
 * Never rejects.
 */
export class UpstreamCaller {
  readonly #calls = new Map<AbortController, Promise<unknown>>();
  /** Each ends one wait for another attempt. */
  readonly #waits = new Set<() => void>();
  #isClosing = false;
  #isEnded = false;

  constructor(
    private readonly context: EmulatorContext,
    private readonly interceptor?: UpstreamInterceptor,
    /** Before the second attempt and those after it; as many as there are attempts to repeat. */
    private readonly retryDelaysMs: readonly number[] = RETRY_DELAYS_MS,
  ) {}

  /** Whether the emulator is being closed: calls are not repeated any more. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  call(order: CallOrder): Promise<CallResult> {
    const ending = new AbortController();
    if (this.#isEnded) ending.abort(new CallEndedError('closing'));
    const result = this.#callWithin(order, ending).finally(() => this.#calls.delete(ending));
    this.#calls.set(ending, result);
    return result;
  }

  /** Records an event that failed before anything was sent. */
  recordUnsent(order: Omit<CallOrder, 'transport' | 'timeoutMs'>, failure: string): void {
    this.#record(order, { attempt: 0, startedAt: this.context.clock.now() }, { failure });
  }

  /** From now on no call is repeated; whoever waits for another attempt gets the last one's result. */
  beginClosing(): void {
    this.#isClosing = true;
    for (const endWait of [...this.#waits]) endWait();
  }

  /** Ends every call, and each that is still to come. */
  abort(): void {
    this.beginClosing();
    this.#isEnded = true;
    for (const ending of this.#calls.keys()) ending.abort(new CallEndedError('closing'));
  }

  /** Resolves when no call is in flight. */
  async settle(): Promise<void> {
    while (this.#calls.size > 0) await Promise.all(this.#calls.values());
  }

  async #callWithin(order: CallOrder, ending: AbortController): Promise<CallResult> {
    const timer = this.context.clock.schedule(order.timeoutMs, () => ending.abort(new CallEndedError('timeout')));
    const onClientGone = (): void => ending.abort(new CallEndedError('clientGone'));
    if (order.signal?.aborted) onClientGone();
    order.signal?.addEventListener('abort', onClientGone, { once: true });
    try {
      return await this.#attemptRepeatedly(order, ending.signal);
    } finally {
      timer.cancel();
      order.signal?.removeEventListener('abort', onClientGone);
    }
  }

  async #attemptRepeatedly(order: CallOrder, signal: AbortSignal): Promise<CallResult> {
    if (signal.aborted) {
      const ended = explainEnd(order, signal);
      this.recordUnsent(order, ended.reason);
      return ended;
    }
    for (let attempt = 1; ; attempt++) {
      const result = await this.#attempt(order, attempt, signal);
      const delayMs = this.#isClosing ? undefined : this.retryDelaysMs[attempt - 1];
      if (!result.isRetryable || delayMs === undefined) return result.outcome;
      if (delayMs > 0) await this.#wait(delayMs, signal);
      if (signal.aborted) return explainEnd(order, signal);
      if (this.#isClosing) return result.outcome;
    }
  }

  async #attempt(
    order: CallOrder,
    attempt: number,
    signal: AbortSignal,
  ): Promise<{ outcome: CallResult; isRetryable: boolean }> {
    const { url } = order.request;
    const start: AttemptStart = { attempt, startedAt: this.context.clock.now() };
    try {
      const response = await this.#send(order, start, signal);
      const problem = isSuccess(response.status)
        ? order.findProblem?.(response)
        : describeRefusal(url, response, attempt);
      this.#record(order, start, { response, ...(problem !== undefined && { failure: problem }) });
      const outcome: CallResult = {
        kind: 'answered',
        response,
        attempts: attempt,
        ...(problem !== undefined && { problem }),
      };
      return { outcome, isRetryable: isRetryableStatus(response.status) };
    } catch (error) {
      const outcome = signal.aborted ? explainEnd(order, signal) : explainError(error);
      this.#record(order, start, { failure: outcome.reason });
      return {
        outcome,
        isRetryable: error instanceof UpstreamUnreachableError && error.isRetryable && !signal.aborted,
      };
    }
  }

  #send(order: CallOrder, start: AttemptStart, signal: AbortSignal): Promise<UpstreamResponse> {
    const { transport, hub, request, purpose, eventName, connectionId } = order;
    const send = (): Promise<UpstreamResponse> => transport.send(hub, request, signal);
    if (!this.interceptor) return orAborted(send(), signal);
    const intercepted = this.interceptor(
      {
        purpose,
        hub,
        eventName,
        ...(connectionId !== undefined && { connectionId }),
        attempt: start.attempt,
        request,
        signal,
        noteFault: (fault) => {
          start.fault = start.fault === undefined ? fault : `${start.fault}; ${fault}`;
        },
      },
      send,
    );
    return orAborted(intercepted, signal);
  }

  #record(
    { hub, eventName, connectionId, userId, request }: Omit<CallOrder, 'transport' | 'timeoutMs'>,
    { attempt, startedAt, fault }: AttemptStart,
    { response, failure }: { readonly response?: UpstreamResponse; readonly failure?: string },
  ): void {
    this.context.traffic.record({
      door: 'upstream',
      hub,
      eventName,
      ...(connectionId !== undefined && { connectionId }),
      ...(userId !== undefined && { userId }),
      attempt,
      request: blankRequest(request),
      durationMs: this.context.clock.now() - startedAt,
      ...(response && { response: blankResponse(response) }),
      ...(failure !== undefined && { failure }),
      ...(fault !== undefined && { fault }),
    });
  }

  /** Resolves after the delay, at the signal, or when the emulator closes. */
  #wait(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        this.#waits.delete(end);
        resolve();
      };
      const timer = this.context.clock.schedule(delayMs, end);
      signal.addEventListener('abort', end);
      this.#waits.add(end);
    });
  }
}

interface AttemptStart {
  readonly attempt: number;
  readonly startedAt: number;
  fault?: string;
}

/** [upstream-events 8.1] 408 and every 5xx; 429 and other refusals are final. */
function isRetryableStatus(status: number): boolean {
  return status === 408 || (status >= 500 && status < 600);
}

function explainEnd({ request, timeoutMs }: CallOrder, signal: AbortSignal): Unanswered {
  const cause = signal.reason instanceof CallEndedError ? signal.reason.cause : 'closing';
  const words = { timeout: describeTimeout, clientGone: describeClientGone, closing: describeClosing };
  return { kind: 'unanswered', cause, reason: words[cause](request.url, timeoutMs) };
}

function explainError(error: unknown): Unanswered {
  const reason = error instanceof Error ? error.message : String(error);
  return { kind: 'unanswered', cause: 'unreachable', reason };
}

/** The promise, or a rejection as soon as the signal is aborted: no transport can keep a call beyond its deadline. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
