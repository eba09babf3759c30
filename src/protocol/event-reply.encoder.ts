import type { ConnectReply, EventReply, RefusalReply, UserEventReply } from './cloud-event.js';
import { REPLY_CONTENT_TYPES, METADATA_HEADER_PREFIX, MQTT_HEADER_PREFIX } from './event-headers.js';
import { contentOf } from './message-data.js';
import { encodeUtf8Header } from './utf8-header.codec.js';

/** An answer to an event, as HTTP. Framing and connection headers are the sender's to add. */
export interface EncodedReply {
  readonly status: number;
  /** Names in lower case; a list is several header lines. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Text is sent as UTF-8. */
  readonly body?: string | Uint8Array;
}

const NO_CONTENT: EncodedReply = { status: 204, headers: {} };
/** Statuses whose answers have no body. */
const BODILESS_STATUSES = new Set([204, 304]);

/** Writes what upstream answers as the service reads it [upstream-events 5, 6]. */
export function encodeEventReply(reply: EventReply): EncodedReply {
  switch (reply.kind) {
    case 'empty':
      return reply.state === undefined ? NO_CONTENT : { status: 204, headers: { 'ce-connectionstate': reply.state } };
    case 'connect':
      return encodeConnectReply(reply);
    case 'user':
      return encodeUserEventReply(reply);
    case 'refusal':
      return encodeRefusal(reply);
  }
}

/** The status that `encodeEventReply` writes. */
export function statusOfReply(reply: EventReply): number {
  switch (reply.kind) {
    case 'empty':
      return 204;
    case 'connect':
      return 200;
    case 'user':
      // Metadata without data becomes an empty text message, for which the status is of no importance.
      return reply.data || Object.keys(reply.metadata ?? {}).length > 0 ? 200 : 204;
    case 'refusal':
      return reply.status;
  }
}

/** [upstream-events 6.1] */
function encodeConnectReply(reply: ConnectReply): EncodedReply {
  const { userId, groups, roles, subprotocol, mqtt } = reply;
  const headers: Record<string, string> = { 'content-type': REPLY_CONTENT_TYPES.json };
  if (reply.state !== undefined) headers['ce-connectionstate'] = reply.state;
  return { status: 200, headers, body: JSON.stringify({ userId, groups, roles, subprotocol, mqtt }) };
}

/** [upstream-events 6.3, 6.6] */
function encodeUserEventReply(reply: UserEventReply): EncodedReply {
  const { data, metadata, mqtt } = reply;
  const headers: Record<string, string | string[]> = {};
  if (data) headers['content-type'] = mqtt?.contentType ?? REPLY_CONTENT_TYPES[data.kind];
  if (reply.state !== undefined) headers['ce-connectionstate'] = reply.state;
  if (metadata) {
    for (const key of Object.keys(metadata)) headers[METADATA_HEADER_PREFIX + key.toLowerCase()] = metadata[key]!;
  }
  for (const { name, value } of mqtt?.userProperties ?? []) append(headers, MQTT_HEADER_PREFIX + name, value);
  if (data) {
    const body = contentOf(data);
    // Node writes the headers in the encoding of a string that follows; those of user properties are bytes.
    return { status: 200, headers, body: mqtt?.userProperties && typeof body === 'string' ? Buffer.from(body) : body };
  }
  return { status: statusOfReply(reply), headers };
}

/** [upstream-events 6.1, 6.6] */
function encodeRefusal({ status, reason, mqtt }: RefusalReply): EncodedReply {
  if (BODILESS_STATUSES.has(status)) return { status, headers: {} };
  if (!mqtt) return { status, headers: { 'content-type': REPLY_CONTENT_TYPES.text }, body: reason };
  const { code, userProperties } = mqtt;
  return {
    status,
    headers: { 'content-type': REPLY_CONTENT_TYPES.json },
    body: JSON.stringify({ mqtt: { code, reason: mqtt.reason, userProperties } }),
  };
}

/** Values are Unicode text, which goes out as UTF-8 bytes, as the service does with user ids [assumed]. */
function append(headers: Record<string, string | string[]>, header: string, value: string): void {
  const bytes = encodeUtf8Header(value);
  const earlier = headers[header];
  if (earlier === undefined) headers[header] = bytes;
  else headers[header] = typeof earlier === 'string' ? [earlier, bytes] : [...earlier, bytes];
}
