import type {
  ConnectedMessage,
  DataMessage,
  GroupStateMessage,
  SequencedMessage,
  ServiceMessage,
} from '../../protocol/service-message.js';
import type { AccessTokenClaims } from '../../protocol/access-token.js';
import type { ClientMessageDecoder } from '../../protocol/subprotocol-codec.js';
import { AckHistory } from '../core/ack-history.js';
import type { ClientConnection, ConnectionOutlet } from '../core/client-connection.js';
import type { ScheduledCall } from '../core/clock.js';
import { DeliveryQueue } from '../core/delivery-queue.js';
import type { EmulatorContext } from '../emulator-context.js';
import { payloadOf, type OutboundFrame } from '../frames/outbound-frame.js';
import type { ClientTraffic } from '../traffic-log.js';
import type { ClientSocket, ClientSocketListener, LossCause } from './client-socket.js';
import { CLOSES, type CloseReason } from './close-reasons.js';
import type { FrameEncoder, NumberedFrame } from './frame-encoder.js';
import { handleClientMessage } from './handlers/index.js';
import { PublishedStreams } from './published-streams.js';
import { createReconnectionToken } from './recovery.js';
import { SerialFrames, type ClientFrame } from './serial-frames.js';
import { describeClientMessage, describeServiceMessage } from './traffic-summary.js';

export interface ClientSessionOptions {
  readonly decoder: ClientMessageDecoder;
  readonly encoder: FrameEncoder;
  /** Without a subprotocol of the service: bare frames, no acks, failures close [client-websocket 4]. */
  readonly isSimple: boolean;
  /** Messages are numbered and kept; the connection survives its socket. */
  readonly isReliable: boolean;
  readonly recoveryWindowMs: number;
  /** Whether a close frame without a code ends a reliable connection at once, as 1000 does. */
  readonly endsOnCloseWithoutCode: boolean;
  /** Called once, when the connection is over. */
  readonly onEnded: () => void;
}

/**
 * A connection's conversation with its client: frames in, one after the other; messages out; and for a reliable connection
 * all that outlives a socket. A session has at most one socket at a time, and an ended one has none.
 */
