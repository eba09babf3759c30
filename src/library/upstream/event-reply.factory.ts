import type { ConnectReply, EventReply, HubEvent } from '../../protocol/cloud-event.js';
import { isHeaderText } from '../../protocol/header-text.js';
import { isHttpToken } from '../../protocol/http-token.js';
import type { MessageData } from '../../protocol/message-data.js';
import { isGroupName } from '../../protocol/names.js';
import { isBytes, UserEventResponse } from '../requests/user-event.response.js';

/** What a handler returned cannot be sent: its own fault, told to the log alone. */
export class HandlerResultError extends Error {
  override readonly name = 'HandlerResultError';
}

const EMPTY: EventReply = { kind: 'empty' };
const CONNECT_FIELDS = ['userId', 'groups', 'roles', 'subprotocol', 'mqtt'] as const;
const CONNECT_TYPES: Record<(typeof CONNECT_FIELDS)[number], string> = {
  userId: 'a string without control characters',
  groups: 'a list of group names, which have 1 to 1,024 characters, not only white space',
  roles: 'a list of strings',
  subprotocol: 'the name of a subprotocol',
  mqtt: 'an object',
};

/** Turns what a handler returned into the answer. Throws a `HandlerResultError`. */
export function createEventReply(kind: HubEvent['kind'], result: unknown): EventReply {
  if (result === undefined || result === null) return EMPTY;
  if (kind === 'user') return createUserEventReply(result);
  return kind === 'connect' ? createConnectReply(result) : EMPTY;
}

function createUserEventReply(result: unknown): EventReply {
  if (!UserEventResponse.is(result)) return { kind: 'user', data: dataOf(result) };
  const { data, dataType, metadata, mqtt } = result;
  return { kind: 'user', data: typedDataOf(data, dataType), metadata, mqtt };
}

function dataOf(value: unknown): MessageData {
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (isBytes(value)) return { kind: 'binary', bytes: bytesOf(value) };
  return { kind: 'json', json: serialize(value) };
}

function typedDataOf(data: unknown, dataType: MessageData['kind']): MessageData | undefined {
  switch (dataType) {
    case 'json':
      return data === undefined ? undefined : { kind: 'json', json: serialize(data) };
    case 'text':
      return data === undefined || data === null ? undefined : { kind: 'text', text: data as string };
    default:
      return isBytes(data) ? { kind: dataType, bytes: bytesOf(data) } : undefined;
  }
}

function bytesOf(value: Uint8Array | ArrayBuffer): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(value);
}

function serialize(value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw new HandlerResultError(`The handler returned what JSON cannot hold: ${(error as Error).message}`);
  }
  if (json === undefined) {
    throw new HandlerResultError(
      `The handler returned a ${typeof value}, which JSON cannot hold. Let it return text, bytes, numbers, lists or plain objects.`,
    );
  }
  return json;
}

/** The service fails the connection when a field is wrong [upstream-events 6.1], so it is told here. */
function createConnectReply(result: unknown): ConnectReply {
  if (typeof result !== 'object' || Array.isArray(result) || isBytes(result) || UserEventResponse.is(result)) {
    throw new HandlerResultError('A connect handler must return nothing or a ConnectResponse object.');
  }
  const fields = result as Record<(typeof CONNECT_FIELDS)[number], unknown>;
  const reply: Record<string, unknown> = { kind: 'connect' };
  for (const name of CONNECT_FIELDS) {
    const value = fields[name] ?? undefined;
    if (value === undefined) continue;
    if (!hasConnectType(name, value)) {
      throw new HandlerResultError(`The connect handler returned ${name} that is not ${CONNECT_TYPES[name]}.`);
    }
    reply[name] = value;
  }
  return reply as unknown as ConnectReply;
}

/** An object whose fields mean nothing to the service, as when an interceptor wraps what the handler returned. */
export function namesNoConnectField(result: unknown): result is object {
  if (typeof result !== 'object' || result === null) return false;
  let isEmpty = true;
  for (const name in result) {
    if ((CONNECT_FIELDS as readonly string[]).includes(name)) return false;
    isEmpty = false;
  }
  return !isEmpty;
}

function hasConnectType(name: (typeof CONNECT_FIELDS)[number], value: unknown): boolean {
  switch (name) {
    case 'userId':
      return typeof value === 'string' && isHeaderText(value);
    case 'subprotocol':
      return typeof value === 'string' && isHttpToken(value);
    case 'groups':
      return isTextList(value) && value.every(isGroupName);
    case 'roles':
      return isTextList(value);
    case 'mqtt':
      return typeof value === 'object';
  }
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
