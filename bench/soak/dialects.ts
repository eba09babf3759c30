import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { mqtt } from './mqtt.dialect.js';

/** What a soak client needs to say and to understand in its subprotocol. */
export interface Dialect {
  readonly name: string;
  /** Of the client's URL, before the hub. */
  readonly path: string;
  readonly subprotocol?: string;
  readonly isReliable: boolean;
  /** Of clients that introduce themselves, and join their group by a frame rather than by their token. */
  hello?(clientId: string): Uint8Array;
  join?(group: string): Uint8Array;
  /** Ends the connection for good; others say that by closing with 1000. */
  goodbye?(): Uint8Array;
  /** The frame that raises the event `message`; simple clients have no acks. */
  event(text: string, ackId: number): string | Uint8Array;
  sequenceAck?(sequenceId: number): string | Uint8Array;
  /** A frame of MQTT may hold several packets. */
  read(frame: Buffer): readonly Heard[];
}

export type Heard =
  | { readonly kind: 'connected'; readonly connectionId: string; readonly reconnectionToken?: string }
  /** A client that introduced itself may talk; `isMember`: it is in its group. */
  | { readonly kind: 'accepted'; readonly isMember: boolean }
  | {
      readonly kind: 'data';
      readonly text: string;
      readonly sequenceId?: number;
      /** It may have come before. */
      readonly isRepeated?: boolean;
      /** To be sent at once. */
      readonly receipt?: Uint8Array;
    }
  | { readonly kind: 'ack'; readonly ackId: number }
  | { readonly kind: 'other' };

const CLIENT_PATH = '/client/hubs';

const simple: Dialect = {
  name: 'simple',
  path: CLIENT_PATH,
  isReliable: false,
  event: (text) => text,
  read: (frame) => [{ kind: 'data', text: frame.toString() }],
};

const json = (isReliable: boolean): Dialect => ({
  name: isReliable ? 'json reliable' : 'json',
  path: CLIENT_PATH,
  subprotocol: `json.${isReliable ? 'reliable.' : ''}webpubsub.azure.v1`,
  isReliable,
  event: (text, ackId) => JSON.stringify({ type: 'event', event: 'message', dataType: 'text', data: text, ackId }),
  sequenceAck: (sequenceId) => JSON.stringify({ type: 'sequenceAck', sequenceId }),
  read: (frame) => [readJson(frame)],
});

function readJson(frame: Buffer): Heard {
  const message = JSON.parse(frame.toString()) as {
    type: string;
    event?: string;
    connectionId: string;
    reconnectionToken?: string;
    data: string;
    sequenceId?: number;
    ackId: number;
  };
  if (message.type === 'message') return { kind: 'data', text: message.data, sequenceId: message.sequenceId };
  if (message.type === 'ack') return { kind: 'ack', ackId: message.ackId };
  if (message.event === 'connected') return { ...message, kind: 'connected' };
  return { kind: 'other' };
}

// Field numbers of [client-websocket 10].
const protobuf = (isReliable: boolean): Dialect => ({
  name: isReliable ? 'protobuf reliable' : 'protobuf',
  path: CLIENT_PATH,
  subprotocol: `protobuf.${isReliable ? 'reliable.' : ''}webpubsub.azure.v1`,
  isReliable,
  event: (text, ackId) =>
    new BinaryWriter()
      .uint32(42)
      .fork()
      .uint32(10)
      .string('message')
      .uint32(18)
      .fork()
      .uint32(10)
      .string(text)
      .join()
      .uint32(24)
      .uint64(ackId)
      .join()
      .finish(),
  sequenceAck: (sequenceId) => new BinaryWriter().uint32(66).fork().uint32(8).uint64(sequenceId).join().finish(),
  read: (frame) => [readProtobuf(frame, isReliable)],
});

function readProtobuf(frame: Buffer, isReliable: boolean): Heard {
  const [kind, body] = firstField(frame);
  if (kind === 1) return { kind: 'ack', ackId: numberIn(body, 1) };
  if (kind === 2) {
    return { kind: 'data', text: textIn(bytesIn(body, 3), 1), ...(isReliable && { sequenceId: numberIn(body, 4) }) };
  }
  if (kind !== 3) return { kind: 'other' };
  const [system, details] = firstField(body);
  if (system !== 1) return { kind: 'other' };
  const reconnectionToken = isReliable ? textIn(details, 3) : undefined;
  return { kind: 'connected', connectionId: textIn(details, 1), ...(reconnectionToken && { reconnectionToken }) };
}

export const DIALECTS: readonly Dialect[] = [simple, json(false), json(true), protobuf(false), protobuf(true), mqtt];

type Field = readonly [number, Uint8Array | number];

function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    yield [field, (wireType as number) === 2 ? reader.bytes() : Number(reader.uint64())];
  }
}

function firstField(bytes: Uint8Array): [number, Uint8Array] {
  for (const [field, value] of fieldsOf(bytes)) return [field, value as Uint8Array];
  return [0, new Uint8Array()];
}

function bytesIn(bytes: Uint8Array, wanted: number): Uint8Array {
  for (const [field, value] of fieldsOf(bytes)) if (field === wanted) return value as Uint8Array;
  return new Uint8Array();
}

function numberIn(bytes: Uint8Array, wanted: number): number {
  for (const [field, value] of fieldsOf(bytes)) if (field === wanted) return value as number;
  return 0;
}

function textIn(bytes: Uint8Array, wanted: number): string {
  return Buffer.from(bytesIn(bytes, wanted)).toString();
}
