import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const END_OF_HEAD = '\r\n\r\n';
/** All sockets read into the same memory: what arrives is counted before the next one reads. */
const READ_BUFFER = Buffer.alloc(256 * 1024);

export type Opcode = 1 | 2;

/** A WebSocket client that counts frames instead of reading them, so that a thousand of them fit on one core. */
export class RawWebSocket {
  /** Text and binary frames received so far. */
  frames = 0;
  onFrame: (socket: RawWebSocket) => void = () => {};
  onClose: () => void = () => {};
  #socket: Socket | undefined;
  #rest: Buffer | undefined;
  /** Bytes of the current frame still to come. */
  #pending = 0;

  private constructor() {}

  static open(port: number, path: string, subprotocol?: string): Promise<RawWebSocket> {
    return new Promise((resolve, reject) => {
      const client = new RawWebSocket();
      let head: Buffer | undefined = Buffer.alloc(0);
      const readHead = (chunk: Buffer): void => {
        head = Buffer.concat([head!, chunk]);
        const end = head.indexOf(END_OF_HEAD);
        if (end < 0) return;
        if (!head.toString('latin1', 0, 12).endsWith('101')) {
          reject(new Error(head.toString()));
          return;
        }
        const frames = head.subarray(end + 4);
        head = undefined;
        client.#read(frames, frames.length);
        resolve(client);
      };
      const socket = connect({
        ...{ port, host: '127.0.0.1', noDelay: true },
        onread: {
          buffer: READ_BUFFER,
          callback: (length) => {
            if (head) readHead(READ_BUFFER.subarray(0, length));
            else client.#read(READ_BUFFER, length);
            return true;
          },
        },
      });
      client.#socket = socket;
      socket.once('error', reject);
      socket.once('close', () => client.onClose());
      socket.write(
        [
          `GET ${path} HTTP/1.1`,
          `Host: 127.0.0.1:${port}`,
          'Upgrade: websocket',
          'Connection: Upgrade',
          'Sec-WebSocket-Version: 13',
          `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
          ...(subprotocol ? [`Sec-WebSocket-Protocol: ${subprotocol}`] : []),
          '',
          '',
        ].join('\r\n'),
      );
    });
  }

  /** Several frames of the same content in one write. */
  send(opcode: Opcode, payload: Uint8Array, count = 1): void {
    this.#socket!.write(Buffer.concat(Array.from({ length: count }, () => maskedFrame(opcode, payload))));
  }

  close(): void {
    this.#socket!.destroy();
  }

  #read(data: Buffer, length: number): void {
    if (this.#rest) {
      data = Buffer.concat([this.#rest, data.subarray(0, length)]);
      length = data.length;
      this.#rest = undefined;
    }
    let at = Math.min(this.#pending, length);
    this.#pending -= at;
    while (at < length) {
      const short = at + 1 < length ? data[at + 1] & 0x7f : 0;
      const headLength = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (at + headLength > length) {
        this.#rest = Buffer.from(data.subarray(at, length));
        return;
      }
      const opcode = data[at] & 0x0f;
      const payloadLength =
        short === 126 ? data.readUInt16BE(at + 2) : short === 127 ? Number(data.readBigUInt64BE(at + 2)) : short;
      at += headLength + payloadLength;
      if (at > length) {
        this.#pending = at - length;
        at = length;
      }
      if (opcode !== 1 && opcode !== 2) continue;
      this.frames++;
      this.onFrame(this);
    }
  }
}

function maskedFrame(opcode: Opcode, payload: Uint8Array): Buffer {
  const long = payload.length > 125;
  const frame = Buffer.alloc((long ? 8 : 6) + payload.length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (long ? 126 : payload.length);
  if (long) frame.writeUInt16BE(payload.length, 2);
  // A mask of zeros leaves the payload as it is.
  frame.set(payload, frame.length - payload.length);
  return frame;
}
