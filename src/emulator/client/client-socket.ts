import type { Duplex } from 'node:stream';
import type { Clock, ScheduledCall } from '../core/clock.js';
import { fitCloseReason } from '../frames/close-frame.js';
import { FrameQueue } from '../frames/frame-queue.js';
import { holdSocket } from '../frames/hold-socket.js';
import type { OutboundFrame } from '../frames/outbound-frame.js';
import { roundTrip } from '../frames/round-trip.js';
import type { SocketFlusher } from '../frames/socket-flusher.js';
import { CLOSES, type CloseReason } from './close-reasons.js';
import type { ServiceWebSocket } from './service-web-socket.js';

/** Who ended a socket: the client by a close frame, the network without one, the service for a frame it cannot accept. */
export type LossCause = 'client' | 'network' | 'service';

/** Who hears of a socket. */
export interface ClientSocketListener {
  onFrame(payload: Buffer, isBinary: boolean): void;
  /** Once, when the socket can carry nothing any more; not after `close` or `drop`. Code 1005: closed without a code. */
  onLost(close: CloseReason, cause: LossCause): void;
}

export interface ClientSocketOptions {
  readonly clock: Clock;
  readonly flusher: SocketFlusher;
  /** Between pings; asked each time, since the hub's settings may change. */
  readonly keepAliveIntervalMs: () => number;
}

/** At most this many messages, and this many bytes, wait for a client that does not read [client-websocket 12]. */
const MAX_QUEUED_FRAMES = 1_000;
const MAX_QUEUED_BYTES = 16 * 1024 * 1024;
/** Pending frames are written at once when there are so many, so that a burst is no slow client. */
const EAGER_FLUSH_FRAMES = 128;
/** How long a closing socket may take to send what is pending and to shake hands [client-websocket 11]. */
const CLOSE_TIMEOUT_MS = 5_000;
/** [assumed] Pings in a row that may stay without any sign of life. */
const MAX_MISSED_PINGS = 2;

/** One WebSocket of a client: an ordered, bounded queue of frames out, frames in, pings, and the end of it. */
export class ClientSocket {
  readonly #queue: FrameQueue;
  #isOver = false;
  #closeTimer?: ScheduledCall;
  #pingTimer?: ScheduledCall;
  #missedPings = 0;
  readonly #closed: Promise<void>;

  constructor(
    private readonly webSocket: ServiceWebSocket,
    transport: Duplex,
    private readonly options: ClientSocketOptions,
    private readonly listener: ClientSocketListener,
  ) {
    webSocket.on('message', (payload: Buffer, isBinary: boolean) => {
      this.#missedPings = 0;
      if (!this.#isOver) listener.onFrame(payload, isBinary);
    });
    webSocket.on('pong', () => (this.#missedPings = 0));
    webSocket.on('error', () => {
      if (webSocket.refusal) this.#lose(webSocket.refusal, 'service');
    });
    this.#closed = new Promise((resolve) => {
      webSocket.on('close', (code: number, reason: Buffer) => {
        this.#lose({ code, reason: reason.toString() }, code === 1006 ? 'network' : 'client');
        this.#release();
        resolve();
      });
    });
    this.#queue = new FrameQueue(transport, options.flusher, options.clock);
    webSocket.on('closing', () => this.#queue.end());
    this.#scheduleNextPing();
  }

  /** Resolves when the TCP socket is closed. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** False: the queue is full, and the frame is lost. */
  send(frame: OutboundFrame): boolean {
    if (this.#isOver) return true;
    const queue = this.#queue;
    if (queue.length >= EAGER_FLUSH_FRAMES) queue.flush();
    if (queue.length >= MAX_QUEUED_FRAMES || queue.byteLength + frame.byteLength > MAX_QUEUED_BYTES) return false;
    queue.push(frame);
    return true;
  }

  /** Sends what is pending, then the close frame. The listener hears nothing more. */
  close(close: CloseReason): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // The client's answer to the close frame is behind what it sent before.
    this.resumeReading();
    this.#beginClose(close);
  }

  /** Forgets what is pending, so that the close frame is the next thing a client that does not read will find. */
  discardQueue(): void {
    this.#queue.clear();
  }

  /**
   * Resolves when the client has had all that was sent to it, and what it sent before it knew has been handed to the
   * listener; at once when the socket is held or over.
   */
  roundTrip(): Promise<void> {
    if (this.#queue.isHeld || this.#isOver) return Promise.resolve();
    this.#queue.flush();
    return roundTrip(this.webSocket);
  }

  /** Cuts the TCP connection without a close frame; the listener hears nothing of it. */
  drop(): void {
    this.#isOver = true;
    this.webSocket.terminate();
  }

  /** Fault switch, see ConnectionOutlet. */
  hold(onGone: () => void): () => void {
    return holdSocket(this.webSocket, this.#queue, onGone);
  }

  /** A client that sends faster than it is served waits in its own network buffers. */
  pauseReading(): void {
    this.webSocket.pause();
  }

  resumeReading(): void {
    this.webSocket.resume();
  }

  /** The close frame waits for what is pending, and while the socket is held. */
  #beginClose({ code, reason }: CloseReason): void {
    this.#closeTimer = this.options.clock.schedule(CLOSE_TIMEOUT_MS, () => this.webSocket.terminate());
    this.#queue.whenWritten(() => this.webSocket.close(code, fitCloseReason(reason)));
  }

  #lose(close: CloseReason, cause: LossCause): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.listener.onLost(close, cause);
  }

  #scheduleNextPing(): void {
    this.#pingTimer = this.options.clock.schedule(this.options.keepAliveIntervalMs(), () => this.#ping());
  }

  #ping(): void {
    if (this.#isOver || this.webSocket.readyState !== this.webSocket.OPEN) return;
    // While reading is paused for the client's own haste, its pongs wait too.
    if (this.webSocket.isPaused) this.#missedPings = 0;
    if (this.#missedPings >= MAX_MISSED_PINGS) {
      this.#lose(CLOSES.pingTimeout, 'network');
      this.discardQueue();
      this.#beginClose(CLOSES.pingTimeout);
      return;
    }
    this.#missedPings++;
    this.webSocket.ping();
    this.#scheduleNextPing();
  }

  #release(): void {
    this.#closeTimer?.cancel();
    this.#pingTimer?.cancel();
    this.#queue.end();
  }
}
