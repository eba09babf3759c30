import { EVENT_HEADERS } from '../../protocol/event-headers.js';
import { isHttpToken } from '../../protocol/http-token.js';
import type { UpstreamRequest } from './upstream-transport.js';

// oxlint-disable-next-line no-control-regex
const ASCII_TEXT = /^[\t\x20-\x7e]*$/;
// oxlint-disable-next-line no-control-regex
const UNICODE_TEXT = /^[^\x00-\x08\x0a-\x1f\x7f]*$/;

/**
 * Why the headers of a request cannot be sent, in words; undefined when they can. Only the user id may hold other than
 * printable ASCII, and nothing a line break: the service fails such a request, whichever way it would travel
 * [upstream-events 4.2].
 */
export function describeHeaderProblem(headers: UpstreamRequest['headers']): string | undefined {
  for (const name of Object.keys(headers)) {
    if (!isHttpToken(name)) return `"${name.slice(0, 60)}" is not a name for an HTTP header`;
    const value = headers[name];
    if (isUserId(name, value)) continue;
    for (const line of typeof value === 'string' ? [value] : value) {
      if (!ASCII_TEXT.test(line)) return `the value of ${name} is not printable ASCII, as HTTP headers must be`;
    }
  }
  return undefined;
}

function isUserId(name: string, value: string | readonly string[]): boolean {
  return name === EVENT_HEADERS.userId && typeof value === 'string' && UNICODE_TEXT.test(value);
}
