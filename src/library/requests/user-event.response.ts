import { randomUUID } from 'node:crypto';
import type { MqttUserProperty } from '../../protocol/cloud-event.js';
import { isAsciiHeaderText, isHeaderText } from '../../protocol/header-text.js';
import { isHttpToken } from '../../protocol/http-token.js';
import type { MessageDataType, MessageMetadata } from '../../protocol/message-data.js';
import { validateMetadata } from '../../protocol/message-metadata.js';

/**
 * By this mark a response is known, whichever copy of the package made it. Interceptors may copy it into a plain object
 * (`ClassSerializerInterceptor` does), hence a property; no client can guess its value, and so no payload that a handler
 * returns is taken for a response.
 */
const MARK = sharedMark();

/**
 * What goes back to the client beside the data.
 *
 * @publicApi
 */
export interface UserEventResponseOptions {
  /**
   * Metadata of the message that the client gets: HTTP tokens as keys (at most 256 characters), ASCII as values (at most
   * 1,024), at most 8,192 characters in all [rest-api 5.4]. Values have no comma, since the service takes only what comes
   * after the last one, and neither begin nor end with blanks [upstream-events 6.3].
   */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** For MQTT clients: user properties and content type of the answer [upstream-events 6.6]. */
  mqtt?: { contentType?: string | undefined; userProperties?: readonly MqttUserProperty[] | undefined } | undefined;
}

/**
 * An answer to a user event whose data type is said, rather than seen from the value: a string as JSON, bytes as protobuf,
 * or one that carries metadata.
 *
 * @publicApi
 */
export class UserEventResponse {
  /** @internal */
  readonly mark: string = MARK;
  readonly data: unknown;
  readonly dataType: MessageDataType;
  readonly metadata?: MessageMetadata;
  readonly mqtt?: UserEventResponseOptions['mqtt'];

  /**
   * `text` takes a string, `json` any JSON value, `binary` and `protobuf` take bytes; `undefined` and `null` (except as
   * JSON) are no data. Throws a TypeError for data of another type and for metadata or user properties that no header can
   * carry.
   */
  constructor(data: unknown, dataType: MessageDataType, { metadata, mqtt }: UserEventResponseOptions = {}) {
    assertData(data, dataType);
    this.data = isBytes(data) ? toBuffer(data) : data;
    this.dataType = dataType;
    if (metadata) this.metadata = checkMetadata(metadata);
    if (mqtt) this.mqtt = checkMqtt(mqtt);
  }

  /** @internal */
  static is(value: unknown): value is UserEventResponse {
    return typeof value === 'object' && value !== null && (value as { mark?: unknown }).mark === MARK;
  }
}

function sharedMark(): string {
  const key = Symbol.for('nestjs-web-pubsub.user-event-response');
  const holder = globalThis as { [key]?: string };
  return (holder[key] ??= randomUUID());
}

function toBuffer(bytes: Uint8Array | ArrayBuffer): Buffer {
  return bytes instanceof ArrayBuffer
    ? Buffer.from(bytes)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function isBytes(value: unknown): value is Uint8Array | ArrayBuffer {
  return value instanceof Uint8Array || value instanceof ArrayBuffer;
}

function assertData(data: unknown, dataType: MessageDataType): void {
  if (data === undefined || data === null) return;
  switch (dataType) {
    case 'json':
      return;
    case 'text':
      if (typeof data === 'string') return;
      throw new TypeError('A text response takes a string; use json for other values.');
    case 'binary':
    case 'protobuf':
      if (isBytes(data)) return;
      throw new TypeError(`A ${dataType} response takes a Buffer, Uint8Array or ArrayBuffer.`);
    default:
      throw new TypeError(`${JSON.stringify(dataType)} is no data type: use text, json, binary or protobuf.`);
  }
}

function checkMetadata(metadata: Readonly<Record<string, string>>): MessageMetadata {
  const entries = Object.entries(metadata).map(([key, value]): [string, string] => [key.toLowerCase(), value]);
  for (const [key, value] of entries) {
    const what = `the metadata value of ${key}`;
    assertHeaderValue(value, what);
    if (value.includes(','))
      throw new TypeError(`The response cannot be sent: ${what} has a comma, which cuts it off.`);
    if (value !== value.trim()) throw new TypeError(`The response cannot be sent: ${what} begins or ends with blanks.`);
  }
  const verdict = validateMetadata(entries);
  if (!verdict.isValid) throw new TypeError(`The response cannot be sent: ${verdict.problem}.`);
  return verdict.metadata;
}

function checkMqtt(mqtt: NonNullable<UserEventResponseOptions['mqtt']>): UserEventResponseOptions['mqtt'] {
  for (const { name, value } of mqtt.userProperties ?? []) {
    if (typeof name !== 'string' || !isHttpToken(name)) {
      throw new TypeError(`The response cannot be sent: no header can be named ${JSON.stringify(name)}.`);
    }
    assertHeaderValue(value, `the MQTT user property ${name}`);
  }
  if (mqtt.contentType !== undefined) {
    assertHeaderValue(mqtt.contentType, 'the MQTT content type');
    if (!isAsciiHeaderText(mqtt.contentType)) {
      throw new TypeError('The response cannot be sent: the MQTT content type is not ASCII.');
    }
  }
  return mqtt;
}

/** Line breaks would begin another header. */
function assertHeaderValue(value: unknown, what: string): void {
  if (typeof value !== 'string') throw new TypeError(`The response cannot be sent: ${what} is no string.`);
  if (!isHeaderText(value)) throw new TypeError(`The response cannot be sent: ${what} has control characters.`);
}
