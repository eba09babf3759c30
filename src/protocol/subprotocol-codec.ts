import type { ClientMessage } from './client-message.js';
import type { SequencedMessage, ServiceMessage } from './service-message.js';

/** One WebSocket message as it crosses the wire; text is UTF-8 bytes. */
export interface WireFrame {
  readonly isBinary: boolean;
  readonly payload: Uint8Array;
}

/**
 * A numbered message without its number: what all receivers share is encoded once, and each receiver's frame is put
 * together from it.
 */
export interface SequencedFrame {
  readonly isBinary: boolean;
  /** The pieces of the payload, in order; the large one is the same object for every id. */
  partsWith(sequenceId: number): readonly Uint8Array[];
}

/** What a client sent, or why its socket is closed for it. */
export type DecodedClientMessage =
  | { readonly kind: 'message'; readonly message: ClientMessage }
  | {
      readonly kind: 'violation';
      /** Wrong frame type, or content that is no valid request [client-websocket 11]. */
      readonly closeCode: 1003 | 1007;
      readonly reason: string;
      /** What exactly was wrong: for logs and the inspector, not for the wire. */
      readonly problem: string;
    };

/** Turns frames into client messages; never throws, whatever the frame holds. */
export interface ClientMessageDecoder {
  decode(payload: Uint8Array, isBinary: boolean): DecodedClientMessage;
}

/** Turns service messages into frames. Undefined: the subprotocol has no form for the message, and nothing is sent. */
export interface ServiceMessageEncoder {
  encode(message: ServiceMessage): WireFrame | undefined;
  encodeSequenced(message: SequencedMessage): SequencedFrame | undefined;
}

export interface SubprotocolCodec extends ClientMessageDecoder, ServiceMessageEncoder {}

/** Thrown inside a codec where a request is malformed; it becomes a violation at the codec's edge. */
export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError';
}
