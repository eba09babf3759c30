import WebSocket from 'ws';
import type { Dialect, Heard } from './dialects.js';

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
  #onAccepted: () => void = () => {};

  /** Of a dialect in which clients introduce themselves: whether this one was accepted. */
  #isAccepted = false;

  constructor(
    readonly dialect: Dialect,
    private readonly url: string,
    private readonly clientId: string,
    private readonly group: string,
  ) {}

  /** Resolves when the client can talk. */
  connect(): Promise<void> {
    const { reconnectionToken, connectionId } = this.#identity ?? {};
    const url = reconnectionToken
      ? `${this.url}&awps_connection_id=${connectionId}&awps_reconnection_token=${reconnectionToken}`
      : this.url;
    const socket = new WebSocket(url, this.dialect.subprotocol ?? [], { perMessageDeflate: false });
    this.#socket = socket;
    socket.on('message', (frame: Buffer) => this.#hear(frame));
    socket.on('close', () => this.#lose(socket));
    this.#isAccepted = !this.dialect.hello;
    return new Promise((resolve, reject) => {
      this.#onAccepted = resolve;
      socket.once('open', () => {
        if (this.dialect.hello) socket.send(this.dialect.hello(this.clientId));
        else this.#start();
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
      if (this.dialect.goodbye && socket.readyState === WebSocket.OPEN) socket.send(this.dialect.goodbye());
      socket.close(1000);
    });
  }

  /** What was raised before the cut and has no ack is raised again. */
  #start(): void {
    this.#isAccepted = true;
    for (const ackId of this.unanswered) this.#send(ackId);
    this.#onAccepted();
  }

  #send(ackId: number): void {
    if (this.#isAccepted && this.#socket?.readyState === WebSocket.OPEN)
      this.#socket.send(this.dialect.event('soak', ackId));
  }

  #hear(frame: Buffer): void {
    for (const heard of this.dialect.read(frame)) this.#heed(heard);
  }

  #heed(heard: Heard): void {
    switch (heard.kind) {
      case 'connected':
        this.#identity = heard;
        return;
      case 'ack':
        if (this.unanswered.delete(heard.ackId)) this.answered++;
        return;
      case 'accepted':
        if (heard.isMember) this.#start();
        else this.#socket!.send(this.dialect.join!(this.group));
        return;
      case 'data':
        if (heard.receipt) this.#socket!.send(heard.receipt);
        this.#take(heard);
        return;
      case 'other':
    }
  }

  #take({ text, sequenceId, isRepeated }: Extract<Heard, { kind: 'data' }>): void {
    if (sequenceId !== undefined) {
      // What was replayed although it had arrived before the cut.
      if (sequenceId <= this.#lastSequenceId) return;
      this.#lastSequenceId = sequenceId;
      if (sequenceId - this.#acknowledged >= ACKNOWLEDGE_EVERY) {
        this.#acknowledged = sequenceId;
        this.#socket!.send(this.dialect.sequenceAck!(sequenceId));
      }
    }
    if (!text.startsWith('#')) return;
    const number = Number(text.slice(1));
    // Its receipt was lost with the socket.
    if (isRepeated && number <= (this.numbers.at(-1) ?? -1)) return;
    this.numbers.push(number);
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
