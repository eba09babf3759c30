import { decodeRefusal } from '../../protocol/event-reply.decoder.js';
import { quote } from '../../protocol/quote.js';
import type { UpstreamResponse } from '../core/upstream-transport.js';
import { blankUrl } from './secrets.js';

/** Why a call to upstream failed and what to do about it; each sentence is stated here once. */

/** Of an answer that is no success; `attempts` is how often upstream was asked. */
export function describeRefusal(url: string, response: UpstreamResponse, attempts: number): string {
  return `${blankUrl(url)} answered ${response.status}${describeAttempts(attempts)}: ${explainRefusal(response)}`;
}

/** Its own words say more than a guess, but not what to set right when the emulator's identity was refused. */
function explainRefusal(response: UpstreamResponse): string {
  const words = wordsOf(response);
  if (words === undefined) return hintFor(response);
  const isOfIdentity = response.status === 401 || response.status === 403;
  return isOfIdentity ? `${quote(words)}; if no handler meant that: ${hintFor(response)}` : quote(words);
}

function wordsOf(response: UpstreamResponse): string | undefined {
  const { reason, mqtt } = decodeRefusal(response);
  // The official middleware answers in words without a type; from others it may be anything.
  const isText = response.headers['content-type'] !== undefined || isPrintable(reason);
  return mqtt?.reason || (isText ? reason : '') || undefined;
}

/** Of decoded bytes: they were UTF-8, and have no control characters but those between words. */
function isPrintable(text: string): boolean {
  return !/\ufffd|(?![\t\n\r])\p{Cc}/u.test(text);
}

export function describeTimeout(url: string, timeoutMs: number): string {
  return (
    `${blankUrl(url)} gave no answer within ${timeoutMs / 1000} s, which is all the service waits: ` +
    'look for a handler that never ends or a breakpoint'
  );
}

export function describeTooLarge(url: string, limitBytes: number): string {
  return `${blankUrl(url)} answered with more than ${limitBytes / 1024 / 1024} MiB, which the service does not read: answer with less`;
}

export function describeMalformed(url: string, problem: string): string {
  return `${blankUrl(url)} gave an answer that the service cannot use: ${problem}`;
}

export function describeClientGone(url: string): string {
  return `The client went away before ${blankUrl(url)} answered`;
}

export function describeClosing(url: string): string {
  return `The emulator was closed before ${blankUrl(url)} answered`;
}

export function describeNotValidated(url: string, problem: string): string {
  return `Nothing was sent to ${blankUrl(url)}, since its validation failed: ${problem}`;
}

/** Of a validation whose answer names no origin of ours. */
export function describeOriginNotAllowed(url: string, origin: string, lines: readonly string[] | undefined): string {
  const answer = lines
    ? `with WebHook-Allowed-Origin: ${lines.join(' | ')}, where one line must be * or ${origin}`
    : 'without WebHook-Allowed-Origin';
  return (
    `${blankUrl(url)} answered the validation ${answer}: the upstream must allow the host ${origin}; ` +
    'CORS or other middleware may have answered in its place'
  );
}

/** Of a validation that was answered with another status than 2xx. */
export function describeValidationRefusal(
  url: string,
  method: string,
  response: UpstreamResponse,
  attempts: number,
): string {
  const { status } = response;
  const asked = `${blankUrl(url)} answered ${status} to the validation by ${method}${describeAttempts(attempts)}`;
  return `${asked}: ${VALIDATION_HINTS.get(status) ?? explainRefusal(response)}`;
}

const VALIDATED_TOO_LATE =
  'the validation carries no signature and no token, so the upstream must answer it before any authentication';

const VALIDATION_HINTS: ReadonlyMap<number, string> = new Map([
  [401, VALIDATED_TOO_LATE],
  [403, VALIDATED_TOO_LATE],
  [404, 'nothing answers at that path; compare the urlTemplate with the routes of the application'],
  [
    405,
    'the upstream must answer OPTIONS there; only after a 404 does the service try GET. CORS or other middleware may have ' +
      'answered in its place',
  ],
]);

export function describeNoTransport(url: string): string {
  const what = /^tunnel:/i.test(url) ? 'tunnels are not open in this emulator' : 'the scheme is unknown';
  return `Nothing carries requests to ${blankUrl(url)}: ${what}`;
}

export function describeNoEventHandler(hub: string, eventName: string): string {
  return (
    `No event handler of hub "${hub}" takes the user event "${eventName}": ` +
    `give one the userEventPattern "*" or "${eventName}"`
  );
}

function describeAttempts(attempts: number): string {
  return attempts > 1 ? ` (asked ${attempts} times)` : '';
}

function hintFor({ status, headers }: UpstreamResponse): string {
  if (status >= 300 && status < 400) {
    const location = headers['location']?.[0];
    const target = location === undefined ? '' : ` to ${blankUrl(location)}`;
    return `the service follows no redirect${target}; put the final address into the urlTemplate`;
  }
  switch (status) {
    case 400:
      return 'the upstream did not understand the event';
    case 401:
      return (
        'the upstream did not accept the signature or the bearer token; ' +
        'is the access key in its connection string the one of this emulator?'
      );
    case 403:
      return 'the upstream refused it; does it allow the host of this emulator as an origin?';
    case 404:
      return 'the path, the hub or the event is unknown to the application; compare the urlTemplate with its routes';
    case 405:
      return 'the path exists, but takes no POST; compare the urlTemplate with the routes of the application';
    case 413:
      return 'the body is larger than the application accepts; raise the limit of its body parser';
    case 415:
      return 'the application does not accept this content type';
    case 429:
      return 'the application limits the rate; the service does not try again';
    case 502:
    case 504:
      return 'a proxy ahead of the application failed to get an answer, or to pass it on; its log says why';
    default:
      return status >= 500
        ? 'the application failed; its own log says why'
        : 'the application refused the event; its answer, or its own log, says why';
  }
}
