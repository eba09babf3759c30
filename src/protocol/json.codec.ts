import { readJsonClientMessage } from './json-client-message.js';
import type { MessageData, MessageMetadata } from './message-data.js';
import type { GroupStateMessage, SequencedMessage, ServiceMessage, StreamPosition } from './service-message.js';
import {
  MalformedMessageError,
  type DecodedClientMessage,
  type SequencedFrame,
  type SubprotocolCodec,
  type WireFrame,
} from './subprotocol-codec.js';

const TEXT_REQUIRED = 'The JSON subprotocol requires text messages.';
const INVALID_MESSAGE = 'The client message is not a valid JSON protocol message.';

/** The frames of `json.webpubsub.azure.v1` and its reliable variant [client-websocket 5]. */
export const jsonCodec: SubprotocolCodec = {
  decode(payload: Uint8Array, isBinary: boolean): DecodedClientMessage {
    if (isBinary) {
      return { kind: 'violation', closeCode: 1003, reason: TEXT_REQUIRED, problem: 'the frame is binary' };
    }
    try {
      const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString();
      return { kind: 'message', message: readJsonClientMessage(text) };
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      return { kind: 'violation', closeCode: 1007, reason: INVALID_MESSAGE, problem: error.message };
    }
  },

  encode(message: ServiceMessage): WireFrame {
    return { isBinary: false, payload: Buffer.from(encodeText(message)) };
  },

  encodeSequenced(message: SequencedMessage): SequencedFrame {
    const shared = Buffer.from(encodeText(message).slice(0, -1));
    return {
      isBinary: false,
      partsWith: (sequenceId) => [shared, Buffer.from(`,"sequenceId":${sequenceId}}`, 'latin1')],
    };
  },
};

function encodeText(message: ServiceMessage): string {
  switch (message.kind) {
    case 'groupData':
      return (
        `{"type":"message","from":"group","group":${JSON.stringify(message.group)},` +
        `"fromUserId":${JSON.stringify(message.fromUserId ?? null)},${dataMembers(message.data)}` +
        `${metadataMember(message.metadata)}${streamMember(message.stream)}}`
      );
    case 'serverData':
      return `{"type":"message","from":"server",${dataMembers(message.data)}${metadataMember(message.metadata)}}`;
    case 'ack':
      return message.error
        ? `{"type":"ack","ackId":${message.ackId},"success":false,"error":${JSON.stringify(message.error)}}`
        : `{"type":"ack","ackId":${message.ackId},"success":true}`;
    case 'connected':
      return JSON.stringify({
        type: 'system',
        event: 'connected',
        userId: message.userId ?? null,
        connectionId: message.connectionId,
        reconnectionToken: message.reconnectionToken,
      });
    case 'disconnected':
      return JSON.stringify({ type: 'system', event: 'disconnected', message: message.reason });
    case 'pong':
      return '{"type":"pong"}';
    case 'invokeResponse':
      return (
        `{"type":"invokeResponse","invocationId":${JSON.stringify(message.invocationId)},"success":${!message.error}` +
        (message.data ? `,${dataMembers(message.data)}` : '') +
        (message.error ? `,"error":${JSON.stringify(message.error)}}` : '}')
      );
    case 'streamAck':
      return (
        `{"type":"streamAck","streamId":${JSON.stringify(message.streamId)},` +
        `"expectedSequenceId":${message.expectedSequenceId}}`
      );
    case 'streamNack':
      return (
        `{"type":"streamNack","streamId":${JSON.stringify(message.streamId)},"name":"${message.name}",` +
        `"message":${JSON.stringify(message.message)},"expectedSequenceId":${message.expectedSequenceId}}`
      );
    case 'streamClosed':
      return JSON.stringify({ type: 'streamClosed', streamId: message.streamId, error: message.error });
    case 'groupStateSnapshot':
    case 'groupStateUpdate':
      return encodeGroupState(message);
  }
}

/** JSON is embedded as it came. */
function dataMembers(data: MessageData): string {
  switch (data.kind) {
    case 'text':
      return `"dataType":"text","data":${JSON.stringify(data.text)}`;
    case 'json':
      return `"dataType":"json","data":${data.json}`;
    case 'binary':
    case 'protobuf':
      return `"dataType":"${data.kind}","data":"${toBase64(data.bytes)}"`;
  }
}

function metadataMember(metadata: MessageMetadata | undefined): string {
  return metadata && Object.keys(metadata).length > 0 ? `,"metadata":${JSON.stringify(metadata)}` : '';
}

function streamMember(stream: StreamPosition | undefined): string {
  if (!stream) return '';
  return (
    `,"stream":{"streamId":${JSON.stringify(stream.streamId)},"streamSequenceId":${stream.sequenceId}` +
    (stream.endOfStream ? ',"endOfStream":true' : '') +
    (stream.error ? `,"error":${JSON.stringify(stream.error)}}` : '}')
  );
}

function encodeGroupState(message: GroupStateMessage): string {
  return JSON.stringify({ type: message.kind, group: message.group, items: message.items });
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
