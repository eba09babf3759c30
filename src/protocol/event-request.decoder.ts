import type { ConnectEvent, EventContext, HubEvent, MultiMap, UserEvent } from './cloud-event.js';
import { decodeEventData, parseEventObject } from './event-body.decoder.js';
import { decodeEventContext } from './event-context.decoder.js';
import { decodeMqttConnect, decodeMqttDisconnect, decodeMqttHeaders } from './event-mqtt.decoder.js';
import { headerText, readMetadata, type EventRequestHeaders, type EventType } from './event-request-headers.js';
import { isJsonObject } from './json-text.js';
import { MalformedEventError } from './malformed-event.error.js';
import type { MessageDataType } from './message-data.js';

/** An event's HTTP request, as far as it is needed to decode the event. */
export interface EventRequestParts {
  readonly type: EventType & { readonly kind: HubEvent['kind'] };
  readonly dataType: MessageDataType;
  readonly headers: EventRequestHeaders;
  /** Names and values in turn as they came; keeps the case and repetition of `mqtt-*` headers. */
  readonly rawHeaders?: readonly string[];
  readonly origins: readonly string[];
  readonly body: Buffer;
}

/** Reads an event whose body has arrived [upstream-events 4, 6]. Throws a `MalformedEventError`. */
export function decodeEventRequest(parts: EventRequestParts): HubEvent {
  const context = decodeEventContext(parts.type.eventName, parts.headers, parts.origins);
  const { kind } = parts.type;
  switch (kind) {
    case 'user':
      return decodeUserEvent(parts, context);
    case 'connect':
      return decodeConnect(parts, context);
    case 'connected':
      // The body says nothing, so an empty one will do [assumed].
      if (parts.body.length > 0) parseEventObject(parts.body);
      return { kind, context };
    case 'disconnected': {
      const { reason, mqtt } = parseEventObject(parts.body);
      return {
        kind,
        context,
        ...(typeof reason === 'string' && reason !== '' && { reason }),
        ...(isJsonObject(mqtt) && { mqtt: decodeMqttDisconnect(mqtt) }),
      };
    }
    default: {
      const { group } = parseEventObject(parts.body);
      if (typeof group !== 'string' || group === '') throw new MalformedEventError('The body names no group.');
      return { kind, context, group };
    }
  }
}

function decodeConnect({ body }: EventRequestParts, context: EventContext): ConnectEvent {
  const { claims, query, headers, subprotocols, clientCertificates, mqtt } = parseEventObject(body);
  return {
    kind: 'connect',
    context,
    claims: decodeMultiMap(claims),
    query: decodeMultiMap(query),
    headers: decodeMultiMap(headers),
    subprotocols: stringsOf(subprotocols),
    clientCertificates: Array.isArray(clientCertificates) ? clientCertificates.flatMap(decodeCertificate) : [],
    ...(isJsonObject(mqtt) && { mqtt: decodeMqttConnect(mqtt) }),
  };
}

/** `__proto__` is dropped, since a name that one merge turns into a prototype does no client good. */
function decodeMultiMap(value: unknown): MultiMap {
  if (!isJsonObject(value)) return {};
  if (isMultiMap(value)) return value;
  const names = Object.keys(value).filter((name) => name !== '__proto__');
  return Object.fromEntries(names.map((name) => [name, stringsOf(value[name])]));
}

/** As the service writes them, so that they need not be copied. */
function isMultiMap(value: Record<string, unknown>): value is MultiMap {
  for (const name in value) if (name === '__proto__' || !isStrings(value[name])) return false;
  return true;
}

function isStrings(value: unknown): value is string[] {
  if (!Array.isArray(value)) return false;
  for (const item of value) if (typeof item !== 'string') return false;
  return true;
}

/** A lone value is as good as a list of one. */
function stringsOf(value: unknown): string[] {
  if (isStrings(value)) return value;
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
}

function decodeCertificate(value: unknown): { thumbprint: string; content?: string }[] {
  if (!isJsonObject(value) || typeof value['thumbprint'] !== 'string') return [];
  const { thumbprint, content } = value;
  return [{ thumbprint, ...(typeof content === 'string' && { content }) }];
}

function decodeUserEvent(parts: EventRequestParts, context: EventContext): UserEvent {
  const data = decodeEventData(parts.dataType, parts.body);
  const metadata = readMetadata(parts.headers);
  if (!context.mqtt) return { kind: 'user', context, data, metadata };
  const contentType = headerText(parts.headers['content-type']);
  return {
    kind: 'user',
    context,
    data,
    metadata,
    mqtt: {
      ...(contentType !== undefined && { contentType }),
      userProperties: decodeMqttHeaders(parts.headers, parts.rawHeaders),
    },
  };
}