export class ClientSession implements ConnectionOutlet, ClientSocketListener {
  readonly ackHistory = new AckHistory();
  readonly streams: PublishedStreams;
  /** Running invocations by their id. */
  readonly invocations = new Map<string, AbortController>();
  readonly #deliveries?: DeliveryQueue<NumberedFrame>;
  readonly #lifetime = new AbortController();
  #socket?: ClientSocket;
  #recoveryTimer?: ScheduledCall;
  // Asked for every message, hence not read from the signal.
  #isEnded = false;
  readonly #frames = new SerialFrames(
    (frame) => this.#handle(frame),
    () => this.#socket?.resumeReading(),
  );

  constructor(
    readonly context: EmulatorContext,
    readonly connection: ClientConnection,
    private readonly options: ClientSessionOptions,
  ) {
    this.streams = new PublishedStreams(connection, (message) => this.send(message));
    if (options.isReliable) this.#deliveries = new DeliveryQueue();
  }

  get isSimple(): boolean {
    return this.options.isSimple;
  }

  get isReliable(): boolean {
    return this.options.isReliable;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Aborted when the connection has ended: nobody waits for an answer any more. */
  get signal(): AbortSignal {
    return this.#lifetime.signal;
  }

  /** The client has connected; the connection is a member of its hub. */
  start(socket: ClientSocket, tokenClaims?: AccessTokenClaims): void {
    this.#socket = socket;
    this.record('connected', this.connection.subprotocol ?? 'simple client', tokenClaims && { tokenClaims });
    // Simple clients get no system messages: their encoder has no form for them.
    this.send(this.#connectedMessage());
    this.connection.hub.events.connected(this.connection);
  }

  /** A client has come back with a reconnection token: the new socket takes the place of whatever was there. */
  recover(socket: ClientSocket): void {
    this.#recoveryTimer?.cancel();
    this.#socket?.drop();
    this.#socket = socket;
    if (this.#frames.isBehind) socket.pauseReading();
    const replayed = this.#deliveries?.replay(this.context.clock.now()) ?? [];
    this.record('recovered', `${replayed.length} messages sent again`);
    // First the ends, so that the client takes up no stream that is over.
    this.streams.repeatClosed();
    // The official client takes up its streams only when it hears that it is connected; without streams it expects nothing.
    if (this.streams.hasPublished) this.send(this.#connectedMessage());
    for (const { sequenceId, item } of replayed) {
      if (!socket.send(item.with(sequenceId))) return this.#failSlowClient();
    }
  }

  /** Group and server messages. */
  deliver(message: DataMessage): void {
    this.#sendSequenced(message);
  }

  deliverGroupState(message: GroupStateMessage): void {
    this.#sendSequenced(message);
  }

  /** A message for this client alone that is kept and replayed like those of a fan-out. */
  reply(message: DataMessage): void {
    this.#recordSent(message, this.options.encoder.encode(message));
    this.#sendSequenced(message);
  }

  /** Acks, system messages and the like: they are not kept for a client that is away. */
  send(message: ServiceMessage): void {
    if (this.isEnded || !this.#socket) return;
    const frame = this.options.encoder.encode(message);
    if (!frame) return;
    this.#recordSent(message, frame);
    if (!this.#socket.send(frame)) this.#failSlowClient();
  }

  acknowledge(sequenceId: bigint): void {
    this.#deliveries?.acknowledge(sequenceId);
  }

  /** Ends the connection as REST asks: the client learns the reason twice, in words and in the close frame. */
  close(reason: string): void {
    this.send({ kind: 'disconnected', reason });
    this.closeWith({ code: 1000, reason });
  }

  /** The emulator closes: like any end by the service, but nobody need come back. */
  shutDown(): void {
    this.send({ kind: 'disconnected', reason: CLOSES.shutdown.reason });
    this.closeWith(CLOSES.shutdown);
  }

  /** Ends the connection for good with that close frame. */
  closeWith(close: CloseReason): void {
    if (this.isEnded) return;
    this.#socket?.close(close);
    this.#end(close.reason, close.code);
  }

  /** Resolves when the frames that are under way, both ways, have arrived and those of the client are handled. */
  async idle(): Promise<void> {
    await this.#socket?.roundTrip();
    await this.#frames.settled();
  }

  hasSocket(): boolean {
    return this.#socket !== undefined;
  }

  isRecoverable(): boolean {
    return this.options.isReliable;
  }

  dropSocket(): boolean {
    if (!this.#socket) return false;
    this.record('fault', 'the socket was cut');
    this.#socket.drop();
    this.#detach({ code: 1006, reason: '' });
    return true;
  }

  holdSocket(onGone: () => void): (() => void) | undefined {
    return this.#socket?.hold(onGone);
  }

  onFrame(payload: Buffer, isBinary: boolean): void {
    this.#frames.push({ payload, isBinary });
    if (this.#frames.isBehind) this.#socket?.pauseReading();
  }

  onLost(close: CloseReason, cause: LossCause): void {
    if (this.isEnded) return;
    // [client-websocket 9] a reliable connection ends by 1000 or by a decision of the service, and by nothing else.
    const isFinal =
      cause === 'service' ||
      (cause === 'client' && (close.code === 1000 || (close.code === 1005 && this.options.endsOnCloseWithoutCode)));
    if (isFinal) this.#end(close.reason, close.code);
    else this.#detach(close);
  }

  record(action: ClientTraffic['action'], summary: string, more?: Partial<ClientTraffic>): void {
    const { connectionId, userId, hub } = this.connection;
    this.context.traffic.record({
      door: 'client',
      hub: hub.name,
      action,
      connectionId,
      ...(userId !== undefined && { userId }),
      summary,
      ...more,
    });
  }

  #handle({ payload, isBinary }: ClientFrame): Promise<void> | undefined {
    if (this.#isEnded) return undefined;
    const decoded = this.options.decoder.decode(payload, isBinary);
    const frame = isBinary ? payload : payload.toString();
    if (decoded.kind === 'violation') {
      this.record('received', `invalid: ${decoded.problem}`, { frame });
      this.closeWith({ code: decoded.closeCode, reason: decoded.reason });
      return undefined;
    }
    this.record('received', describeClientMessage(decoded.message), { frame });
    return handleClientMessage(this, decoded.message);
  }

  #sendSequenced(message: SequencedMessage): void {
    if (this.#isEnded) return;
    if (!this.#deliveries) {
      const frame = this.options.encoder.encode(message);
      if (frame && this.#socket && !this.#socket.send(frame)) this.#failSlowClient();
      return;
    }
    const numbered = this.options.encoder.encodeNumbered(message);
    if (!numbered) return;
    const sequenceId = this.#deliveries.push(numbered);
    if (sequenceId === undefined) {
      this.#socket?.discardQueue();
      this.closeWith(CLOSES.reliableBufferFull);
    } else if (this.#socket && !this.#socket.send(numbered.with(sequenceId))) {
      this.#failSlowClient();
    }
  }

  #failSlowClient(): void {
    this.#socket?.discardQueue();
    this.closeWith(CLOSES.outboundQueueFull);
  }

  #detach(close: CloseReason): void {
    this.#socket = undefined;
    if (!this.options.isReliable) return this.#end(close.reason, close.code);
    this.record('disconnected', 'the connection waits to be recovered', { status: close.code, frame: close.reason });
    this.#recoveryTimer?.cancel();
    this.#recoveryTimer = this.context.clock.schedule(this.options.recoveryWindowMs, () =>
      this.#end('The client did not come back in time.', close.code),
    );
  }

  #end(reason: string, status: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#lifetime.abort();
    this.#recoveryTimer?.cancel();
    this.#socket = undefined;
    this.#frames.clear();
    this.record('disconnected', 'the connection ended', { status, frame: reason });
    this.streams.cancelAll();
    for (const invocation of this.invocations.values()) invocation.abort();
    this.connection.end(reason);
    this.options.onEnded();
  }

  #connectedMessage(): ConnectedMessage {
    const { connectionId, userId } = this.connection;
    return {
      kind: 'connected',
      connectionId,
      ...(userId !== undefined && { userId }),
      ...(this.isReliable && { reconnectionToken: createReconnectionToken(this.context, connectionId) }),
    };
  }

  #recordSent(message: ServiceMessage, frame: OutboundFrame | undefined): void {
    const isSecret = message.kind === 'connected' && message.reconnectionToken !== undefined;
    const shown = isSecret ? this.options.encoder.encode({ ...message, reconnectionToken: '***' }) : frame;
    this.record('sent', describeServiceMessage(message), shown && { frame: payloadOf(shown) });
  }
}
