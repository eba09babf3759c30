import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from '@jest/globals';
import * as fc from './property.js';
import type { ClientMessage } from '../../src/protocol/client-message.js';
import type { MessageData, MessageMetadata } from '../../src/protocol/message-data.js';
import type { ServiceMessage } from '../../src/protocol/service-message.js';
import type { ClientMessageDecoder, ServiceMessageEncoder } from '../../src/protocol/subprotocol-codec.js';

/** A fact, what a client sends as text or hex, and what it means. */
export type DecodingCase = readonly [fact: string, wire: string, message: ClientMessage];

/** A fact, what the service says, and how it is sent as text or hex; undefined: not at all. */
export type EncodingCase = readonly [fact: string, message: ServiceMessage, wire: string | undefined];

export function describeDecoding(
  decoder: ClientMessageDecoder,
  wire: 'text' | 'hex',
  cases: readonly DecodingCase[],
): void {
  describe('reads', () => {
    it.each(cases)('%s', (_fact, frame, message) => {
      expect(decoder.decode(toBytes(frame, wire), wire === 'hex')).toEqual({ kind: 'message', message });
    });
  });
}

export function describeEncoding(
  encoder: ServiceMessageEncoder,
  wire: 'text' | 'hex',
  cases: readonly EncodingCase[],
): void {
  describe('writes', () => {
    it.each(cases)('%s', (_fact, message, frame) => {
      const encoded = encoder.encode(message);
      const text = encoded && Buffer.from(encoded.payload).toString(wire === 'hex' ? 'hex' : 'utf8');
      expect([text, encoded?.isBinary]).toEqual([frame, frame === undefined ? undefined : wire === 'hex']);
    });
  });
}

/** Hex may be grouped by blanks. */
export function toBytes(frame: string, wire: 'text' | 'hex'): Buffer {
  return wire === 'hex' ? Buffer.from(frame.replaceAll(' ', ''), 'hex') : Buffer.from(frame);
}

/** What a JSON client writes, independently of our own code. */
export function writeJson(message: ClientMessage): string {
  const { kind, ...fields } = message as ClientMessage & Record<string, unknown>;
  const members: string[] = [`"type":${JSON.stringify(kind === 'sendEvent' ? 'event' : kind)}`];
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'data') members.push(...jsonData(value as MessageData));
    else members.push(`${JSON.stringify(name)}:${typeof value === 'bigint' ? value : JSON.stringify(value)}`);
  }
  return `{${members.join(',')}}`;
}

function jsonData(data: MessageData): string[] {
  const type = `"dataType":"${data.kind}"`;
  switch (data.kind) {
    case 'text':
      return [type, `"data":${JSON.stringify(data.text)}`];
    case 'json':
      return [type, `"data":${data.json}`];
    default:
      return [type, `"data":"${Buffer.from(data.bytes).toString('base64')}"`];
  }
}

type ProtobufMessage = Extract<
  ClientMessage,
  { kind: 'joinGroup' | 'leaveGroup' | 'sendToGroup' | 'sendEvent' | 'sequenceAck' | 'ping' }
>;

const BYTES = WireType.LengthDelimited;
const VARINT = WireType.Varint;

/** What a protobuf client writes, independently of our own code. */
export function writeProtobuf(message: ProtobufMessage): Uint8Array {
  const writer = new BinaryWriter();
  switch (message.kind) {
    case 'sendToGroup':
      writer.tag(1, BYTES).fork().tag(1, BYTES).string(message.group);
      writeAckId(writer, 2, message.ackId);
      writeData(writer.tag(3, BYTES).fork(), message.data);
      writer.join().tag(4, VARINT).bool(message.noEcho);
      if (message.ttlSeconds !== undefined) writer.tag(5, VARINT).uint32(message.ttlSeconds);
      writeMetadata(writer, 6, message.metadata);
      break;
    case 'sendEvent':
      writer.tag(5, BYTES).fork().tag(1, BYTES).string(message.event);
      writeData(writer.tag(2, BYTES).fork(), message.data);
      writeAckId(writer.join(), 3, message.ackId);
      writeMetadata(writer, 4, message.metadata);
      break;
    case 'joinGroup':
    case 'leaveGroup':
      writer
        .tag(message.kind === 'joinGroup' ? 6 : 7, BYTES)
        .fork()
        .tag(1, BYTES)
        .string(message.group);
      writeAckId(writer, 2, message.ackId);
      break;
    case 'sequenceAck':
      writer.tag(8, BYTES).fork().tag(1, VARINT).uint64(message.sequenceId);
      break;
    case 'ping':
      writer.tag(9, BYTES).fork();
      break;
  }
  return writer.join().finish();
}

