import { isUtf8 } from 'node:buffer';
import { isJsonObject } from './json-text.js';
import { MalformedEventError } from './malformed-event.error.js';
import type { MessageData, MessageDataType } from './message-data.js';

/** The payload of a user event. Throws a `MalformedEventError`. */
export function decodeEventData(dataType: MessageDataType, body: Buffer): MessageData {
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

/** Parses JSON text of an event's body. Throws a `MalformedEventError`. */
export function parseEventJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new MalformedEventError('The body is not valid JSON.');
  }
}

/** The body of a system or group event. Throws a `MalformedEventError`. */
export function parseEventObject(body: Buffer): Record<string, unknown> {
  const value = parseEventJson(decodeJson(body));
  if (!isJsonObject(value)) throw new MalformedEventError('The body is not a JSON object.');
  return value;
}
