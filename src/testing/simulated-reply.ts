import type { HubEvent, MqttUserProperty } from '../protocol/cloud-event.js';
import { decodeMqttProperties, decodeUserEventReply, type EventResponse } from '../protocol/event-reply.decoder.js';
import type { MessageData, MessageDataType, MessageMetadata } from '../protocol/message-data.js';

/**
 * What upstream answered to an event, as the service understands it.
 *
 * @publicApi
 */
export interface SimulatedReply<T = unknown> {
  readonly status: number;
  /**
   * What the client would be sent: a string, a JSON value, or a Buffer; absent when it would be sent nothing. An MQTT client
   * gets it as bytes, under the `content-type` of `headers`.
   */
  readonly data?: T;
  readonly dataType?: MessageDataType;
  readonly metadata: MessageMetadata;
  /** The user properties an MQTT client would see. */
  readonly userProperties: readonly MqttUserProperty[];
  /** The connection states after the event. */
  readonly states: Record<string, unknown>;
  /** Of a refusal: upstream's words. */
  readonly reason?: string;
  /** Lower-case names; every line of a repeated header kept. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** The body as it came. */
  readonly body: Buffer;
}

export function readReply<T>(
  event: HubEvent,
  response: EventResponse,
  states: Record<string, unknown>,
): SimulatedReply<T> {
  const { status, headers } = response;
  const { userProperties } = decodeMqttProperties(response);
  const seen = { status, headers, body: Buffer.from(response.body), states, userProperties, metadata: {} };
  // The service reads no more of an answer to these than its status.
  if (event.kind !== 'user' && status < 300) return seen;
  const reply = decodeReply(event, response);
  switch (reply.kind) {
    case 'malformed':
      throw new Error(`The service cannot read the answer to "${event.context.eventName}": ${reply.problem}.`);
    case 'refusal':
      return { ...seen, reason: reply.reason };
    case 'user':
      return {
        ...seen,
        metadata: reply.metadata ?? {},
        ...(reply.data && { dataType: reply.data.kind, data: toValue(reply.data) as T }),
      };
  }
}

/** For an MQTT client a payload of a type that is not the service's is bytes; the others are shown as what they say. */
function decodeReply({ context }: HubEvent, response: EventResponse): ReturnType<typeof decodeUserEventReply> {
  const reply = decodeUserEventReply(response, { clientProtocol: 'default' });
  const isOpaque = context.mqtt !== undefined && (reply.kind === 'malformed' || response.body.length === 0);
  return isOpaque ? decodeUserEventReply(response, { clientProtocol: 'mqtt' }) : reply;
}

/** A string becomes text, bytes binary, anything else JSON, unless the data type is named. */
export function toMessageData(data: unknown, dataType = defaultDataType(data)): MessageData {
  switch (dataType) {
    case 'text':
      return { kind: 'text', text: String(data) };
    case 'json':
      return { kind: 'json', json: JSON.stringify(data) };
    case 'binary':
    case 'protobuf':
      return { kind: dataType, bytes: toBytes(data) };
  }
}

function defaultDataType(data: unknown): MessageDataType {
  if (typeof data === 'string') return 'text';
  return data instanceof ArrayBuffer || ArrayBuffer.isView(data) ? 'binary' : 'json';
}

function toBytes(data: unknown): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw new TypeError('Binary and protobuf data must be an ArrayBuffer, a Buffer or another view of one.');
}

function toValue(data: MessageData): unknown {
  switch (data.kind) {
    case 'text':
      return data.text;
    case 'json':
      return JSON.parse(data.json);
    case 'binary':
    case 'protobuf':
      return Buffer.from(data.bytes);
  }
}