function writeAckId(writer: BinaryWriter, field: number, ackId: bigint | undefined): void {
  if (ackId !== undefined) writer.tag(field, VARINT).uint64(ackId);
}

function writeMetadata(writer: BinaryWriter, field: number, metadata: MessageMetadata | undefined): void {
  for (const [key, value] of Object.entries(metadata ?? {})) {
    writer.tag(field, BYTES).fork().tag(1, BYTES).string(key).tag(2, BYTES).string(value).join();
  }
}

function writeData(writer: BinaryWriter, data: MessageData): void {
  if (data.kind === 'text') writer.tag(1, BYTES).string(data.text);
  else if (data.kind === 'json') writer.tag(4, BYTES).string(data.json);
  else writer.tag(data.kind === 'binary' ? 2 : 3, BYTES).bytes(data.bytes);
}

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const ackId = fc.option(uint64, { nil: undefined });
const group = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((name) => name.trim() !== '');
const eventName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,30}$/);
const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => new Uint8Array(array));
const anyMessage = fc
  .tuple(fc.string({ unit: 'grapheme' }), bytes)
  .map(([typeUrl, value]) => new BinaryWriter().tag(1, BYTES).string(typeUrl).tag(2, BYTES).bytes(value).finish());
const data: fc.Arbitrary<MessageData> = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((text) => ({ kind: 'text', text }) as const),
  fc
    .json()
    .filter((json) => json !== 'null')
    .map((json) => ({ kind: 'json', json }) as const),
  bytes.map((value) => ({ kind: 'binary', bytes: value }) as const),
  anyMessage.map((value) => ({ kind: 'protobuf', bytes: value }) as const),
);
const metadata = fc.option(
  fc
    .dictionary(fc.stringMatching(/^[A-Za-z0-9._~-]{1,10}$/), fc.string({ maxLength: 20 }), {
      minKeys: 1,
      maxKeys: 4,
      noNullPrototype: true,
    })
    .filter((entries) => !Object.hasOwn(entries, '__proto__')),
  { nil: undefined },
);
const ttlSeconds = fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined });

/** Messages that both families of subprotocols can carry, without members that are undefined. */
export const arbitraryClientMessage: fc.Arbitrary<ProtobufMessage> = fc
  .oneof(
    fc.record({ kind: fc.constant('joinGroup' as const), group, ackId }),
    fc.record({ kind: fc.constant('leaveGroup' as const), group, ackId }),
    fc.record({
      kind: fc.constant('sendToGroup' as const),
      group,
      data,
      noEcho: fc.boolean(),
      ackId,
      ttlSeconds,
      metadata,
    }),
    fc.record({ kind: fc.constant('sendEvent' as const), event: eventName, data, ackId, metadata }),
    fc.record({ kind: fc.constant('sequenceAck' as const), sequenceId: uint64 }),
    fc.record({ kind: fc.constant('ping' as const) }),
  )
  .map((message) => {
    const present = Object.entries(message).filter(([, value]) => value !== undefined);
    return Object.fromEntries(present) as unknown as ProtobufMessage;
  });

/** Bytes compare as bytes, whichever class holds them. */
export function comparable(message: unknown): unknown {
  return JSON.parse(
    JSON.stringify(message, (_key, value: unknown) => {
      if (typeof value === 'bigint') return `${value}n`;
      if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
      const buffer = value as { type?: unknown; data?: number[] } | null;
      if (typeof value === 'object' && buffer?.type === 'Buffer') return Buffer.from(buffer.data ?? []).toString('hex');
      return value;
    }),
  );
}
