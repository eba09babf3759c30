import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { decode } from '@msgpack/msgpack';
import jwt from 'jsonwebtoken';
import { WebSocket } from 'ws';

/** A message of the service, taken apart with no help from the code under test. */
export interface ReceivedTunnelMessage {
  readonly type: number;
  readonly json: string;
  readonly fields: Record<string, unknown>;
  readonly content: Uint8Array | null;
}

export interface TunnelClientOptions {
  /** `http://localhost:PORT`. */
  readonly endpoint: string;
  readonly hub: string;
  readonly accessKey: string;
  readonly serverId?: string;
  readonly target?: string;
  /** Overrides the audience of the token. */
  readonly audience?: string;
  /** Overrides the token; null: none. */
  readonly token?: string | null;
  /** Seconds from now in which the token expires. */
  readonly expiresIn?: number;
  readonly answersPings?: boolean;
}

export interface TunnelAnswer {
  readonly status: number;
  readonly headers?: Record<string, string[]>;
  readonly body?: string | Uint8Array;
  readonly notCompleted?: boolean;
}

/** The socket and the bytes of the `awps-tunnel` tool [tunnel 2, 3, 5.2], answering as the test says. */
export class TunnelClient {
  readonly #received: ReceivedTunnelMessage[] = [];
  readonly #waiting: ((message: ReceivedTunnelMessage) => void)[] = [];
  readonly closed: Promise<number>;
  pings = 0;
  #tcp?: Socket;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) throw new Error('a text frame stops the tool');
      const message = readMessage(data);
      const waiting = this.#waiting.shift();
      if (waiting) waiting(message);
      else this.#received.push(message);
    });
    socket.once('upgrade', (response) => (this.#tcp = response.socket));
    socket.on('ping', () => this.pings++);
    this.closed = new Promise((resolve) => socket.once('close', resolve));
  }

  /** Rejects with the status of a refused upgrade in the message. */
  static async open(options: TunnelClientOptions): Promise<TunnelClient> {
    const url = `${options.endpoint.replace(/^http/, 'ws')}/server/tunnel?hub=${encodeURIComponent(options.hub)}${
      options.target === undefined ? '' : `&target=${encodeURIComponent(options.target)}`
    }`;
    const token =
      options.token === undefined
        ? jwt.sign({ sub: options.serverId ?? randomUUID() }, options.accessKey, {
            audience: options.audience ?? url,
            expiresIn: options.expiresIn ?? 3600,
            algorithm: 'HS256',
          })
        : options.token;
    const socket = new WebSocket(token === null ? url : `${url}&access_token=${token}`, {
      autoPong: options.answersPings ?? true,
    });
    const client = new TunnelClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** As `open`, and takes the service's first message. */
  static async connect(options: TunnelClientOptions): Promise<TunnelClient> {
    const client = await TunnelClient.open(options);
    const { type } = await client.next();
    if (type !== 10) throw new Error(`type ${type} came before type 10`);
    return client;
  }

  next(): Promise<ReceivedTunnelMessage> {
    const message = this.#received.shift();
    if (message) return Promise.resolve(message);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  get unread(): number {
    return this.#received.length;
  }

  /** An answer in the field order of the tool. */
  answer(request: ReceivedTunnelMessage, answer: TunnelAnswer): void {
    const { AckId, LocalRouting, ChannelName } = request.fields;
    const fields = {
      AckId,
      LocalRouting,
      StatusCode: answer.status,
      ChannelName,
      NotCompleted: answer.notCompleted ?? false,
      Headers: answer.headers ?? {},
      Type: 2,
    };
    this.socket.send(writeMessage(2, JSON.stringify(fields), Buffer.from(answer.body ?? '')));
  }

  send(type: number, fields: Record<string, unknown>, content: Uint8Array | null = null): void {
    this.socket.send(writeMessage(type, JSON.stringify(fields), content));
  }

  /** Writes below the WebSocket. */
  writeRaw(bytes: Uint8Array): void {
    this.#tcp?.write(bytes);
  }

  /** Breaks the TCP connection. */
  drop(): void {
    this.socket.terminate();
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}

function readMessage(data: Buffer): ReceivedTunnelMessage {
  if (data.readUInt32LE(0) !== data.length - 4) throw new Error('the length prefix is wrong');
  const [type, json, content] = decode(data.subarray(4)) as [number, string, Uint8Array | null];
  return { type, json, fields: JSON.parse(json) as Record<string, unknown>, content };
}

/** MessagePack written by hand: an array of three, a small integer, a text, bytes or nil. */
function writeMessage(type: number, json: string, content: Uint8Array | null): Buffer {
  const text = Buffer.from(json, 'utf8');
  const body = Buffer.concat([
    Buffer.from([0x93, type]),
    lengthed(0xd9, text),
    content === null ? Buffer.from([0xc0]) : lengthed(0xc4, content),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
}

function lengthed(marker: number, bytes: Uint8Array): Buffer {
  let head: Buffer;
  if (bytes.length <= 0xff) head = Buffer.from([marker, bytes.length]);
  else if (bytes.length <= 0xffff) {
    head = Buffer.from([marker + 1, 0, 0]);
    head.writeUInt16BE(bytes.length, 1);
  } else {
    head = Buffer.from([marker + 2, 0, 0, 0, 0]);
    head.writeUInt32BE(bytes.length, 1);
  }
  return Buffer.concat([head, bytes]);
}
