import { type Answer, OTHER_KEY, reasonOf } from './answer-reason.js';
import type { UpstreamFinding } from './upstream-diagnosis.js';

/** What the doctor says of answers to `connect` events, right and forged. */

/** What the answer to a signed `connect` means [upstream-events 6.1, 8.1]. */
export function judgeConnect(
  hub: string,
  answer: Answer,
  { origin, isSameAsForged }: { readonly origin: string; readonly isSameAsForged: boolean },
): UpstreamFinding {
  const found = (kind: UpstreamFinding['kind'], summary: string, cure?: string): UpstreamFinding => ({
    kind,
    check: 'connect',
    hub,
    summary,
    ...(cure !== undefined && { cure }),
  });
  const { status } = answer;
  if (status >= 200 && status < 300) {
    return isConnectReply(answer.body)
      ? found('passed', `A signed connect event is accepted (${status}).`)
      : found(
          'problem',
          'The connect event is answered with a body that is no JSON object.',
          'Clients get 500: see what answers in its place.',
        );
  }
  const reason = reasonOf(answer);
  if (status === 401 && isSameAsForged) {
    return found('problem', `The signature is not accepted (401)${reason}`, OTHER_KEY);
  }
  if (status === 401) {
    return found(
      'warning',
      `The application refuses this connect (401)${reason}`,
      'In order if it asks clients for more than a user id.',
    );
  }
  if (status === 403) {
    return found(
      isSameAsForged ? 'problem' : 'warning',
      `The connect event is answered 403${reason}`,
      `Either events of ${origin} are not allowed (see allowedOrigins), or the application refuses this client.`,
    );
  }
  if (status === 404) {
    return found(
      'problem',
      `The hub is not known to the application (404)${reason}`,
      `Add a class with @WebPubSubHub("${hub}") to the providers of a module.`,
    );
  }
  if (status === 408 || status >= 500) {
    return found(
      'problem',
      `The connect event fails (${status})${reason}`,
      'The service sends it up to four times, then refuses the client. See the log of the application.',
    );
  }
  if (status >= 300 && status < 400) {
    return found(
      'problem',
      `The event path redirects (${status}).`,
      'The service does not follow: use the final address.',
    );
  }
  return found(
    'problem',
    `The connect event is answered ${status}${reason}`,
    'If the application does not refuse this client on purpose, something ahead of WebPubSubModule answers.',
  );
}

export function forgeryAccepted(hub: string): UpstreamFinding {
  return {
    kind: 'warning',
    check: 'forgery',
    hub,
    summary: 'An event with a forged signature is accepted: anyone can send events.',
    cure: "Configure a connectionString, and remove upstreamAuth: { signature: 'off' } unless something else protects the path.",
  };
}

export function forgeryRefused(hub: string): UpstreamFinding {
  return { kind: 'passed', check: 'forgery', hub, summary: 'An event with a forged signature is refused (401).' };
}

/** [upstream-events 6.1] an empty body and `null` accept the client too. */
function isConnectReply(body: string): boolean {
  if (body.trim() === '') return true;
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && !Array.isArray(value);
  } catch {
    return false;
  }
}
