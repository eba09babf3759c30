import { isUtf8 } from 'node:buffer';
import type {
  ConnectEvent,
  EventContext,
  HubEvent,
  MqttConnectProperties,
  MqttDisconnectProperties,
  MqttUserProperty,
  MultiMap,
  UserEvent,
} from './cloud-event.js';
import { EVENT_TYPE_PREFIXES, METADATA_HEADER_PREFIX, MQTT_HEADER_PREFIX } from './event-headers.js';
import type { MessageData, MessageDataType, MessageMetadata } from './message-data.js';
import { decodeUtf8Header } from './utf8-header.codec.js';

/** Headers of a request as Node gives them: names in lower case, bytes of values as latin1 characters. */
export type EventRequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What `ce-type` says. `unknown`: a system or group event that did not exist when this was written. */
export interface EventType {
  readonly kind: HubEvent['kind'] | 'unknown';
  readonly eventName: string;
}

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

/** An event that cannot be understood: the sender's fault. */
export class MalformedEventError extends Error {
  override readonly name = 'MalformedEventError';

  /** One line that is fit for an answer: it says what is wrong and repeats nothing of the payload. */
  constructor(readonly reason: string) {
    super(reason);
  }
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

/** Reads an event whose body has arrived [upstream-events 4, 6]. Throws a `MalformedEventError`. */
export function decodeEventRequest(parts: EventRequestParts): HubEvent {
  const context = decodeContext(parts);
  const { kind } = parts.type;
  switch (kind) {
    case 'user':
      return decodeUserEvent(parts, context);
    case 'connect':
      return decodeConnect(parts, context);
    case 'connected':
      // The body says nothing, so an empty one will do [assumed].
      if (parts.body.length > 0) parseObject(parts.body);
      return { kind, context };
    case 'disconnected': {
      const { reason, mqtt } = parseObject(parts.body);
      return {
        kind,
        context,
        ...(typeof reason === 'string' && reason !== '' && { reason }),
        ...(isObject(mqtt) && { mqtt: decodeMqttDisconnect(mqtt) }),
      };
    }
    default: {
      const { group } = parseObject(parts.body);
      if (typeof group !== 'string' || group === '') throw new MalformedEventError('The body names no group.');
      return { kind, context, group };
    }
  }
}

/** Parses JSON text of an event's body. Throws a `MalformedEventError`. */
export function parseEventJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new MalformedEventError('The body is not valid JSON.');
  }
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

function decodeContext({ type, headers, origins }: EventRequestParts): EventContext {
  const hub = textOf(headers['ce-hub']);
  const connectionId = textOf(headers['ce-connectionid']);
  if (!hub) throw new MalformedEventError('The request has no ce-hub header.');
  if (!connectionId) throw new MalformedEventError('The request has no ce-connectionId header.');
  const userId = textOf(headers['ce-userid']);
  const physicalConnectionId = textOf(headers['ce-physicalconnectionid']);
  return {
    hub,
    connectionId,
    userId: userId ? decodeUtf8Header(userId) : undefined,
    eventName: type.eventName,
    eventId: textOf(headers['ce-id']) ?? '',
    source: textOf(headers['ce-source']) ?? '',
    time: decodeTime(textOf(headers['ce-time'])),
    subprotocol: textOf(headers['ce-subprotocol']) || undefined,
    origins,
    state: textOf(headers['ce-connectionstate']),
    mqtt:
      physicalConnectionId === undefined
        ? undefined
        : { physicalConnectionId, sessionId: textOf(headers['ce-sessionid']) || undefined },
  };
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value;
}

/** The last time that was read: many events have the same, which is in whole seconds. */
const lastTime = { text: '', epochMs: Number.NaN };

/** When the time is missing or unreadable, that of arrival [assumed]. */
function decodeTime(text: string | undefined): Date {
  if (text === undefined) return new Date();
  if (text !== lastTime.text) {
    lastTime.epochMs = Date.parse(text);
    lastTime.text = text;
  }
  return Number.isNaN(lastTime.epochMs) ? new Date() : new Date(lastTime.epochMs);
}

function decodeConnect({ body }: EventRequestParts, context: EventContext): ConnectEvent {
  const { claims, query, headers, subprotocols, clientCertificates, mqtt } = parseObject(body);
  return {
    kind: 'connect',
    context,
    claims: decodeMultiMap(claims),
    query: decodeMultiMap(query),
    headers: decodeMultiMap(headers),
    subprotocols: stringsOf(subprotocols),
    clientCertificates: Array.isArray(clientCertificates) ? clientCertificates.flatMap(decodeCertificate) : [],
    ...(isObject(mqtt) && { mqtt: decodeMqttConnect(mqtt) }),
  };
}

