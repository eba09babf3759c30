import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { ClientMessage } from './client-message.js';
import { MAX_MESSAGE_TTL_SECONDS, type MessageData, type MessageMetadata } from './message-data.js';
import { validateMetadata } from './message-metadata.js';
import { isEventName, isGroupName } from './names.js';
import { MalformedMessageError } from './subprotocol-codec.js';

// A string that is not UTF-8 makes the message undecodable; a byte order mark at its start belongs to it.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads an `UpstreamMessage` [client-websocket 10]. Throws a MalformedMessageError. */
export function readProtobufClientMessage(payload: Uint8Array): ClientMessage {
  let message: ClientMessage | undefined;
  // Of several members of a oneof the last one counts.
  readFields(payload, {
    1: bytesField((body) => (message = readSendToGroup(body))),
    5: bytesField((body) => (message = readSendEvent(body))),
    6: bytesField((body) => (message = { kind: 'joinGroup', ...readGroupRequest(body) })),
    7: bytesField((body) => (message = { kind: 'leaveGroup', ...readGroupRequest(body) })),
    8: bytesField((body) => (message = { kind: 'sequenceAck', sequenceId: readSequenceId(body) })),
    9: bytesField((body) => {
      readFields(body, {});
      message = { kind: 'ping' };
    }),
  });
  if (!message) throw new MalformedMessageError('it holds no message this service knows');
  return message;
}

function readSendToGroup(body: Uint8Array): ClientMessage {
  let group = '';
  let ackId: bigint | undefined;
  let data: MessageData | undefined;
  let noEcho = false;
  let ttlSeconds: number | undefined;
  const metadata: [string, string][] = [];
  readFields(body, {
    1: stringField((value) => (group = value)),
    2: uint64Field((value) => (ackId = value)),
    3: bytesField((value) => (data = readData(value))),
    4: varintField((reader) => (noEcho = reader.bool())),
    5: varintField((reader) => (ttlSeconds = reader.uint32())),
    6: bytesField((value) => metadata.push(readMapEntry(value))),
    7: bytesField(refuseStream),
  });
  if (ttlSeconds !== undefined && ttlSeconds > MAX_MESSAGE_TTL_SECONDS) {
    throw new MalformedMessageError(`ttl_seconds is more than ${MAX_MESSAGE_TTL_SECONDS}`);
  }
  return {
    kind: 'sendToGroup',
    group: checkGroup(group),
    noEcho,
    ...readPayload(data, metadata),
    ...(ackId !== undefined && { ackId }),
    ...(ttlSeconds !== undefined && { ttlSeconds }),
  };
}

function readSendEvent(body: Uint8Array): ClientMessage {
  let event = '';
  let ackId: bigint | undefined;
  let data: MessageData | undefined;
  const metadata: [string, string][] = [];
  readFields(body, {
    1: stringField((value) => (event = value)),
    2: bytesField((value) => (data = readData(value))),
    3: uint64Field((value) => (ackId = value)),
    4: bytesField((value) => metadata.push(readMapEntry(value))),
    5: bytesField(refuseStream),
  });
  if (!isEventName(event)) throw new MalformedMessageError('the event name is missing or invalid');
  return { kind: 'sendEvent', event, ...readPayload(data, metadata), ...(ackId !== undefined && { ackId }) };
}

function readGroupRequest(body: Uint8Array): { group: string; ackId?: bigint } {
  let group = '';
  let ackId: bigint | undefined;
  readFields(body, {
    1: stringField((value) => (group = value)),
    2: uint64Field((value) => (ackId = value)),
  });
  return { group: checkGroup(group), ...(ackId !== undefined && { ackId }) };
}

function readSequenceId(body: Uint8Array): bigint {
  let sequenceId = 0n;
  readFields(body, { 1: uint64Field((value) => (sequenceId = value)) });
  return sequenceId;
}

function readData(body: Uint8Array): MessageData | undefined {
  let data: MessageData | undefined;
  readFields(body, {
    1: stringField((text) => (data = { kind: 'text', text })),
    2: bytesField((bytes) => (data = { kind: 'binary', bytes })),
    3: bytesField((bytes) => {
      checkAny(bytes);
      data = { kind: 'protobuf', bytes };
    }),
    4: stringField((json) => {
      checkJson(json);
      data = { kind: 'json', json };
    }),
  });
  return data;
}

/** [client-websocket 10] data may be missing where metadata is given: then it is an empty text. */
function readPayload(
  data: MessageData | undefined,
  entries: [string, string][],
): { data: MessageData; metadata?: MessageMetadata } {
  // A repeated key of a protobuf map is no error: the last one counts.
  const verdict = validateMetadata(new Map(entries));
  if (!verdict.isValid) throw new MalformedMessageError(verdict.problem);
  if (!data && entries.length === 0) throw new MalformedMessageError('data is missing');
  return { data: data ?? { kind: 'text', text: '' }, ...(entries.length > 0 && { metadata: verdict.metadata }) };
}

function readMapEntry(body: Uint8Array): [string, string] {
  const entry: [string, string] = ['', ''];
  readFields(body, {
    1: stringField((key) => (entry[0] = key)),
    2: stringField((value) => (entry[1] = value)),
  });
  return entry;
}

function checkGroup(group: string): string {
  if (!isGroupName(group)) throw new MalformedMessageError('the group name is missing or invalid');
  return group;
}

function checkAny(bytes: Uint8Array): void {
  readFields(bytes, { 1: stringField(() => {}), 2: bytesField(() => {}) });
}

function checkJson(json: string): void {
  try {
    JSON.parse(json);
  } catch {
    throw new MalformedMessageError('json_data is not JSON');
  }
}

function refuseStream(): void {
  throw new MalformedMessageError('streams are not part of the protobuf subprotocols');
}

interface FieldReader {
  readonly wireType: WireType;
  read(reader: BinaryReader): void;
}

function varintField(read: (reader: BinaryReader) => void): FieldReader {
  return { wireType: WireType.Varint, read };
}

function uint64Field(take: (value: bigint) => void): FieldReader {
  return varintField((reader) => take(BigInt(reader.uint64())));
}

function bytesField(take: (value: Uint8Array) => void): FieldReader {
  return { wireType: WireType.LengthDelimited, read: (reader) => take(reader.bytes()) };
}

function stringField(take: (value: string) => void): FieldReader {
  return bytesField((bytes) => take(decodeText(bytes)));
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MalformedMessageError('a string is not UTF-8');
  }
}

/** Reads the fields that are known, in the wire type they have, and skips all others, as every protobuf reader does. */
function readFields(payload: Uint8Array, fields: Readonly<Record<number, FieldReader>>): void {
  try {
    const reader = new BinaryReader(payload);
    while (reader.pos < reader.len) {
      const [fieldNumber, wireType] = reader.tag();
      const field = fields[fieldNumber];
      if (field?.wireType === wireType) field.read(reader);
      else reader.skip(wireType, fieldNumber);
    }
    if (reader.pos > reader.len) throw new MalformedMessageError('it ends in the middle of a field');
  } catch (error) {
    if (error instanceof MalformedMessageError) throw error;
    throw new MalformedMessageError('it is not a protobuf message');
  }
}
