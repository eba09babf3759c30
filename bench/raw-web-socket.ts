import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const END_OF_HEAD = '\r\n\r\n';

export type Opcode = 1 | 2;

/** A WebSocket client that counts frames instead of reading them, so that a thousand of them fit on one core. */
export class RawWebSocket {
  /** Text and binary frames received so far. */
  frames = 0;
  onFrame: (socket: RawWebSocket) => void = () => {};
  #rest: Buffer | undefined;
  /** Bytes of the current frame still to come. */
  #pending = 0;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  static open(port: number, path: string, subprotocol?: string): Promise<RawWebSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let head = Buffer.alloc(0);
      const read = (chunk: Buffer): void => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf(END_OF_HEAD);
        if (end < 0) return;
        socket.off('data', read);
        if (!head.toString('latin1', 0, 12).endsWith('101')) {
          reject(new Error(head.toString()));
          return;
        }
        const client = new RawWebSocket(socket);
        if (head.length > end + 4) client.#read(head.subarray(end + 4));
        resolve(client);
      };
      socket.on('data', read);
      socket.once('error', reject);
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
    this.socket.write(Buffer.concat(Array.from({ length: count }, () => maskedFrame(opcode, payload))));
  }

  close(): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    let data = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = undefined;
    while (data.length > 0) {
      if (this.#pending > 0) {
        const taken = Math.min(this.#pending, data.length);
        this.#pending -= taken;
        data = data.subarray(taken);
        continue;
      }
      const short = data.length < 2 ? 0 : data[1] & 0x7f;
      const headLength = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (data.length < headLength) {
        this.#rest = data;
        return;
      }
      this.#pending = short === 126 ? data.readUInt16BE(2) : short === 127 ? Number(data.readBigUInt64BE(2)) : short;
      const opcode = data[0] & 0x0f;
      data = data.subarray(headLength);
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
