import type { EventContext } from './cloud-event.js';
import { headerText, type EventRequestHeaders } from './event-request-headers.js';
import { MalformedEventError } from './malformed-event.error.js';
import { decodeUtf8Header } from './utf8-header.codec.js';

/** Which connection an event is of, and which event it is [upstream-events 4]. Throws a `MalformedEventError`. */
export function decodeEventContext(
  eventName: string,
  headers: EventRequestHeaders,
  origins: readonly string[],
): EventContext {
  const hub = headerText(headers['ce-hub']);
  const connectionId = headerText(headers['ce-connectionid']);
  if (!hub) throw new MalformedEventError('The request has no ce-hub header.');
  if (!connectionId) throw new MalformedEventError('The request has no ce-connectionId header.');
  const userId = headerText(headers['ce-userid']);
  const physicalConnectionId = headerText(headers['ce-physicalconnectionid']);
  return {
    hub,
    connectionId,
    userId: userId ? decodeUtf8Header(userId) : undefined,
    eventName,
    eventId: headerText(headers['ce-id']) ?? '',
    source: headerText(headers['ce-source']) ?? '',
    time: decodeTime(headerText(headers['ce-time'])),
    subprotocol: headerText(headers['ce-subprotocol']) || undefined,
    origins,
    state: headerText(headers['ce-connectionstate']),
    mqtt:
      physicalConnectionId === undefined
        ? undefined
        : { physicalConnectionId, sessionId: headerText(headers['ce-sessionid']) || undefined },
  };
}

/**
 * What `ce-time` of the event before was read as: events of one second carry the same text, and to compare it takes less
 * than to parse it. A memo only, whatever it holds changes no answer.
 */
const lastReadTime = { text: '', epochMs: Number.NaN };

/** When the time is missing or unreadable, that of arrival [assumed]. */
function decodeTime(text: string | undefined): Date {
  if (text === undefined) return new Date();
  if (text !== lastReadTime.text) {
    lastReadTime.epochMs = Date.parse(text);
    lastReadTime.text = text;
  }
  return Number.isNaN(lastReadTime.epochMs) ? new Date() : new Date(lastReadTime.epochMs);
}
