import { randomBytes } from 'node:crypto';
import { RawConnection, type WireAnswer } from './raw-http.js';

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameOptions {
  readonly isFinal?: boolean;
  /** Clients must mask [RFC 6455 5.1]. */
  readonly isMasked?: boolean;
  /** 4 is RSV1, 2 is RSV2, 1 is RSV3. */
  readonly reserved?: number;
  /** In the place of the payload's own length, always in 64 bits. */
  readonly declaredLength?: bigint;
}

/** A frame of a client as bytes, right or wrong [RFC 6455 5.2]. */
export function frameBytes(opcode: number, payload: string | Uint8Array = '', options: FrameOptions = {}): Buffer {
  const { isFinal = true, isMasked = true, reserved = 0, declaredLength } = options;
  const bytes = Buffer.from(payload as string);
  const first = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode;
  const maskBit = isMasked ? 0x80 : 0;
  let head: Buffer;
  if (declaredLength !== undefined || bytes.length > 0xffff) {
    head = Buffer.alloc(10);
    head[1] = maskBit | 127;
    head.writeBigUInt64BE(declaredLength ?? BigInt(bytes.length), 2);
  } else if (bytes.length > 125) {
    head = Buffer.alloc(4);
    head[1] = maskBit | 126;
    head.writeUInt16BE(bytes.length, 2);
  } else {
    head = Buffer.from([0, maskBit | bytes.length]);
  }
  head[0] = first;
  if (!isMasked) return Buffer.concat([head, bytes]);
  const mask = Buffer.from([1, 2, 3, 4]);
  return Buffer.concat([head, mask, bytes.map((byte, index) => byte ^ mask[index % 4])]);
}

export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The code and reason of a close frame. */
export function closeOf({ opcode, payload }: ServerFrame): { code: number; reason: string } {
  if (opcode !== OPCODES.close) throw new Error(`opcode ${opcode} is no close frame`);
  return { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
}

/** The request that opens a WebSocket, as bytes. */
export function handshakeBytes(url: string, subprotocol: string | undefined, more: readonly string[] = []): Buffer {
  const { host, pathname, search } = new URL(url);
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
    ...more,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/** A WebSocket client that says what no library would. */
export class RawWebSocket {
  private constructor(
    readonly connection: RawConnection,
    readonly answer: WireAnswer,
  ) {}

  static async open(port: number, handshake: Uint8Array): Promise<RawWebSocket> {
    const connection = await RawConnection.open(port);
    const answer = await connection.write(handshake).answer();
    if (answer?.status !== 101) throw new Error(`The handshake was answered with ${JSON.stringify(answer)}`);
    return new RawWebSocket(connection, answer);
  }

  write(bytes: Uint8Array): this {
    this.connection.write(bytes);
    return this;
  }

  /** The next frame; undefined when the connection was closed instead. */
  async next(): Promise<ServerFrame | undefined> {
    const head = await this.connection.bytes(2);
    if (head.length < 2) return undefined;
    let length = head[1];
    if (length === 126) length = (await this.connection.bytes(2)).readUInt16BE(0);
    else if (length === 127) length = Number((await this.connection.bytes(8)).readBigUInt64BE(0));
    return { opcode: head[0] & 0x0f, payload: await this.connection.bytes(length) };
  }

  /** All frames until the server closes the connection. */
  async framesUntilClosed(): Promise<ServerFrame[]> {
    const frames: ServerFrame[] = [];
    for (let frame = await this.next(); frame; frame = await this.next()) frames.push(frame);
    return frames;
  }
}
