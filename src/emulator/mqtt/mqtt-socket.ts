import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { parser, type IDisconnectPacket, type Packet } from 'mqtt-packet';
import type { WebSocket } from 'ws';
import type { MqttDisconnectProperties } from '../../protocol/cloud-event.js';
import type { ScheduledCall } from '../core/clock.js';
import type { EmulatorContext } from '../emulator-context.js';
import { fitCloseReason } from '../frames/close-frame.js';
import { FrameQueue } from '../frames/frame-queue.js';
import { holdSocket } from '../frames/hold-socket.js';
import { frameMessage, type OutboundFrame } from '../frames/outbound-frame.js';
import { roundTrip } from '../frames/round-trip.js';
import type { SharedFrames } from '../frames/shared-frames.js';
import type { SocketFlusher } from '../frames/socket-flusher.js';
import { writePacket, type PacketLimits } from './packet-writer.js';
import { isFailure, REASON_CODES } from './reason-codes.js';
import { fitsMqttString, readUserProperties } from './user-properties.js';

/** Who hears of a socket. */
export interface MqttSocketListener {
  /** Packets come in their order, one at a time: the next waits for the promise. It must not reject. */
  onPacket(packet: Packet): void | Promise<void>;
  /** A packet has been written. */
  onSent(packet: Packet): void;
  /** Once, when the socket is over and what it had received has been handled, or no longer counts. */
  onLost(): void;
}

/** The limit of a packet, as of other clients' messages [client-mqtt 5]. */
export const MAX_PACKET_BYTES = 1024 * 1024;

/** Between a new socket and its CONNECT [assumed]. */
const CONNECT_TIMEOUT_MS = 30_000;

/** A client that sends faster than it is served is not read while so many packets wait. */
const MAX_WAITING_PACKETS = 64;

/** More than any client puts into one frame: they come at once, and all the others wait for their end [assumed]. */
const MAX_PACKETS_PER_FRAME = 10_000;

/** How much of a frame is read in one go. */
const MAX_PIECE_BYTES = 64 * 1024;

/** Bytes that may wait for a client that does not read; beyond, QoS 0 messages to it are lost. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

/** These do not wait behind a user event: they end deliveries to the client, or ask for a sign of life. */
const OVERTAKING = new Set<Packet['cmd']>(['puback', 'pubrec', 'pubcomp', 'pingreq']);

/** One WebSocket of an MQTT client: the service's physical connection. Packets in, packets out, and the end of it. */
export class MqttSocket implements PacketLimits {
  readonly physicalConnectionId = randomUUID();
  /** Of the CONNECT; what is sent before follows 5.0. */
  version: 4 | 5 = 5;
  /** What the client is able to receive. Bytes; absent: anything. */
  maximumPacketSize?: number;
  /** Whether reason strings may go into other packets than CONNACK and DISCONNECT [mqtt-5 3.1.2.11.7]. */
  wantsProblemInformation = true;
  /** How it came to its end, as the `disconnected` event tells it. */
  ending: MqttDisconnectProperties = { initiatedByClient: false };
  readonly closed: Promise<void>;
  readonly #parser = parser();
  readonly #waiting: Packet[] = [];
  /** The place in `#waiting` of the packet whose turn is next; those before it have been taken. */
  #next = 0;
  #packetsInFrame = 0;
  readonly #gone = new AbortController();
  /** Of the packet whose handling takes time. */
  #handling: Promise<void> | undefined;
  /** The client is going, or has gone: its packets wait for one another no more. */
  #isLeaving = false;
  #isPaused = false;
  #isOver = false;
  #hasLost = false;
  readonly #queue: FrameQueue;
  /** A CONNECT has come. */
  #hasStarted = false;
  /** It was accepted. */
  #hasConnected = false;
  #lastPacketAt: number;
  #timer?: ScheduledCall;

  constructor(
    private readonly webSocket: WebSocket,
    transport: Duplex,
    flusher: SocketFlusher,
    private readonly context: EmulatorContext,
    private readonly listener: MqttSocketListener,
  ) {
    this.#queue = new FrameQueue(transport, flusher, context.clock);
    webSocket.on('closing', () => this.#queue.end());
    this.#lastPacketAt = context.clock.now();
    this.#timer = context.clock.schedule(CONNECT_TIMEOUT_MS, () => this.close(1008, 'No CONNECT packet came.'));
    this.#parser.on('packet', (packet) => this.#receive(packet));
    this.#parser.on('error', (error: Error) => this.#onMalformed(error));
    webSocket.on('message', (data: Buffer, isBinary) => this.#read(data, isBinary));
    // A fault of the WebSocket protocol; `close` follows.
    webSocket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      webSocket.once('close', (code: number) => {
        this.#onClosed(code);
        resolve();
      });
    });
  }

  /** Whether packets can still be sent. */
  get isOpen(): boolean {
    return !this.#isOver && this.webSocket.readyState === this.webSocket.OPEN;
  }

