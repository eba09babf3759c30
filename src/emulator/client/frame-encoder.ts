import type { SequencedMessage, ServiceMessage } from '../../protocol/service-message.js';
import type { SequencedFrame, ServiceMessageEncoder } from '../../protocol/subprotocol-codec.js';
import { frameMessage, type OutboundFrame } from '../frames/outbound-frame.js';

/** A message encoded but for the number it has on each connection. */
export class NumberedFrame {
  readonly byteLength: number;
  // In a fan-out, connections that have been members for equally long have reached the same number.
  readonly #frames = new Map<number, OutboundFrame>();

  constructor(
    private readonly frame: SequencedFrame,
    readonly expiresAt: number | undefined,
  ) {
    this.byteLength = frame.partsWith(1).reduce((sum, part) => sum + part.length, 0);
  }

  with(sequenceId: number): OutboundFrame {
    let numbered = this.#frames.get(sequenceId);
    if (!numbered) {
      numbered = frameMessage(this.frame.partsWith(sequenceId), this.frame.isBinary, this.expiresAt);
      this.#frames.set(sequenceId, numbered);
    }
    return numbered;
  }

  /** The fan-out is over; what was framed for it is not needed again. */
  forgetFrames(): void {
    this.#frames.clear();
  }
}

/**
 * Encodes messages into frames, each data message once however many receivers it has. A fan-out hands the same message
 * object to one connection after the other, so remembering the last one is enough.
 */
export class FrameEncoder {
  #last?: { readonly message: ServiceMessage; readonly frame: OutboundFrame | undefined };
  #lastNumbered?: { readonly message: SequencedMessage; readonly frame: NumberedFrame | undefined };

  constructor(private readonly encoder: ServiceMessageEncoder) {}

  /** Undefined: the subprotocol has no form for the message. */
  encode(message: ServiceMessage): OutboundFrame | undefined {
    if (this.#last?.message === message) return this.#last.frame;
    const encoded = this.encoder.encode(message);
    const frame = encoded && frameMessage([encoded.payload], encoded.isBinary, expiryOf(message));
    this.#last = { message, frame };
    return frame;
  }

  encodeNumbered(message: SequencedMessage): NumberedFrame | undefined {
    if (this.#lastNumbered?.message === message) return this.#lastNumbered.frame;
    this.#lastNumbered?.frame?.forgetFrames();
    const encoded = this.encoder.encodeSequenced(message);
    const frame = encoded && new NumberedFrame(encoded, expiryOf(message));
    this.#lastNumbered = { message, frame };
    return frame;
  }
}

function expiryOf(message: ServiceMessage): number | undefined {
  return message.kind === 'groupData' || message.kind === 'serverData' ? message.expiresAt : undefined;
}
