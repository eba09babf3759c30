import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { MessageData } from './message-data.js';
import { readProtobufClientMessage } from './protobuf-client-message.js';
import type { DataMessage, SequencedMessage, ServiceMessage } from './service-message.js';
import {
  MalformedMessageError,
  type DecodedClientMessage,
  type SequencedFrame,
  type SubprotocolCodec,
  type WireFrame,
} from './subprotocol-codec.js';

// The reliable variant names the same subprotocol in both texts [client-websocket 10].
const BINARY_REQUIRED = 'The protobuf.webpubsub.azure.v1 subprotocol requires binary messages.';
const INVALID_MESSAGE = 'The client message is not a valid protobuf.webpubsub.azure.v1 protocol message.';

const { LengthDelimited, Varint } = WireType;
const DOWNSTREAM_DATA_MESSAGE = 2;
const DATA_MESSAGE_SEQUENCE_ID = 4;

/** The frames of `protobuf.webpubsub.azure.v1` and its reliable variant [client-websocket 10]. */
export const protobufCodec: SubprotocolCodec = {
  decode(payload: Uint8Array, isBinary: boolean): DecodedClientMessage {
    if (!isBinary) {
      return { kind: 'violation', closeCode: 1003, reason: BINARY_REQUIRED, problem: 'the frame is text' };
    }
    try {
      return { kind: 'message', message: readProtobufClientMessage(payload) };
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      return { kind: 'violation', closeCode: 1007, reason: INVALID_MESSAGE, problem: error.message };
    }
  },

  encode(message: ServiceMessage): WireFrame | undefined {
    const payload = encodeDownstream(message);
    return payload && { isBinary: true, payload };
  },

  encodeSequenced(message: SequencedMessage): SequencedFrame | undefined {
    if (!isEncodable(message)) return undefined;
    // Fields may come in any order, so the sequence id goes last and everything before it is shared.
    const shared = encodeDataMessage(message);
    return {
      isBinary: true,
      partsWith(sequenceId) {
        const last = new BinaryWriter().tag(DATA_MESSAGE_SEQUENCE_ID, Varint).uint64(sequenceId).finish();
        const first = new BinaryWriter()
          .tag(DOWNSTREAM_DATA_MESSAGE, LengthDelimited)
          .uint32(shared.length + last.length)
          .finish();
        return [first, shared, last];
      },
    };
  },
};

/** Streams and group state have no published field numbers: a stream's payloads arrive as plain messages, its end not. */
function isEncodable(message: SequencedMessage): message is DataMessage {
  if (message.kind === 'serverData') return true;
  return message.kind === 'groupData' && !message.stream?.endOfStream;
}

function encodeDownstream(message: ServiceMessage): Uint8Array | undefined {
  const writer = new BinaryWriter();
  switch (message.kind) {
    case 'ack':
      writer.tag(1, LengthDelimited).fork().tag(1, Varint).uint64(message.ackId).tag(2, Varint).bool(!message.error);
      if (message.error) {
        writer.tag(3, LengthDelimited).fork();
        writer.tag(1, LengthDelimited).string(message.error.name);
        writer.tag(2, LengthDelimited).string(message.error.message).join();
      }
      return writer.join().finish();
    case 'groupData':
    case 'serverData':
      if (!isEncodable(message)) return undefined;
      return writer.tag(DOWNSTREAM_DATA_MESSAGE, LengthDelimited).bytes(encodeDataMessage(message)).finish();
    case 'connected':
      writer.tag(3, LengthDelimited).fork().tag(1, LengthDelimited).fork();
      writer.tag(1, LengthDelimited).string(message.connectionId);
      if (message.userId) writer.tag(2, LengthDelimited).string(message.userId);
      if (message.reconnectionToken !== undefined) writer.tag(3, LengthDelimited).string(message.reconnectionToken);
      return writer.join().join().finish();
    case 'disconnected':
      writer.tag(3, LengthDelimited).fork().tag(2, LengthDelimited).fork();
      return writer.tag(2, LengthDelimited).string(message.reason).join().join().finish();
    case 'pong':
      return writer.tag(4, LengthDelimited).fork().join().finish();
    default:
      return undefined;
  }
}

function encodeDataMessage(message: DataMessage): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, LengthDelimited).string(message.kind === 'groupData' ? 'group' : 'server');
  if (message.kind === 'groupData') writer.tag(2, LengthDelimited).string(message.group);
  writeData(writer.tag(3, LengthDelimited).fork(), message.data);
  writer.join();
  for (const [key, value] of Object.entries(message.metadata ?? {})) {
    writer.tag(5, LengthDelimited).fork().tag(1, LengthDelimited).string(key);
    writer.tag(2, LengthDelimited).string(value).join();
  }
  return writer.finish();
}

function writeData(writer: BinaryWriter, data: MessageData): void {
  switch (data.kind) {
    case 'text':
      writer.tag(1, LengthDelimited).string(data.text);
      break;
    case 'binary':
      writer.tag(2, LengthDelimited).bytes(data.bytes);
      break;
    case 'protobuf':
      writer.tag(3, LengthDelimited).bytes(data.bytes);
      break;
    case 'json':
      writer.tag(4, LengthDelimited).string(data.json);
      break;
  }
}
