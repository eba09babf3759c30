import WebSocket from 'ws';
import type { Dialect } from './dialects.js';

/** How often a reliable client says what it has. */
const ACKNOWLEDGE_EVERY = 50;
const RECONNECT_DELAY_MS = 20;

/**
 * One client: counts the numbered messages of its group, raises events and remembers which were answered. A reliable one
 * recovers when its socket is cut; any other connects anew and misses what came in between.
 */
export class SoakClient {
  /** Numbers of the publisher's messages, in the order they came. */
  readonly numbers: number[] = [];
  readonly unanswered = new Set<number>();
  answered = 0;
  cuts = 0;
  #socket: WebSocket | undefined;
  #identity: { connectionId: string; reconnectionToken?: string } | undefined;
  #lastSequenceId = 0;
  #acknowledged = 0;
  #nextAckId = 1;
  #isStopping = false;

  constructor(
    readonly dialect: Dialect,
    private readonly url: string,
  ) {}

  /** Resolves when the socket is open. */
  connect(): Promise<void> {
    const { reconnectionToken, connectionId } = this.#identity ?? {};
    const url = reconnectionToken
      ? `${this.url}&awps_connection_id=${connectionId}&awps_reconnection_token=${reconnectionToken}`
      : this.url;
    const socket = new WebSocket(url, this.dialect.subprotocol ?? [], { perMessageDeflate: false });
    this.#socket = socket;
    socket.on('message', (frame: Buffer) => this.#hear(frame));
    socket.on('close', () => this.#lose(socket));
    return new Promise((resolve, reject) => {
      socket.once('open', () => {
        for (const ackId of this.unanswered) this.#send(ackId);
        resolve();
      });
      socket.once('error', reject);
    });
  }

  /** Breaks the TCP connection without a word. */
  cut(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.cuts++;
    this.#socket.terminate();
  }

  raiseEvent(): void {
    const ackId = this.#nextAckId++;
    if (this.dialect.subprotocol) this.unanswered.add(ackId);
    this.#send(ackId);
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    const socket = this.#socket;
    if (!socket || socket.readyState === WebSocket.CLOSED) return Promise.resolve();
    return new Promise((resolve) => {
      socket.once('close', () => resolve());
      socket.close(1000);
    });
  }

  #send(ackId: number): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(this.dialect.event('soak', ackId));
  }

  #hear(frame: Buffer): void {
    const heard = this.dialect.read(frame);
    switch (heard.kind) {
      case 'connected':
        this.#identity = heard;
        return;
      case 'ack':
        if (this.unanswered.delete(heard.ackId)) this.answered++;
        return;
      case 'data':
        this.#take(heard.text, heard.sequenceId);
        return;
      case 'other':
    }
  }

  #take(text: string, sequenceId: number | undefined): void {
    if (sequenceId !== undefined) {
      // What was replayed although it had arrived before the cut.
      if (sequenceId <= this.#lastSequenceId) return;
      this.#lastSequenceId = sequenceId;
      if (sequenceId - this.#acknowledged >= ACKNOWLEDGE_EVERY) {
        this.#acknowledged = sequenceId;
        this.#socket!.send(this.dialect.sequenceAck!(sequenceId));
      }
    }
    if (text.startsWith('#')) this.numbers.push(Number(text.slice(1)));
  }

  #lose(socket: WebSocket): void {
    if (this.#isStopping || socket !== this.#socket) return;
    if (!this.dialect.isReliable) {
      // A new connection knows nothing of the old one's acks.
      this.#identity = undefined;
    }
    setTimeout(() => {
      if (!this.#isStopping) this.connect().catch(() => this.#lose(socket));
    }, RECONNECT_DELAY_MS);
  }
}
