import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { clearTimeout, setTimeout } from 'node:timers';
import { WebSocketServer, type ServerOptions } from 'ws';
import type { Clock } from '../core/clock.js';
import { ClientSocket, type ClientSocketListener } from './client-socket.js';
import { ServiceWebSocket } from './service-web-socket.js';
import { SocketFlusher } from '../frames/socket-flusher.js';

export interface AcceptOptions {
  /** Answered as given, offered or not; undefined: the answer names none. */
  readonly subprotocol: string | undefined;
  readonly listener: ClientSocketListener;
  readonly keepAliveIntervalMs: () => number;
}

const CLOSE_TIMEOUT_MS = 5_000;
/** When the emulator closes, a client has this long to shake hands. */
const SHUTDOWN_GRACE_MS = 250;

/** Turns upgrade requests into client sockets, and knows those that are open. */
export class SocketAcceptor {
  readonly #server: WebSocketServer;
  readonly #flusher = new SocketFlusher();
  readonly #sockets = new Set<ClientSocket>();
  readonly #subprotocols = new WeakMap<IncomingMessage, string>();

  constructor(
    private readonly clock: Clock,
    maxFrameBytes: number,
  ) {
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      WebSocket: ServiceWebSocket,
      maxPayload: maxFrameBytes,
      // Compression would be done for each receiver of a fan-out anew.
      perMessageDeflate: false,
      closeTimeout: CLOSE_TIMEOUT_MS,
      handleProtocols: (_offered, request) => this.#subprotocols.get(request) ?? false,
    } as ServerOptions);
    this.#server.on('headers', (headers, request) => {
      const subprotocol = this.#subprotocols.get(request);
      // ws answers with a name only where the client has offered some.
      if (subprotocol === undefined || request.headers['sec-websocket-protocol'] !== undefined) return;
      headers.push(`Sec-WebSocket-Protocol: ${subprotocol}`);
    });
  }

  /** Undefined: the client had gone; nothing is left open. */
  accept(request: IncomingMessage, transport: Duplex, head: Buffer, options: AcceptOptions): ClientSocket | undefined {
    const { subprotocol, listener, keepAliveIntervalMs } = options;
    if (subprotocol !== undefined) this.#subprotocols.set(request, subprotocol);
    let accepted: ClientSocket | undefined;
    this.#server.handleUpgrade(request, transport, head, (webSocket) => {
      accepted = new ClientSocket(
        webSocket,
        transport,
        { clock: this.clock, flusher: this.#flusher, keepAliveIntervalMs },
        listener,
      );
    });
    if (!accepted) {
      transport.destroy();
      return undefined;
    }
    const socket = accepted;
    this.#sockets.add(socket);
    void socket.closed.then(() => this.#sockets.delete(socket));
    // It may have been paused while its handshake waited.
    transport.resume();
    return socket;
  }

  /** Resolves when every socket is closed; those that do not answer are cut off. */
  async close(): Promise<void> {
    const sockets = [...this.#sockets];
    const closed = Promise.all(sockets.map((socket) => socket.closed));
    let timer: NodeJS.Timeout | undefined;
    // Real time, whatever the emulator's clock says: closing must not wait for it.
    const grace = new Promise<void>((resolve) => (timer = setTimeout(resolve, SHUTDOWN_GRACE_MS)));
    await Promise.race([closed, grace]);
    clearTimeout(timer);
    for (const socket of sockets) socket.drop();
    await closed;
    this.#server.close();
  }
}
