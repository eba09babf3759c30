import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket, type ClientOptions } from 'ws';
import { afterEach } from '@jest/globals';
import { signAccessToken, type AccessTokenClaims } from '../../src/protocol/access-token.js';
import { DEFAULT_ACCESS_KEY } from '../../src/emulator/access-keys.js';

export interface ConnectOptions {
  /** Default `chat`. */
  readonly hub?: string;
  readonly userId?: string;
  readonly roles?: readonly string[];
  readonly groups?: readonly string[];
  /** More claims, or others in the place of the ones above. */
  readonly claims?: AccessTokenClaims;
  /** The token itself; null: none. */
  readonly token?: string | null;
  readonly subprotocols?: string | string[];
  readonly query?: Readonly<Record<string, string>> | URLSearchParams;
  /** In the place of `/client/hubs/{hub}`. */
  readonly path?: string;
  readonly webSocket?: ClientOptions;
}

export interface ReceivedFrame {
  readonly payload: Buffer;
  readonly isBinary: boolean;
}

export interface ReceivedClose {
  readonly code: number;
  readonly reason: string;
}

interface Service {
  readonly endpoint: string;
}

export const JSON_SUBPROTOCOL = 'json.webpubsub.azure.v1';
export const JSON_RELIABLE_SUBPROTOCOL = 'json.reliable.webpubsub.azure.v1';

const open = new Set<WebSocketClient>();

/** A WebSocket client without any cleverness: what it receives is taken frame by frame, in order. */
export class WebSocketClient {
  readonly #frames: ReceivedFrame[] = [];
  #wake: (() => void)[] = [];
  #close?: ReceivedClose;

  private constructor(readonly socket: WebSocket) {
    open.add(this);
    socket.on('message', (payload: Buffer, isBinary: boolean) => {
      this.#frames.push({ payload, isBinary });
      this.#notify();
    });
    socket.on('error', () => {});
    socket.on('close', (code: number, reason: Buffer) => {
      this.#close = { code, reason: reason.toString() };
      open.delete(this);
      this.#notify();
    });
  }

  /** Resolves when the handshake is done; rejects with a RefusedHandshake when it is not accepted. */
  static async connect(service: Service, options: ConnectOptions = {}): Promise<WebSocketClient> {
    const socket = new WebSocket(clientUrl(service, options), options.subprotocols ?? [], options.webSocket ?? {});
    const client = new WebSocketClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
        void readText(response).then((body) => reject(new RefusedHandshake(response.statusCode ?? 0, body)));
      });
    });
    return client;
  }

  get subprotocol(): string {
    return this.socket.protocol;
  }

  /** Objects are sent as JSON text, strings as text, bytes as a binary frame. */
  send(message: object | string | Uint8Array): void {
    this.socket.send(typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message));
  }

  async nextFrame(): Promise<ReceivedFrame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame) return frame;
      if (this.#close) throw new Error(`The socket was closed: ${JSON.stringify(this.#close)}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async nextText(): Promise<string> {
    return (await this.nextFrame()).payload.toString();
  }

  /** The next frame as JSON. */
  async next(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.nextText()) as Record<string, unknown>;
  }

  /** Everything that arrives until the answer to a ping, which shows that nothing else is on its way. */
  async untilPong(): Promise<Record<string, unknown>[]> {
    this.send({ type: 'ping' });
    const received = [];
    for (;;) {
      const frame = await this.next();
      if (frame['type'] === 'pong') return received;
      received.push(frame);
    }
  }

  async closed(): Promise<ReceivedClose> {
    while (!this.#close) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.#close;
  }

  /** Frames that have arrived and were not taken. */
  get untaken(): number {
    return this.#frames.length;
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** The answer to a handshake that was not accepted. */
export class RefusedHandshake extends Error {
  constructor(
    readonly status: number,
    readonly body: string,
  ) {
    super(`The handshake was refused with ${status}: ${body}`);
  }
}

/** Connects, and takes the `connected` frame; for the JSON subprotocols. */
export async function connectJsonClient(service: Service, options: ConnectOptions = {}): Promise<JsonClient> {
  const client = await WebSocketClient.connect(service, { subprotocols: JSON_SUBPROTOCOL, ...options });
  const connected = await client.next();
  return Object.assign(client, {
    connectionId: String(connected['connectionId']),
    reconnectionToken: String(connected['reconnectionToken']),
  });
}

export type JsonClient = WebSocketClient & { readonly connectionId: string; readonly reconnectionToken: string };

/** The status and text of a handshake that must be refused. */
export async function refusalOf(connecting: Promise<WebSocketClient>): Promise<{ status: number; body: string }> {
  try {
    await connecting;
  } catch (error) {
    if (error instanceof RefusedHandshake) return { status: error.status, body: error.body };
    throw error;
  }
  throw new Error('The handshake was accepted.');
}

export function clientToken(service: Service, options: ConnectOptions = {}, accessKey = DEFAULT_ACCESS_KEY): string {
  const { hub = 'chat', userId, roles, groups, claims } = options;
  return signAccessToken(
    {
      aud: `${service.endpoint}/client/hubs/${hub}`,
      exp: Math.floor(Date.now() / 1000) + 3600,
      ...(userId !== undefined && { sub: userId }),
      ...(roles && { role: roles }),
      ...(groups && { 'webpubsub.group': groups }),
      ...claims,
    },
    accessKey,
  );
}

export function clientUrl(service: Service, options: ConnectOptions = {}): string {
  const url = new URL(options.path ?? `/client/hubs/${options.hub ?? 'chat'}`, service.endpoint);
  url.protocol = 'ws:';
  const token = options.token === undefined ? clientToken(service, options) : options.token;
  if (token !== null) url.searchParams.set('access_token', token);
  const query = options.query instanceof URLSearchParams ? options.query : Object.entries(options.query ?? {});
  for (const [name, value] of query) url.searchParams.append(name, value);
  return url.href;
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

afterEach(async () => {
  const clients = [...open];
  for (const client of clients) client.socket.terminate();
  await Promise.all(clients.map((client) => client.closed()));
});
