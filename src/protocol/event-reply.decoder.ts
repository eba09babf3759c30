import type { ConnectReply, MqttUserProperty, RefusalReply, UserEventReply } from './cloud-event.js';
import { decodeConnectBody, isMqttUserProperties } from './connect-reply.decoder.js';
import { EVENT_HEADERS, METADATA_HEADER_PREFIX, MQTT_HEADER_PREFIX } from './event-headers.js';
import { decodeJsonText, parseJson } from './json-text.js';
import type { MessageData, MessageMetadata } from './message-data.js';
import { validateMetadata } from './message-metadata.js';
import { decodeUtf8Header } from './utf8-header.codec.js';

/** What upstream answered, as HTTP. */
export interface EventResponse {
  readonly status: number;
  /** Lower-case names; every line of a repeated header kept. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
}

/** Upstream accepted the event, yet what it said makes no sense to the service; the event has failed. */
export interface MalformedReply {
  readonly kind: 'malformed';
  /** In words, for the log. */
  readonly problem: string;
}

/** Of a refusal's text, what is kept as its reason. */
const MAX_REASON_LENGTH = 1_024;

/** Reads the answer to a `connect` event [upstream-events 6.1]; its content type is not looked at. */
export function decodeConnectReply(response: EventResponse): ConnectReply | RefusalReply | MalformedReply {
  if (!isSuccess(response.status)) return decodeRefusal(response);
  const isBodyRead = response.status !== 204 && response.status !== 202;
  const body = isBodyRead ? decodeConnectBody(response.body) : { fields: {} };
  if ('problem' in body) return malformed(body.problem);
  return { kind: 'connect', ...decodeState(response), ...body.fields };
}

/**
 * Reads the answer to a user event [upstream-events 6.3]. For an MQTT client any content type passes and the payload
 * stays bytes [upstream-events 6.6].
 */
export function decodeUserEventReply(
  response: EventResponse,
  options: { readonly clientProtocol: 'default' | 'mqtt' },
): UserEventReply | RefusalReply | MalformedReply {
  if (!isSuccess(response.status)) return decodeRefusal(response);
  const state = decodeState(response);
  if (options.clientProtocol === 'mqtt') {
    return {
      kind: 'user',
      ...state,
      ...(response.body.length > 0 && { data: { kind: 'binary', bytes: response.body } }),
      mqtt: decodeMqttProperties(response),
    };
  }
  const { metadata, problem } = decodeMetadata(response);
  if (problem !== undefined) return malformed(problem);
  if (response.body.length === 0) {
    // Without metadata there is nothing to tell the client; with it, an empty text carries it.
    return metadata
      ? { kind: 'user', ...state, data: { kind: 'text', text: '' }, metadata }
      : { kind: 'user', ...state };
  }
  const data = decodeData(response);
  if (data.kind === 'malformed') return data;
  return { kind: 'user', ...state, data, ...(metadata && { metadata }) };
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** The content type and the `mqtt-*` headers of an answer: what an MQTT client sees of it. */
export function decodeMqttProperties(response: EventResponse): {
  contentType?: string;
  userProperties: MqttUserProperty[];
} {
  const contentType = response.headers['content-type']?.[0];
  const userProperties: MqttUserProperty[] = [];
  for (const [header, values] of Object.entries(response.headers)) {
    if (!header.startsWith(MQTT_HEADER_PREFIX)) continue;
    for (const value of values) {
      userProperties.push({ name: header.slice(MQTT_HEADER_PREFIX.length), value: decodeUtf8Header(value) });
    }
  }
  return { ...(contentType !== undefined && { contentType }), userProperties };
}

/** Of an answer that is no success. */
export function decodeRefusal(response: EventResponse): RefusalReply {
  const mqtt = decodeMqttRefusal(response.body);
  return { kind: 'refusal', status: response.status, reason: decodeReason(response), ...(mqtt && { mqtt }) };
}

function decodeReason({ headers, body }: EventResponse): string {
  const mediaType = mediaTypeOf(headers['content-type']?.[0]);
  if (mediaType !== undefined && mediaType !== 'text/plain') return '';
  return Buffer.from(body.subarray(0, 4 * MAX_REASON_LENGTH))
    .toString()
    .trim()
    .slice(0, MAX_REASON_LENGTH);
}

/** As upstream wrote it. */
interface MqttRefusal {
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly userProperties?: unknown;
}

/** [upstream-events 6.6] the CONNACK that a refused MQTT `connect` asks for. */
function decodeMqttRefusal(body: Uint8Array): RefusalReply['mqtt'] {
  if (body[0] !== 0x7b) return undefined;
  const answer = parseJson(body)?.value as { mqtt?: MqttRefusal | null } | undefined;
  const mqtt = answer?.mqtt;
  if (typeof mqtt?.code !== 'number' || !Number.isInteger(mqtt.code)) return undefined;
  return {
    code: mqtt.code,
    ...(typeof mqtt.reason === 'string' && { reason: mqtt.reason }),
    ...(isMqttUserProperties(mqtt.userProperties) && { userProperties: mqtt.userProperties }),
  };
}

/** [upstream-events 5] absent keeps the state, empty clears it, of a repeated header the last line counts. */
function decodeState({ headers }: EventResponse): { state?: string } {
  const state = headers[EVENT_HEADERS.connectionState.toLowerCase()]?.at(-1);
  return state === undefined ? {} : { state };
}

/** [upstream-events 6.3] the last line, then what follows its last comma; what is over the limits fails the event [assumed]. */
function decodeMetadata({ headers }: EventResponse): { metadata?: MessageMetadata; problem?: string } {
  const entries: [string, string][] = [];
  for (const header of Object.keys(headers)) {
    if (!header.startsWith(METADATA_HEADER_PREFIX) || header.length === METADATA_HEADER_PREFIX.length) continue;
    const line = headers[header].at(-1) ?? '';
    entries.push([header.slice(METADATA_HEADER_PREFIX.length), line.slice(line.lastIndexOf(',') + 1).trim()]);
  }
  if (entries.length === 0) return {};
  const verdict = validateMetadata(entries);
  return verdict.isValid ? { metadata: verdict.metadata } : { problem: verdict.problem };
}

function decodeData({ headers, body }: EventResponse): MessageData | MalformedReply {
  const contentType = headers['content-type']?.[0];
  switch (mediaTypeOf(contentType)) {
    case 'text/plain':
      return { kind: 'text', text: bufferOf(body).toString() };
    case 'application/json':
      return decodeJson(body);
    case undefined:
    case 'application/octet-stream':
      return { kind: 'binary', bytes: body };
    case 'application/x-protobuf':
      return { kind: 'protobuf', bytes: body };
    default:
      return malformed(
        `its content type is "${contentType}"; text/plain, application/json, application/octet-stream and ` +
          'application/x-protobuf can be sent on to a client',
      );
  }
}

/** The text is embedded in messages as it is, hence it must be JSON [assumed]. */
function decodeJson(body: Uint8Array): MessageData | MalformedReply {
  const json = decodeJsonText(body);
  if (json === undefined) return malformed('its content type is application/json, its body is not JSON');
  return { kind: 'json', json };
}

function mediaTypeOf(contentType: string | undefined): string | undefined {
  const mediaType = contentType?.split(';', 1)[0]!.trim().toLowerCase();
  return mediaType === '' ? undefined : mediaType;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function malformed(problem: string): MalformedReply {
  return { kind: 'malformed', problem };
}
