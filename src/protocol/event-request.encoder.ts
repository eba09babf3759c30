import type {
  ConnectEvent,
  DisconnectedEvent,
  EventContext,
  HubEvent,
  MqttUserProperty,
  UserEvent,
} from './cloud-event.js';
import {
  EVENT_CONTENT_TYPES,
  EVENT_HEADERS,
  EVENT_TYPE_PREFIXES,
  METADATA_HEADER_PREFIX,
  MQTT_HEADER_PREFIX,
} from './event-headers.js';
import { contentOf, type MessageMetadata } from './message-data.js';

/** An event as upstream receives it; host, length, cookies and authorization are the sender's to add. */
export interface EncodedEvent {
  readonly method: 'POST';
  /** In the service's casing; values as Unicode text, a repeated header as a list. */
  readonly headers: Record<string, string | string[]>;
  readonly body: Uint8Array;
}

/** [assumed] of an MQTT message without a Content Type property. */
const DEFAULT_MQTT_CONTENT_TYPE = 'application/octet-stream';

const EMPTY_OBJECT = Buffer.from('{}');

/**
 * Writes an event as the service sends it [upstream-events 4]. `signature` is the value of `ce-signature`, see
 * `signConnectionId`; without it the header is left out.
 */
export function encodeEventRequest(event: HubEvent, signature?: string): EncodedEvent {
  const { context } = event;
  const headers: Record<string, string | string[]> = {
    [EVENT_HEADERS.requestOrigin]: context.origins.join(', '),
    'Content-Type': contentTypeOf(event),
    [EVENT_HEADERS.specVersion]: '1.0',
    [EVENT_HEADERS.awpsVersion]: '1.0',
    [EVENT_HEADERS.type]: eventTypeOf(event),
    [EVENT_HEADERS.source]: context.source,
    [EVENT_HEADERS.id]: context.eventId,
    [EVENT_HEADERS.time]: formatEventTime(context.time),
    [EVENT_HEADERS.connectionId]: context.connectionId,
    [EVENT_HEADERS.hub]: context.hub,
    [EVENT_HEADERS.eventName]: context.eventName,
  };
  if (signature !== undefined) headers[EVENT_HEADERS.signature] = signature;
  addConnectionHeaders(headers, context);
  if (event.kind === 'user') {
    addMetadata(headers, event.metadata);
    if (event.mqtt) addMqttUserProperties(headers, event.mqtt.userProperties);
  }
  return { method: 'POST', headers, body: bodyOf(event) };
}

/** UTC in whole seconds: `2026-03-04T05:06:07Z`. */
export function formatEventTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

function addConnectionHeaders(headers: Record<string, string | string[]>, context: EventContext): void {
  if (context.userId) headers[EVENT_HEADERS.userId] = context.userId;
  if (context.subprotocol) headers[EVENT_HEADERS.subprotocol] = context.subprotocol;
  // [upstream-events 5] an empty state is sent as an empty header
  if (context.state !== undefined) headers[EVENT_HEADERS.connectionState] = context.state;
  if (context.mqtt) {
    headers[EVENT_HEADERS.physicalConnectionId] = context.mqtt.physicalConnectionId;
    if (context.mqtt.sessionId !== undefined) headers[EVENT_HEADERS.sessionId] = context.mqtt.sessionId;
  }
}

function addMetadata(headers: Record<string, string | string[]>, metadata: MessageMetadata): void {
  // [upstream-events 4] keys that differ in case only: the last one wins
  for (const key of Object.keys(metadata)) headers[METADATA_HEADER_PREFIX + key.toLowerCase()] = metadata[key]!;
}

function addMqttUserProperties(
  headers: Record<string, string | string[]>,
  userProperties: readonly MqttUserProperty[],
): void {
  for (const { name, value } of userProperties) {
    const header = MQTT_HEADER_PREFIX + name;
    const earlier = headers[header];
    if (earlier === undefined) headers[header] = value;
    else headers[header] = typeof earlier === 'string' ? [earlier, value] : [...earlier, value];
  }
}

function eventTypeOf(event: HubEvent): string {
  switch (event.kind) {
    case 'user':
      return EVENT_TYPE_PREFIXES.user + event.context.eventName;
    case 'joined':
    case 'left':
      return EVENT_TYPE_PREFIXES.group + event.kind;
    default:
      return EVENT_TYPE_PREFIXES.system + event.kind;
  }
}

function contentTypeOf(event: HubEvent): string {
  if (event.kind !== 'user') return EVENT_CONTENT_TYPES.json;
  if (event.mqtt) return event.mqtt.contentType ?? DEFAULT_MQTT_CONTENT_TYPE;
  return EVENT_CONTENT_TYPES[event.data.kind];
}

function bodyOf(event: HubEvent): Uint8Array {
  switch (event.kind) {
    case 'connect':
      return encodeConnectBody(event);
    case 'connected':
      return EMPTY_OBJECT;
    case 'disconnected':
      return encodeDisconnectedBody(event);
    case 'joined':
    case 'left':
      return Buffer.from(JSON.stringify({ group: event.group }));
    case 'user':
      return encodeData(event);
  }
}

/** [upstream-events 6.1, 6.6] */
function encodeConnectBody(event: ConnectEvent): Uint8Array {
  const { claims, query, headers, subprotocols, clientCertificates, mqtt } = event;
  const body: Record<string, unknown> = { claims, query, headers, subprotocols, clientCertificates };
  if (mqtt) {
    body['mqtt'] = {
      protocolVersion: mqtt.protocolVersion,
      cleanStart: mqtt.cleanStart,
      username: mqtt.username ?? null,
      password: mqtt.password ?? null,
      userProperties: mqtt.userProperties ?? null,
    };
  }
  return Buffer.from(JSON.stringify(body));
}

/** [upstream-events 6.2, 6.6] */
function encodeDisconnectedBody({ reason, mqtt }: DisconnectedEvent): Uint8Array {
  const body: Record<string, unknown> = { reason: reason ?? null };
  if (mqtt) {
    const packet = mqtt.disconnectPacket;
    body['mqtt'] = {
      initiatedByClient: mqtt.initiatedByClient,
      disconnectPacket: packet ? { code: packet.code, userProperties: packet.userProperties ?? null } : null,
    };
  }
  return Buffer.from(JSON.stringify(body));
}

function encodeData({ data }: UserEvent): Uint8Array {
  const content = contentOf(data);
  return typeof content === 'string' ? Buffer.from(content) : content;
}
