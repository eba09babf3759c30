import { isUtf8 } from 'node:buffer';
import type { MessageData } from '../../protocol/message-data.js';

/** `type/subtype`, with parameters if any [client-mqtt 7]. */
const MIME_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(;[\t\x20-\x7e]*)?$/;

export function isMimeType(contentType: string): boolean {
  return MIME_TYPE.test(contentType);
}

/**
 * What other protocols see of a PUBLISH [client-mqtt 6.2]. A payload that is not what its content type says is binary,
 * as are unknown content types [assumed].
 */
export function toMessageData(payload: Buffer, contentType: string | undefined): MessageData {
  switch (contentType?.split(';')[0].trim().toLowerCase()) {
    case 'application/json':
      return readJson(payload) ?? { kind: 'binary', bytes: payload };
    case 'text/plain':
      return isUtf8(payload) ? { kind: 'text', text: payload.toString('utf8') } : { kind: 'binary', bytes: payload };
    case 'application/x-protobuf':
      return { kind: 'protobuf', bytes: payload };
    default:
      return { kind: 'binary', bytes: payload };
  }
}

const CONTENT_TYPES_BY_KIND: Readonly<Record<MessageData['kind'], string>> = {
  json: 'application/json',
  text: 'text/plain',
  protobuf: 'application/x-protobuf',
  binary: 'application/octet-stream',
};

export function toContentType(data: MessageData): string {
  return CONTENT_TYPES_BY_KIND[data.kind];
}

export function toPayload(data: MessageData): Buffer {
  switch (data.kind) {
    case 'text':
      return Buffer.from(data.text, 'utf8');
    case 'json':
      return Buffer.from(data.json, 'utf8');
    default:
      return asBuffer(data.bytes);
  }
}

/** A copy of its own, which can be kept: it holds neither a whole frame nor a part of Node's pool, eight kilobytes at a time. */
export function copyOf(payload: string | Uint8Array): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

/** The same memory, as the packet library wants it. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readJson(payload: Buffer): MessageData | undefined {
  if (!isUtf8(payload)) return undefined;
  const json = payload.toString('utf8');
  try {
    JSON.parse(json);
  } catch {
    return undefined;
  }
  return { kind: 'json', json };
}