  /** Whether so much waits for the client that what may be lost is better not sent. */
  get isCongested(): boolean {
    return this.#queue.byteLength > MAX_BUFFERED_BYTES;
  }

  /** Aborted when the client has gone. */
  get goneSignal(): AbortSignal {
    return this.#gone.signal;
  }

  /** The CONNECT has come, whatever becomes of it. */
  startConnect(version: 4 | 5): void {
    this.version = version;
    this.#hasStarted = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /**
   * The client is accepted, and from now on must send a packet within 1.5 times the interval; 0: whenever it likes
   * [client-mqtt 8].
   */
  startKeepAlive(keepAliveSeconds: number): void {
    this.#hasConnected = true;
    if (keepAliveSeconds > 0) this.#watch(keepAliveSeconds * 1500, keepAliveSeconds * 1500);
  }

  /**
   * False when the client cannot take the packet, because it has gone or because the packet is too large for it. A packet
   * that has not been written when it expires is left out; `expiresAt` is in epoch milliseconds.
   */
  send(packet: Packet, expiresAt?: number): boolean {
    const frame = this.isOpen ? this.#frame(packet, expiresAt) : undefined;
    if (!frame) return false;
    this.#queue.push(frame);
    this.listener.onSent(packet);
    return true;
  }

  /** As `send`, of a PUBLISH that others get too: whoever is first frames it, and leaves the frame in `shared`. */
  sendShared(shared: SharedFrames, packetId: number | undefined, createPacket: () => Packet): boolean {
    if (this.#isOver) return false;
    const key = sharedKey(this.version, packetId);
    let frame = shared.get(key);
    if (!frame) {
      frame = this.#frame(createPacket());
      if (!frame) return false;
      shared.set(key, frame);
    } else if (frame.byteLength - frame.headerLength > (this.maximumPacketSize ?? Infinity)) {
      return false;
    }
    this.#queue.push(frame);
    return true;
  }

  /** Sends a DISCONNECT to a client of 5.0 and closes; a client of 3.1.1 finds the reason in the close frame. */
  disconnect(reasonCode: number, reason: string): void {
    if (this.#isOver) return;
    if (this.version === 5 && this.#hasConnected) {
      const properties = reason !== '' && fitsMqttString(reason) ? { reasonString: reason } : {};
      const packet: IDisconnectPacket = { cmd: 'disconnect', reasonCode, properties };
      const isSent = this.send(packet);
      this.ending = { initiatedByClient: false, ...(isSent && { disconnectPacket: { code: reasonCode } }) };
    }
    this.close(this.version === 5 || !isFailure(reasonCode) ? 1000 : 1008, reason);
  }

  /** What has been received and not yet handled is forgotten. */
  close(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#queue.flushAll();
    this.#end();
    this.webSocket.close(code, fitCloseReason(reason));
    this.#lose();
  }

  /**
   * Handles what has been received now: behind a client that goes, nothing waits for upstream's answers. So packets count
   * that came before the end of their socket, and none is left to act on the session when that has another.
   */
  handleReceived(): void {
    this.#isLeaving = true;
    if (this.#hasConnected) this.#handleWaiting();
  }

  /** Cuts the TCP connection. */
  terminate(): void {
    this.webSocket.terminate();
  }

  /** Fault switch, see ConnectionOutlet. */
  hold(onGone: () => void): () => void {
    return holdSocket(this.webSocket, this.#queue, onGone);
  }

  /** Resolves when what is under way, both ways, has arrived, and what came has been handled; not while held. */
  async idle(): Promise<void> {
    if (this.#queue.isHeld || !this.isOpen) return;
    this.#queue.flush();
    await roundTrip(this.webSocket);
    while (this.#handling) await this.#handling;
  }

  #frame(packet: Packet, expiresAt?: number): OutboundFrame | undefined {
    try {
      const bytes = writePacket(packet, this);
      return bytes && frameMessage([bytes], true, expiresAt);
    } catch (error) {
      this.context.logger.error(`An MQTT packet could not be written: ${String(error)}`);
      return undefined;
    }
  }

  #read(data: Buffer, isBinary: boolean): void {
    if (this.#isOver) return;
    if (!isBinary) {
      this.#fail(REASON_CODES.protocolError, 'MQTT packets come in binary frames.');
      return;
    }
    let unreadBytes = 0;
    this.#packetsInFrame = 0;
    try {
      // In pieces, since the parser hands out every packet of what it is given, though the socket be over.
      for (let start = 0; start < data.length && !this.#isOver; start += MAX_PIECE_BYTES) {
        unreadBytes = this.#parser.parse(data.subarray(start, start + MAX_PIECE_BYTES));
      }
    } catch (error) {
      this.#onMalformed(error instanceof Error ? error : new Error(String(error)));
    }
    if (unreadBytes > MAX_PACKET_BYTES) this.#refuseSize();
  }

  #receive(packet: Packet): void {
    if (this.#isOver) return;
    this.#lastPacketAt = this.context.clock.now();
    if (++this.#packetsInFrame > MAX_PACKETS_PER_FRAME) {
      this.#fail(REASON_CODES.messageRateTooHigh, `A frame has at most ${MAX_PACKETS_PER_FRAME} packets.`);
      return;
    }
    if ((packet.length ?? 0) > MAX_PACKET_BYTES) {
      this.#refuseSize();
      return;
    }
    // The packet library gives -1 when there was no room for an id; 0 is not one [mqtt-5 2.2.1].
    if (packet.messageId !== undefined && packet.messageId < 1) {
      this.#onMalformed(new Error('Invalid packet identifier'));
      return;
    }
    if (this.#hasConnected && OVERTAKING.has(packet.cmd)) {
      void this.listener.onPacket(packet);
      return;
    }
    this.#waiting.push(packet);
    if (packet.cmd === 'disconnect') this.#leave(packet);
    else if (!this.#handling) this.#handleWaiting();
    else if (this.#waiting.length - this.#next >= MAX_WAITING_PACKETS) this.#setPaused(true);
  }

  /**
   * Only what takes time yields to others: a group message is with its receivers before the next packet is looked at.
   */
  #handleWaiting(): void {
    for (let packet = this.#takeWaiting(); packet; packet = this.#takeWaiting()) {
      const handling = this.listener.onPacket(packet);
      if (!handling || (this.#isLeaving && this.#hasConnected)) continue;
      this.#handling = handling.then(() => {
        this.#handling = undefined;
        this.#handleWaiting();
      });
      return;
    }
    this.#setPaused(false);
  }

  /** Those behind it move up in batches: one by one, ten thousands would take minutes. */
  #takeWaiting(): Packet | undefined {
    const packet: Packet | undefined = this.#waiting[this.#next++];
    if (!packet || this.#next === MAX_WAITING_PACKETS) {
      this.#waiting.splice(0, this.#next);
      this.#next = 0;
    }
    return packet;
  }

  /** A DISCONNECT has come. Before the CONNECT is accepted it waits for that; how the socket ends is known all the same. */
  #leave({ reasonCode = REASON_CODES.success, properties }: IDisconnectPacket): void {
    const userProperties = readUserProperties(properties?.userProperties);
    this.ending = {
      initiatedByClient: true,
      disconnectPacket: { code: reasonCode, ...(userProperties.length > 0 && { userProperties }) },
    };
    this.handleReceived();
  }

  #setPaused(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) this.webSocket.pause();
    else this.webSocket.resume();
  }

  #onMalformed(error: Error): void {
    if (this.#isOver) return;
    if (!this.#hasStarted && error.message === 'Invalid protocol version') {
      // The packet is not handed out, so its version is unknown; the newest form of refusal is the best guess.
      this.send({ cmd: 'connack', reasonCode: REASON_CODES.unsupportedProtocolVersion, sessionPresent: false });
    }
    this.#fail(REASON_CODES.malformedPacket, `The packet is malformed: ${error.message}.`);
  }

  #refuseSize(): void {
    this.#fail(REASON_CODES.packetTooLarge, `A packet has at most ${MAX_PACKET_BYTES} bytes.`);
  }

  /** As `disconnect`; what came before the fault counts. */
  #fail(reasonCode: number, reason: string): void {
    this.handleReceived();
    this.disconnect(reasonCode, reason);
  }

  /** Checks at the time at which the client would be too late, had it sent nothing since. */
  #watch(limitMs: number, delayMs: number): void {
    this.#timer = this.context.clock.schedule(delayMs, () => {
      const now = this.context.clock.now();
      // While it is not read, its packets wait in the kernel: their absence says nothing. And when the clock was set back,
      // a client that has gone would be waited for as long.
      if (this.#isPaused || this.#lastPacketAt > now) this.#lastPacketAt = now;
      const idleMs = now - this.#lastPacketAt;
      if (idleMs >= limitMs) this.#fail(REASON_CODES.keepAliveTimeout, 'The keep alive time has passed.');
      else this.#watch(limitMs, limitMs - idleMs);
    });
  }

  #onClosed(code: number): void {
    // [assumed] a close frame is the client's own wish, even without a DISCONNECT
    if (!this.#isOver && code !== 1006 && !this.ending.disconnectPacket) this.ending = { initiatedByClient: true };
    this.handleReceived();
    this.#end();
    this.#gone.abort(new Error('The client has gone.'));
    this.#lose();
  }

  #end(): void {
    this.#isOver = true;
    this.#waiting.length = 0;
    this.#next = 0;
    this.#timer?.cancel();
    this.#setPaused(false);
  }

  #lose(): void {
    if (this.#hasLost) return;
    this.#hasLost = true;
    this.listener.onLost();
  }
}

function sharedKey(version: 4 | 5, packetId = 0): number {
  return packetId * 8 + version;
}
