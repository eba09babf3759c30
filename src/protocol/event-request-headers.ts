import type { HubEvent } from './cloud-event.js';
import { EVENT_TYPE_PREFIXES, METADATA_HEADER_PREFIX } from './event-headers.js';
import type { MessageDataType, MessageMetadata } from './message-data.js';

/** Headers of a request as Node gives them: names in lower case, bytes of values as latin1 characters. */
export type EventRequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What `ce-type` says. `unknown`: a system or group event that did not exist when this was written. */
export interface EventType {
  readonly kind: HubEvent['kind'] | 'unknown';
  readonly eventName: string;
}

const SYSTEM_KINDS: Readonly<Record<string, HubEvent['kind']>> = {
  connect: 'connect',
  connected: 'connected',
  disconnected: 'disconnected',
};
const GROUP_KINDS: Readonly<Record<string, HubEvent['kind']>> = { joined: 'joined', left: 'left' };

/**
 * The event that a request carries, by the prefix of `ce-type` alone: a user event may be called `connect`
 * [upstream-events 11.7]. Undefined when the request is not an event of Web PubSub.
 */
export function readEventType(headers: EventRequestHeaders): EventType | undefined {
  const type = headers['ce-type'];
  if (typeof type !== 'string' || headers['ce-awpsversion'] === undefined) return undefined;
  const { user, system, group } = EVENT_TYPE_PREFIXES;
  if (type.startsWith(user)) return type.length > user.length ? named('user', type.slice(user.length)) : undefined;
  if (type.startsWith(system)) return ofKinds(SYSTEM_KINDS, type.slice(system.length));
  if (type.startsWith(group)) return ofKinds(GROUP_KINDS, type.slice(group.length));
  return undefined;
}

/** Hosts that `WebHook-Request-Origin` names, in lower case; none when the header is missing. */
export function readOrigins(headers: EventRequestHeaders): string[] {
  const header = headers['webhook-request-origin'];
  if (header === undefined) return [];
  const text = typeof header === 'string' ? header : header.join(',');
  return text
    .split(',')
    .map((origin) => origin.trim().toLowerCase())
    .filter((origin) => origin !== '');
}

/**
 * How the body of an event is to be read, or undefined when its content type is none of the service's
 * [upstream-events 4.1]. System events are JSON, also when they come without a content type [assumed]. The payload of an
 * MQTT client may have any content type; those that are not the service's are bytes [assumed].
 */
export function readDataType(kind: EventType['kind'], headers: EventRequestHeaders): MessageDataType | undefined {
  const dataType = dataTypeOf(headers['content-type'] as string | undefined);
  if (kind !== 'user') return dataType === 'json' || headers['content-type'] === undefined ? 'json' : undefined;
  return dataType ?? (isMqtt(headers) ? 'binary' : undefined);
}

/** The value of a header; several lines are one list [RFC 9110 5.3]. */
export function headerText(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value;
}

/** What a client sent along with its message, by key in lower case. */
export function readMetadata(headers: EventRequestHeaders): MessageMetadata {
  const metadata: Record<string, string> = {};
  for (const name in headers) {
    if (name.charCodeAt(0) !== 120 || !name.startsWith(METADATA_HEADER_PREFIX)) continue;
    const key = name.slice(METADATA_HEADER_PREFIX.length);
    if (key !== '' && key !== '__proto__') metadata[key] = headerText(headers[name]) ?? '';
  }
  return metadata;
}

function named(kind: EventType['kind'], eventName: string): EventType {
  return { kind, eventName };
}

function ofKinds(kinds: Readonly<Record<string, HubEvent['kind']>>, eventName: string): EventType | undefined {
  if (eventName === '') return undefined;
  return { kind: Object.hasOwn(kinds, eventName) ? kinds[eventName] : 'unknown', eventName };
}

function dataTypeOf(contentType: string | undefined): MessageDataType | undefined {
  if (contentType === undefined) return undefined;
  const semicolon = contentType.indexOf(';');
  const mediaType = semicolon === -1 ? contentType : contentType.slice(0, semicolon);
  switch (mediaType.trim().toLowerCase()) {
    case 'text/plain':
      return 'text';
    case 'application/json':
      return 'json';
    case 'application/octet-stream':
      return 'binary';
    case 'application/x-protobuf':
      return 'protobuf';
    default:
      return undefined;
  }
}

function isMqtt(headers: EventRequestHeaders): boolean {
  return headers['ce-physicalconnectionid'] !== undefined;
}
