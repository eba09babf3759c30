import type { MessageData } from './message-data.js';
import type { SequencedMessage, ServiceMessage } from './service-message.js';
import type {
  ClientMessageDecoder,
  DecodedClientMessage,
  SequencedFrame,
  ServiceMessageEncoder,
  WireFrame,
} from './subprotocol-codec.js';

/** What the frames of a client without a subprotocol of the service mean [client-websocket 4]. */
export type SimpleClientMode =
  { readonly kind: 'sendEvent' } | { readonly kind: 'sendToGroup'; readonly group: string; readonly noEcho: boolean };

/** The name of the user event that a simple client's frame becomes. */
export const SIMPLE_CLIENT_EVENT = 'message';

/** Reads bare frames: the whole frame is the payload, and the mode says where it goes. */
export function createSimpleDecoder(mode: SimpleClientMode): ClientMessageDecoder {
  return {
    decode(payload: Uint8Array, isBinary: boolean): DecodedClientMessage {
      const data: MessageData = isBinary
        ? { kind: 'binary', bytes: payload }
        : { kind: 'text', text: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString() };
      return {
        kind: 'message',
        message:
          mode.kind === 'sendEvent'
            ? { kind: 'sendEvent', event: SIMPLE_CLIENT_EVENT, data }
            : { kind: 'sendToGroup', group: mode.group, noEcho: mode.noEcho, data },
      };
    },
  };
}

/** Writes bare frames: payloads alone, without envelope or metadata; acks and system messages have no form. */
export const simpleEncoder: ServiceMessageEncoder = {
  encode(message: ServiceMessage): WireFrame | undefined {
    if (message.kind !== 'groupData' && message.kind !== 'serverData') return undefined;
    // The end of a group stream carries no payload.
    if (message.kind === 'groupData' && message.stream?.endOfStream) return undefined;
    return encodePayload(message.data);
  },

  encodeSequenced(_message: SequencedMessage): SequencedFrame | undefined {
    return undefined;
  },
};

function encodePayload(data: MessageData): WireFrame {
  switch (data.kind) {
    case 'text':
      return { isBinary: false, payload: Buffer.from(data.text) };
    case 'json':
      return { isBinary: false, payload: Buffer.from(data.json) };
    case 'binary':
    case 'protobuf':
      return { isBinary: true, payload: data.bytes };
  }
}
