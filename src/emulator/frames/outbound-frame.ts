/** A complete WebSocket frame, ready to be written to any number of sockets. */
export interface OutboundFrame {
  /** One chunk when the frame is small; a large payload stays where it is, behind its header. */
  readonly chunks: readonly Uint8Array[];
  readonly byteLength: number;
  readonly headerLength: number;
  readonly isBinary: boolean;
  /** Epoch milliseconds after which the frame is not worth writing. */
  readonly expiresAt: number | undefined;
}

const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;
const MAX_MERGED_BYTES = 16 * 1024;

/** Frames a message for the way from server to client: one fragment, not masked [RFC 6455 5.2]. */
export function frameMessage(parts: readonly Uint8Array[], isBinary: boolean, expiresAt?: number): OutboundFrame {
  let payloadLength = 0;
  for (const part of parts) payloadLength += part.length;
  const header = frameHeader(payloadLength, isBinary);
  const byteLength = header.length + payloadLength;
  const chunks = byteLength <= MAX_MERGED_BYTES ? [Buffer.concat([header, ...parts], byteLength)] : [header, ...parts];
  return { chunks, byteLength, headerLength: header.length, isBinary, expiresAt };
}

/** What is inside the frame: text, or bytes. */
export function payloadOf({ chunks, headerLength, isBinary }: OutboundFrame): string | Uint8Array {
  const payload = Buffer.concat(chunks).subarray(headerLength);
  return isBinary ? payload : payload.toString();
}

function frameHeader(payloadLength: number, isBinary: boolean): Buffer {
  const first = isBinary ? FINAL_BINARY : FINAL_TEXT;
  if (payloadLength < 126) return Buffer.from([first, payloadLength]);
  if (payloadLength <= 0xffff) return Buffer.from([first, 126, payloadLength >> 8, payloadLength & 0xff]);
  const header = Buffer.alloc(10);
  header[0] = first;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(payloadLength), 2);
  return header;
}