/** `__proto__` is dropped, since a name that one merge turns into a prototype does no client good. */
function decodeMultiMap(value: unknown): MultiMap {
  if (!isObject(value)) return {};
  const names = Object.keys(value);
  if (names.every((name) => name !== '__proto__' && isStrings(value[name]))) return value as MultiMap;
  return Object.fromEntries(names.filter((name) => name !== '__proto__').map((name) => [name, stringsOf(value[name])]));
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** A lone value is as good as a list of one. */
function stringsOf(value: unknown): string[] {
  if (isStrings(value)) return value;
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
}

function decodeCertificate(value: unknown): { thumbprint: string; content?: string }[] {
  if (!isObject(value) || typeof value['thumbprint'] !== 'string') return [];
  const { thumbprint, content } = value;
  return [{ thumbprint, ...(typeof content === 'string' && { content }) }];
}

/** [upstream-events 6.6] */
function decodeMqttConnect(mqtt: Record<string, unknown>): MqttConnectProperties {
  const { protocolVersion, cleanStart, username, password, userProperties } = mqtt;
  return {
    protocolVersion: protocolVersion === 4 ? 4 : 5,
    ...(typeof cleanStart === 'boolean' && { cleanStart }),
    ...(typeof username === 'string' && { username }),
    ...(typeof password === 'string' && { password }),
    ...(Array.isArray(userProperties) && { userProperties: decodeUserProperties(userProperties) }),
  };
}

function decodeMqttDisconnect({
  initiatedByClient,
  disconnectPacket,
}: Record<string, unknown>): MqttDisconnectProperties {
  if (!isObject(disconnectPacket)) return { initiatedByClient: initiatedByClient === true };
  const { code, userProperties } = disconnectPacket;
  return {
    initiatedByClient: initiatedByClient === true,
    disconnectPacket: {
      code: typeof code === 'number' ? code : 0,
      ...(Array.isArray(userProperties) && { userProperties: decodeUserProperties(userProperties) }),
    },
  };
}

function decodeUserProperties(values: readonly unknown[]): MqttUserProperty[] {
  return values.flatMap((item) => {
    if (!isObject(item)) return [];
    const { name, value } = item;
    return typeof name === 'string' && typeof value === 'string' ? [{ name, value }] : [];
  });
}

function decodeUserEvent(parts: EventRequestParts, context: EventContext): UserEvent {
  const data = decodeData(parts);
  const metadata = decodeMetadata(parts.headers);
  if (!context.mqtt) return { kind: 'user', context, data, metadata };
  const contentType = textOf(parts.headers['content-type']);
  return {
    kind: 'user',
    context,
    data,
    metadata,
    mqtt: { ...(contentType !== undefined && { contentType }), userProperties: decodeMqttHeaders(parts) },
  };
}

function decodeData({ dataType, body }: EventRequestParts): MessageData {
  switch (dataType) {
    case 'text':
      return { kind: 'text', text: body.toString('utf8') };
    case 'json':
      return { kind: 'json', json: decodeJson(body) };
    default:
      return { kind: dataType, bytes: body };
  }
}

function decodeJson(body: Buffer): string {
  if (!isUtf8(body)) throw new MalformedEventError('The body is not UTF-8 text.');
  const json = body.toString('utf8');
  return json.charCodeAt(0) === 0xfeff ? json.slice(1) : json;
}

function decodeMetadata(headers: EventRequestHeaders): MessageMetadata {
  const metadata: Record<string, string> = {};
  for (const name in headers) {
    if (name.charCodeAt(0) !== 120 || !name.startsWith(METADATA_HEADER_PREFIX)) continue;
    const key = name.slice(METADATA_HEADER_PREFIX.length);
    if (key !== '' && key !== '__proto__') metadata[key] = textOf(headers[name]) ?? '';
  }
  return metadata;
}

function decodeMqttHeaders({ headers, rawHeaders }: EventRequestParts): MqttUserProperty[] {
  const properties: MqttUserProperty[] = [];
  const add = (header: string, value: string) => {
    if (!header.toLowerCase().startsWith(MQTT_HEADER_PREFIX)) return;
    properties.push({ name: header.slice(MQTT_HEADER_PREFIX.length), value: decodeUtf8Header(value) });
  };
  if (rawHeaders && rawHeaders.length > 0) {
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) add(rawHeaders[index], rawHeaders[index + 1]);
  } else {
    for (const header of Object.keys(headers)) add(header, textOf(headers[header]) ?? '');
  }
  return properties;
}

function parseObject(body: Buffer): Record<string, unknown> {
  const value = parseEventJson(decodeJson(body));
  if (!isObject(value)) throw new MalformedEventError('The body is not a JSON object.');
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
