import type { TrafficEntry, TrafficLog, UpstreamTraffic } from '../emulator/traffic-log.js';
import type { ValidationState } from '../emulator/upstream/webhook.validator.js';

/** What is known of the validation of an event handler, as the page shows it. */
export interface ValidationView extends Omit<ValidationState, 'status'> {
  /** `failing`: an attempt has failed and the next is due; `problem` is that of the last, `checkedAt` its time. */
  readonly status: ValidationState['status'] | 'failing';
}

/**
 * The validator has no verdict before its last attempt, which may be ten seconds after the first; how the attempts went so
 * far is in the traffic record.
 */
export function viewValidation(state: ValidationState, traffic: Pick<TrafficLog, 'entries'>): ValidationView {
  if (state.status !== 'unknown') return state;
  const last = traffic.entries().findLast((entry) => isAttempt(entry, state.url)) as UpstreamTraffic | undefined;
  if (last?.failure === undefined) return state;
  return { url: state.url, status: 'failing', checkedAt: last.time, problem: last.failure };
}

/** An event is posted, so one that a client called `validate` is none; nor is one that somebody sent again by hand. */
function isAttempt(entry: TrafficEntry, url: string): boolean {
  return (
    entry.door === 'upstream' &&
    entry.eventName === 'validate' &&
    entry.request.method !== 'POST' &&
    entry.request.url === url &&
    entry.resentFrom === undefined
  );
}
