import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach } from '@jest/globals';
import type { RawRequest } from './start-hub-app.js';

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  /** Names in lower case; lines of one name are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const open = new Set<RawConnection>();

/** A TCP connection to an HTTP server, for requests that no HTTP client would send. */
export class RawConnection {
  readonly #closed: Promise<unknown>;
  #received = Buffer.alloc(0);
  #isEnded = false;
  #wake: (() => void)[] = [];

  private constructor(readonly socket: Socket) {
    open.add(this);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#notify();
    });
    socket.on('end', () => this.#end());
    // Not by `once` of node:events, which rejects when the server resets the connection.
    this.#closed = new Promise<void>((resolve) => {
      socket.once('close', () => {
        open.delete(this);
        this.#end();
        resolve();
      });
    });
  }

  static async open(port: number, { host = '127.0.0.1' } = {}): Promise<RawConnection> {
    const socket = connect({ port, host, noDelay: true });
    const connection = new RawConnection(socket);
    await once(socket, 'connect');
    return connection;
  }

  write(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** Each byte in a packet of its own, as far as the system lets it be. */
  async writeByByte(bytes: Uint8Array): Promise<this> {
    for (const byte of bytes) {
      if (this.socket.destroyed) break;
      await new Promise<void>((resolve) => this.socket.write(Uint8Array.of(byte), () => resolve()));
    }
    return this;
  }

  /** What comes stays in the network. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Says that nothing more comes; what comes back is still read. */
  end(): this {
    this.socket.end();
    return this;
  }

  /** Breaks the connection, so that the other side sees an error. */
  reset(): Promise<unknown> {
    this.socket.resetAndDestroy();
    return this.#closed;
  }

  /**
   * The next answer, those with status 1xx included; undefined when the connection was closed instead. That to a HEAD
   * request has no body, whatever its length says.
   */
  async answer({ ofHead = false } = {}): Promise<WireAnswer | undefined> {
    for (;;) {
      const read = readAnswer(this.#received, this.#isEnded, ofHead);
      if (read) {
        this.#received = this.#received.subarray(read.length);
        return read.answer;
      }
      if (this.#isEnded) return undefined;
      await this.#news();
    }
  }

  /** All answers until the server closes the connection. */
  async answersUntilClosed(): Promise<WireAnswer[]> {
    const answers: WireAnswer[] = [];
    for (let answer = await this.answer(); answer; answer = await this.answer()) answers.push(answer);
    return answers;
  }

  /** The next bytes that are there; waits for as many. */
  async bytes(count: number): Promise<Buffer> {
    while (this.#received.length < count && !this.#isEnded) await this.#news();
    const bytes = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(bytes.length);
    return bytes;
  }

  /** Resolves when the server has closed the connection, or this side has. */
  async closed(): Promise<void> {
    await this.#closed;
  }

  /** Whatever came and was not taken. */
  get received(): Buffer {
    return this.#received;
  }

  #news(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #end(): void {
    this.#isEnded = true;
    this.#notify();
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** A request as bytes; `line` and `more` stand in the place of the request line, and after the headers. */
export function requestBytes(
  request: RawRequest,
  { line, more = [] }: { readonly line?: string; readonly more?: readonly string[] } = {},
): Buffer {
  const { method = 'POST', path = '/eventhandler', headers = {}, body } = request;
  const lines = [line ?? `${method} ${path} HTTP/1.1`, 'Host: localhost'];
  for (const [name, value] of Object.entries(headers)) {
    for (const each of [value].flat()) if (each !== undefined) lines.push(`${name}: ${each}`);
  }
  const names = [...Object.keys(headers), ...more].map((name) => name.toLowerCase());
  const isFramed = names.some((name) => /^(content-length|transfer-encoding)/.test(name));
  if (body !== undefined && !isFramed) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  const head = [...lines, ...more].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), Buffer.from(body ?? '')]);
}

function readAnswer(
  bytes: Buffer,
  isEnded: boolean,
  ofHead: boolean,
): { answer: WireAnswer; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [statusLine, ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})( |$)/.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) throw new Error(`no status line: ${JSON.stringify(statusLine)}`);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const start = headEnd + 4;
  const done = (body: Buffer, length: number) => ({ answer: { status, headers, body: body.toString() }, length });
  if (ofHead || status < 200 || status === 204 || status === 304) return done(Buffer.alloc(0), start);
  if (headers['transfer-encoding'] === 'chunked') return readChunks(bytes, start, done);
  const declared = headers['content-length'];
  if (declared === undefined) return isEnded ? done(bytes.subarray(start), bytes.length) : undefined;
  const end = start + Number(declared);
  return bytes.length >= end ? done(bytes.subarray(start, end), end) : undefined;
}

function readChunks<T>(bytes: Buffer, start: number, done: (body: Buffer, length: number) => T): T | undefined {
  const chunks: Buffer[] = [];
  for (let position = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', position);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.subarray(position, lineEnd).toString('latin1'), 16);
    const dataEnd = lineEnd + 2 + size;
    if (bytes.length < dataEnd + 2) return undefined;
    if (size === 0) return done(Buffer.concat(chunks), dataEnd + 2);
    chunks.push(bytes.subarray(lineEnd + 2, dataEnd));
    position = dataEnd + 2;
  }
}

afterEach(async () => {
  const connections = [...open];
  for (const { socket } of connections) socket.destroy();
  await Promise.all(connections.map((connection) => connection.closed()));
});
