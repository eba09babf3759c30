import { decode, encode } from '@msgpack/msgpack';
import { isJsonObject } from './json-text.js';
import type { TunnelHeaders, TunnelMessage } from './tunnel-message.js';

/** The types on the wire; 0, 3, 4 and 9 exist in the service but not in the tool, which stops at them [tunnel 4]. */
const TYPES = {
  httpRequest: 1,
  httpResponse: 2,
  serviceStatus: 5,
  reconnect: 6,
  close: 7,
  rebalance: 8,
  connected: 10,
} as const;

const LENGTH_BYTES = 4;

/** A message is an array of three; the rest of these are never needed and would only cost memory. */
const UNPACKING_LIMITS = { maxArrayLength: 16, maxMapLength: 0, maxExtLength: 0 };

/** Bytes that are not a tunnel message, or one that lacks what its type needs. */
export class TunnelMessageError extends Error {
  override readonly name = 'TunnelMessageError';
  /** Of an answer that is wrong in the rest: the request it belongs to. */
  readonly ackId?: number;

  constructor(message: string, ackId?: number) {
    super(message);
    this.ackId = ackId;
  }
}

/** The message as the service writes it: its field order, `null` for what is absent, `TracingId` last [tunnel 3]. */
export function encodeTunnelMessage(message: TunnelMessage): Uint8Array {
  const type = TYPES[message.kind];
  const json = JSON.stringify({ Type: type, ...toFields(message), TracingId: null });
  const content = 'content' in message ? message.content : undefined;
  const packed = encode([type, json, content ?? null]);
  const bytes = new Uint8Array(LENGTH_BYTES + packed.length);
  new DataView(bytes.buffer).setUint32(0, packed.length, true);
  bytes.set(packed, LENGTH_BYTES);
  return bytes;
}

/**
 * Reads the first message of a WebSocket message; what follows it is ignored, as both sides do [tunnel 3]. Throws a
 * TunnelMessageError.
 */
export function decodeTunnelMessage(bytes: Uint8Array): TunnelMessage {
  const [type, json, content] = unpack(bytes);
  const fields = parseFields(json);
  switch (type) {
    case TYPES.httpRequest:
      return {
        kind: 'httpRequest',
        ackId: ackIdOf(fields),
        method: textOf(fields, 'HttpMethod'),
        url: textOf(fields, 'Url'),
        headers: headersOf(fields),
        ...routingOf(fields),
        content,
      };
    case TYPES.httpResponse:
      return {
        kind: 'httpResponse',
        ackId: ackIdOf(fields),
        statusCode: statusOf(fields),
        headers: headersOf(fields),
        isIncomplete: fields['NotCompleted'] === true,
        ...routingOf(fields),
        content,
      };
    case TYPES.serviceStatus:
      return { kind: 'serviceStatus', message: optionalTextOf(fields, 'Message') ?? '' };
    case TYPES.reconnect:
    case TYPES.rebalance:
      return {
        kind: type === TYPES.reconnect ? 'reconnect' : 'rebalance',
        targetId: optionalTextOf(fields, 'TargetId'),
        endpoint: optionalTextOf(fields, 'Endpoint'),
        message: optionalTextOf(fields, 'Message'),
      };
    case TYPES.close:
      return { kind: 'close', message: optionalTextOf(fields, 'Message') };
    case TYPES.connected:
      return {
        kind: 'connected',
        connectionId: textOf(fields, 'ConnectionId'),
        userId: optionalTextOf(fields, 'UserId'),
        reconnectionToken: optionalTextOf(fields, 'ReconnectionToken'),
      };
    default:
      throw new TunnelMessageError(`unknown message type ${type}`);
  }
}

function toFields(message: TunnelMessage): Record<string, unknown> {
  switch (message.kind) {
    case 'httpRequest':
      return {
        AckId: message.ackId,
        HttpMethod: message.method,
        Url: message.url,
        Headers: message.headers,
        LocalRouting: message.localRouting ?? false,
        ChannelName: message.channelName ?? '',
      };
    case 'httpResponse':
      return {
        AckId: message.ackId,
        StatusCode: message.statusCode,
        Headers: message.headers,
        LocalRouting: message.localRouting ?? false,
        ChannelName: message.channelName ?? '',
        NotCompleted: message.isIncomplete,
      };
    case 'serviceStatus':
      return { Message: message.message };
    case 'reconnect':
    case 'rebalance':
      return {
        TargetId: message.targetId ?? null,
        Endpoint: message.endpoint ?? null,
        Message: message.message ?? null,
      };
    case 'close':
      return { Message: message.message ?? null };
    default:
      return {
        ConnectionId: message.connectionId,
        UserId: message.userId ?? null,
        ReconnectionToken: message.reconnectionToken ?? null,
      };
  }
}

function unpack(bytes: Uint8Array): [type: number, json: string, content: Uint8Array | undefined] {
  if (bytes.length < LENGTH_BYTES) throw new TunnelMessageError('shorter than its length prefix');
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  if (length > bytes.length - LENGTH_BYTES) throw new TunnelMessageError('shorter than its length prefix says');
  let parts: unknown;
  try {
    parts = decode(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length), UNPACKING_LIMITS);
  } catch {
    throw new TunnelMessageError('not MessagePack');
  }
  if (!Array.isArray(parts)) throw new TunnelMessageError('not a MessagePack array');
  const [type, json, content] = parts as unknown[];
  if (typeof type !== 'number' || typeof json !== 'string') {
    throw new TunnelMessageError('does not begin with a type and a text');
  }
  if (content !== undefined && content !== null && !(content instanceof Uint8Array)) {
    throw new TunnelMessageError('its content is not bytes');
  }
  return [type, json, content ?? undefined];
}

type Fields = Readonly<Record<string, unknown>>;

function parseFields(json: string): Fields {
  let fields: unknown;
  try {
    fields = JSON.parse(json);
  } catch {
    throw new TunnelMessageError('its fields are not JSON');
  }
  if (!isJsonObject(fields)) throw new TunnelMessageError('its fields are not a JSON object');
  return fields;
}

function ackIdOf(fields: Fields): number {
  const ackId = fields['AckId'];
  if (typeof ackId !== 'number' || !Number.isInteger(ackId)) throw new TunnelMessageError('AckId is not an integer');
  return ackId;
}

function statusOf(fields: Fields): number {
  const status = fields['StatusCode'];
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 999) {
    throw new TunnelMessageError('StatusCode is not an HTTP status', ackIdOf(fields));
  }
  return status;
}

/** Values are arrays on the wire; a lone string is taken for an array of one, anything else is dropped. */
function headersOf(fields: Fields): TunnelHeaders {
  const headers = fields['Headers'];
  if (!isJsonObject(headers)) return {};
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      (Array.isArray(value) ? value : [value]).filter((line): line is string => typeof line === 'string'),
    ]),
  );
}

function routingOf(fields: Fields): { localRouting?: boolean; channelName?: string } {
  const localRouting = fields['LocalRouting'];
  return {
    localRouting: typeof localRouting === 'boolean' ? localRouting : undefined,
    channelName: optionalTextOf(fields, 'ChannelName'),
  };
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new TunnelMessageError(`${name} is not a text`);
  return value;
}

function optionalTextOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}
