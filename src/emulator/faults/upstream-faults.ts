import { canonicalHubName } from '../../protocol/names.js';
import type { Clock } from '../core/clock.js';
import type { UpstreamCall, UpstreamInterceptor } from '../core/upstream-interceptor.js';
import { UpstreamUnreachableError, type UpstreamResponse } from '../core/upstream-transport.js';
import type { UpstreamFaultTarget } from './fault.js';
import type { FaultSwitches } from './fault-switches.js';

/** Applies the faults of upstream calls: first the delay, then what answers in upstream's place, then the repetition. */
export function interceptUpstream(faults: FaultSwitches, clock: Clock): UpstreamInterceptor {
  return async (call, send) => {
    const delay = faults.take('delayUpstream', (fault) => means(fault, call));
    if (delay) {
      call.noteFault(`delayed by ${delay.delayMs} ms`);
      await wait(delay.delayMs, clock, call.signal);
    }
    const answer = refusedValidation(faults, call) ?? failedCall(faults, call);
    if (answer) return answer;
    let response = await send();
    const repetition = faults.take('repeatUpstream', (fault) => means(fault, call));
    if (repetition) {
      const copies = repetition.copies ?? 1;
      call.noteFault(`sent ${copies + 1} times`);
      for (let copy = 0; copy < copies; copy++) response = await send();
    }
    return response;
  };
}

function refusedValidation(faults: FaultSwitches, call: UpstreamCall): UpstreamResponse | undefined {
  if (call.purpose !== 'validation') return undefined;
  const refusal = faults.take('refuseValidation', ({ hub }) => isHub(hub, call.hub));
  if (!refusal) return undefined;
  call.noteFault('the validation was refused without asking upstream');
  return answerWith(refusal.status ?? 200);
}

function failedCall(faults: FaultSwitches, call: UpstreamCall): UpstreamResponse | undefined {
  const failure = faults.take('failUpstream', (fault) => means(fault, call));
  if (!failure) return undefined;
  if (failure.status === undefined) {
    call.noteFault('the connection was broken');
    throw new UpstreamUnreachableError('A fault switch broke the connection.', { isRetryable: true });
  }
  call.noteFault(`answered with ${failure.status} without asking upstream`);
  return answerWith(failure.status);
}

/** A validation is meant only by its own name, so that a fault of events leaves it alone. */
function means({ hub, eventName, connectionId }: UpstreamFaultTarget, call: UpstreamCall): boolean {
  const name = eventName?.toLowerCase();
  if (call.purpose === 'validation' && name !== 'validate') return false;
  return (
    isHub(hub, call.hub) &&
    (name === undefined || name === call.eventName.toLowerCase()) &&
    (connectionId === undefined || connectionId === call.connectionId)
  );
}

function isHub(wanted: string | undefined, hub: string): boolean {
  return wanted === undefined || canonicalHubName(wanted) === canonicalHubName(hub);
}

function answerWith(status: number): UpstreamResponse {
  return { status, headers: {}, body: new Uint8Array() };
}

function wait(delayMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const onAbort = () => {
      timer.cancel();
      reject(signal.reason as Error);
    };
    const timer = clock.schedule(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
