import { EVENT_HEADERS } from '../../protocol/event-headers.js';
import { isAsciiHeaderText, isHeaderText } from '../../protocol/header-text.js';
import { isHttpToken } from '../../protocol/http-token.js';
import type { UpstreamRequest } from './upstream-transport.js';

/**
 * Why the headers of a request cannot be sent, in words; undefined when they can. Only the user id may hold other than
 * printable ASCII, and nothing a line break: the service fails such a request, whichever way it would travel
 * [upstream-events 4.2].
 */
export function describeHeaderProblem(headers: UpstreamRequest['headers']): string | undefined {
  for (const name of Object.keys(headers)) {
    if (!isHttpToken(name)) return `"${name.slice(0, 60)}" is not a name for an HTTP header`;
    const value = headers[name];
    if (name === EVENT_HEADERS.userId && typeof value === 'string') {
      if (isHeaderText(value)) continue;
      return `the user id, which is the value of ${name}, has control characters`;
    }
    for (const line of typeof value === 'string' ? [value] : value) {
      if (!isAsciiHeaderText(line)) return `the value of ${name} is not printable ASCII, as HTTP headers must be`;
    }
  }
  return undefined;
}
