import type { WebSocket } from 'ws';
import type { TunnelMessage, TunnelResponseMessage } from '../../protocol/tunnel-message.js';
import { decodeTunnelMessage, encodeTunnelMessage, TunnelMessageError } from '../../protocol/tunnel-message.codec.js';
import type { ScheduledCall } from '../core/clock.js';
import {
  MAX_UPSTREAM_ANSWER_BYTES,
  UpstreamUnreachableError,
  type UpstreamRequest,
  type UpstreamResponse,
} from '../core/upstream-transport.js';
import type { EmulatorContext } from '../emulator-context.js';
import { fromTunnelHeaders, toTunnelHeaders } from './tunnel-headers.js';
import type { TunnelIdentity } from './tunnel-identity.js';

/** Between two pings; a tool that has not answered the last one by the next is gone [assumed]. */
const PING_INTERVAL_MS = 20_000;

interface PendingRequest {
  /** The parts that came, when there are several [tunnel 5.2]. */
  readonly parts: TunnelResponseMessage[];
  receivedBytes: number;
  resolve(response: UpstreamResponse): void;
  reject(error: UpstreamUnreachableError): void;
}

/**
 * One WebSocket of a tunnel tool. It carries any number of requests at a time; answers are matched by their id, in
 * whatever order they come.
 */
export class TunnelConnection {
  readonly connectedAt: number;
  readonly closed: Promise<void>;
  readonly #pending = new Map<number, PendingRequest>();
  #isDraining = false;
  #isAlive = true;
  #hasWarned = false;
  #nextPing?: ScheduledCall;

  constructor(
    readonly identity: TunnelIdentity,
    private readonly socket: WebSocket,
    private readonly context: EmulatorContext,
    /** Ids are taken from one source for all tunnels: a tool may answer on the successor of a lost connection. */
    private readonly takeAckId: () => number,
  ) {
    this.connectedAt = context.clock.now();
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#nextPing?.cancel();
        this.#failPending('The tunnel was lost before the answer came.');
        resolve();
      });
    });
    socket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => (this.#isAlive = true));
    // A fault of the WebSocket protocol; `close` follows.
    socket.on('error', (error) => this.#warn(`broke the WebSocket protocol: ${error.message}`));
    this.#scheduleNextPing();
    this.send({ kind: 'connected', connectionId: identity.connectionId, userId: identity.serverId });
  }

  /** Whether it may be given a new request: a tool that was told to go elsewhere drops what it has not answered. */
  get isOpen(): boolean {
    return !this.#isDraining && this.isConnected;
  }

  get isConnected(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  get pendingRequests(): number {
    return this.#pending.size;
  }

  send(message: TunnelMessage): void {
    if (!this.isConnected) return;
    if (message.kind === 'reconnect' || message.kind === 'close') this.#isDraining = true;
    this.socket.send(encodeTunnelMessage(message));
  }

  /** Rejects with an UpstreamUnreachableError, or with the signal's reason. */
  request(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamResponse> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const ackId = this.takeAckId();
      // Before anything waits for the answer: what cannot be encoded rejects, and leaves nothing behind.
      this.send({
        kind: 'httpRequest',
        ackId,
        method: request.method,
        url: request.url,
        headers: toTunnelHeaders(request.headers),
        content: request.body,
      });
      const settle = (): void => {
        this.#pending.delete(ackId);
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        settle();
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#pending.set(ackId, {
        parts: [],
        receivedBytes: 0,
        resolve(response) {
          settle();
          resolve(response);
        },
        reject(error) {
          settle();
          reject(error);
        },
      });
    });
  }

  /** Tells the tool not to come back, and closes the socket. */
  dismiss(message: string): void {
    this.send({ kind: 'close', message });
    this.close();
  }

  /** Closes the socket; the tool comes back, and finds whoever is there then [tunnel 7]. */
  close(): void {
    this.socket.close(1001, 'going away');
  }

  terminate(): void {
    this.socket.terminate();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (!isBinary) {
      this.#warn('sent a text frame');
      return;
    }
    try {
      this.#handle(decodeTunnelMessage(data));
    } catch (error) {
      // Nothing a tool sends may get further than this.
      const problem = error instanceof Error ? error.message : String(error);
      this.#warn(`sent a message that cannot be read: ${problem}`);
      if (error instanceof TunnelMessageError && error.ackId !== undefined) {
        this.#fail(error.ackId, `The tunnel's answer cannot be read: ${problem}.`, false);
      }
    }
  }

  #handle(message: TunnelMessage): void {
    switch (message.kind) {
      case 'httpResponse':
        this.#accept(message);
        return;
      case 'httpRequest':
        // [tunnel 9] answered, so that the server does not wait
        this.#warn(
          'calls REST over the tunnel, as Socket.IO servers do; the emulator has no Socket.IO, and answers 501',
        );
        this.send({
          kind: 'httpResponse',
          ackId: message.ackId,
          statusCode: 501,
          headers: { 'Content-Type': ['text/plain; charset=utf-8'] },
          content: Buffer.from('The emulator takes no requests over the tunnel: it has no Socket.IO.'),
          isIncomplete: false,
          localRouting: message.localRouting,
          channelName: message.channelName,
        });
        return;
      default:
        this.#warn(`sent a message of a kind only the service sends: ${message.kind}`);
    }
  }

  #accept(message: TunnelResponseMessage): void {
    const pending = this.#pending.get(message.ackId);
    // Too late, or a repetition: nobody waits for it any more.
    if (!pending) return;
    pending.parts.push(message);
    pending.receivedBytes += message.content?.length ?? 0;
    if (pending.receivedBytes > MAX_UPSTREAM_ANSWER_BYTES) {
      this.#fail(message.ackId, `Upstream's answer is larger than ${MAX_UPSTREAM_ANSWER_BYTES} bytes.`, false);
    } else if (!message.isIncomplete) {
      // [tunnel 5.2] status and headers count from the first part
      const { statusCode, headers } = pending.parts[0] ?? message;
      pending.resolve({
        status: statusCode,
        headers: fromTunnelHeaders(headers),
        body: Buffer.concat(pending.parts.flatMap((part) => (part.content ? [part.content] : []))),
      });
    }
  }

  #fail(ackId: number, message: string, isRetryable: boolean): void {
    this.#pending.get(ackId)?.reject(new UpstreamUnreachableError(message, { isRetryable }));
  }

  #failPending(message: string): void {
    for (const ackId of [...this.#pending.keys()]) this.#fail(ackId, message, true);
  }

  #scheduleNextPing(): void {
    this.#nextPing = this.context.clock.schedule(PING_INTERVAL_MS, () => {
      if (!this.#isAlive) {
        this.#warn('did not answer a ping');
        this.terminate();
        return;
      }
      this.#isAlive = false;
      if (this.isConnected) this.socket.ping();
      this.#scheduleNextPing();
    });
  }

  /** The first fault of a connection is worth a warning; the rest would only fill the log. */
  #warn(fault: string): void {
    const { logger } = this.context;
    const line = `The tunnel ${this.identity.connectionId} of hub ${this.identity.hub} ${fault}.`;
    if (this.#hasWarned) logger.debug?.(line);
    else logger.warn(line);
    this.#hasWarned = true;
  }
}
