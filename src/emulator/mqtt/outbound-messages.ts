import type { IPublishPacket } from 'mqtt-packet';
import type { Clock } from '../core/clock.js';
import type { SharedFrames } from '../frames/shared-frames.js';
import type { MqttSocket } from './mqtt-socket.js';
import { isFailure, REASON_CODES } from './reason-codes.js';

/** What goes to the client; expiry and packet id are added when it is sent. */
export interface OutboundMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  /** Of use to clients of 5.0 only. */
  readonly properties?: IPublishPacket['properties'];
  /** Epoch milliseconds. */
  readonly expiresAt?: number;
  /** What was framed for others that get the same message. */
  readonly frames?: SharedFrames;
}

/** Of all that waits or is not acknowledged; a message counts as its payload and this much more [assumed]. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
const MESSAGE_OVERHEAD_BYTES = 256;

const MAX_PACKET_ID = 65_535;

interface InFlight {
  readonly message: OutboundMessage;
  /** QoS 2: the client has the message and waits for PUBREL to be answered. */
  isReleased: boolean;
}

/**
 * Deliveries of one session: QoS 0 at once or not at all, QoS 1 and 2 in order, no more in flight than the client
 * takes, and again after the client has returned [client-mqtt 3.2].
 */
export class OutboundMessages {
  readonly #inFlight = new Map<number, InFlight>();
  /** Packet ids of what was in flight when the client returned, and has not been sent again yet. */
  readonly #toRepeat = new Set<number>();
  #waiting: OutboundMessage[] = [];
  /** Index of the first of `#waiting`: taking from the front of a long array is slow. */
  #head = 0;
  #keptBytes = 0;
  #lastPacketId = 0;
  #receiveMaximum = MAX_PACKET_ID;
  #socket?: MqttSocket;

  constructor(
    private readonly clock: Clock,
    /** Hears that a message was dropped since too many were kept. */
    private readonly onOverflow: () => void,
  ) {}

  /** Sends again what was in flight, then what has waited. */
  attach(socket: MqttSocket, receiveMaximum: number): void {
    this.#socket = socket;
    this.#receiveMaximum = receiveMaximum;
    // Some may be left from the socket before; cleared, so that the order is that of the first time.
    this.#toRepeat.clear();
    for (const packetId of this.#inFlight.keys()) this.#toRepeat.add(packetId);
    this.#pump();
  }

  detach(): void {
    this.#socket = undefined;
  }

  send(message: OutboundMessage): void {
    if (message.qos === 0) {
      if (this.#socket && !this.#socket.isCongested && !this.#isExpired(message)) {
        this.#write(message, undefined, false);
      }
      return;
    }
    const bytes = keptBytesOf(message);
    if (this.#keptBytes + bytes > MAX_KEPT_BYTES) {
      this.onOverflow();
      return;
    }
    this.#keptBytes += bytes;
    this.#waiting.push(message);
    this.#pump();
  }

  /** PUBACK, whatever its code, ends a QoS 1 delivery. */
  acknowledge(packetId: number): void {
    if (this.#inFlight.get(packetId)?.message.qos === 1) this.#settle(packetId);
  }

  /** PUBREC: a failure ends the delivery, otherwise PUBREL is due; false for an unknown packet id. */
  receive(packetId: number, reasonCode: number): boolean {
    const inFlight = this.#inFlight.get(packetId);
    if (inFlight?.message.qos !== 2) return false;
    if (isFailure(reasonCode)) this.#settle(packetId);
    else {
      inFlight.isReleased = true;
      // The caller sends PUBREL now.
      this.#toRepeat.delete(packetId);
    }
    return true;
  }

  /** PUBCOMP. */
  complete(packetId: number): void {
    if (this.#inFlight.get(packetId)?.isReleased) this.#settle(packetId);
  }

  #settle(packetId: number): void {
    this.#forget(packetId);
    this.#pump();
  }

  #forget(packetId: number): void {
    const inFlight = this.#inFlight.get(packetId);
    if (!inFlight) return;
    this.#inFlight.delete(packetId);
    this.#toRepeat.delete(packetId);
    this.#keptBytes -= keptBytesOf(inFlight.message);
  }

  #pump(): void {
    if (this.#toRepeat.size > 0) this.#repeat();
    while (this.#socket?.isOpen && this.#inFlight.size < this.#receiveMaximum && this.#head < this.#waiting.length) {
      const message = this.#waiting[this.#head++];
      if (this.#head > 1024 && this.#head * 2 > this.#waiting.length) {
        this.#waiting = this.#waiting.slice(this.#head);
        this.#head = 0;
      }
      if (this.#isExpired(message)) {
        this.#keptBytes -= keptBytesOf(message);
        continue;
      }
      const packetId = this.#takePacketId();
      this.#inFlight.set(packetId, { message, isReleased: false });
      if (!this.#write(message, packetId, false)) this.#forget(packetId);
    }
  }

  /** [mqtt-5 4.9] a client that returns may take fewer at a time than were in flight: the rest waits for its turn. */
  #repeat(): void {
    for (const packetId of this.#toRepeat) {
      if (!this.#socket?.isOpen || this.#inFlight.size - this.#toRepeat.size >= this.#receiveMaximum) return;
      this.#toRepeat.delete(packetId);
      const { message, isReleased } = this.#inFlight.get(packetId)!;
      if (isReleased) this.#socket.send({ cmd: 'pubrel', messageId: packetId, reasonCode: REASON_CODES.success });
      else if (!this.#write(message, packetId, true)) this.#forget(packetId);
    }
  }

  #isExpired({ expiresAt }: OutboundMessage): boolean {
    return expiresAt !== undefined && expiresAt <= this.clock.now();
  }

  /**
   * False when the message is too large for the client, which counts as delivered [mqtt-5 3.1.2.11.4]. A message that
   * expires while it is in flight is still sent again: its packet id may be known to the client [mqtt-5 3.3.2.3.3].
   */
  #write(message: OutboundMessage, packetId: number | undefined, isRepeated: boolean): boolean {
    const socket = this.#socket;
    // The time that is left of a message differs from one moment to the next.
    const shared = message.expiresAt === undefined && !isRepeated ? message.frames : undefined;
    const createPacket = (): IPublishPacket => this.#packetOf(message, packetId, isRepeated);
    // Of an id in flight nothing is left out: the session would wait for its acknowledgement.
    const expiresAt = message.qos === 0 ? message.expiresAt : undefined;
    const isSent = shared
      ? socket?.sendShared(shared, packetId, createPacket)
      : socket?.send(createPacket(), expiresAt);
    return isSent === true || !socket?.isOpen;
  }

  #packetOf(message: OutboundMessage, messageId: number | undefined, dup: boolean): IPublishPacket {
    const { topic, payload, qos, properties, expiresAt } = message;
    const expiry = expiresAt !== undefined && {
      messageExpiryInterval: Math.max(0, Math.ceil((expiresAt - this.clock.now()) / 1000)),
    };
    return {
      cmd: 'publish',
      topic,
      payload,
      qos,
      messageId,
      dup,
      retain: false,
      properties: { ...properties, ...expiry },
    };
  }

  #takePacketId(): number {
    do this.#lastPacketId = (this.#lastPacketId % MAX_PACKET_ID) + 1;
    while (this.#inFlight.has(this.#lastPacketId));
    return this.#lastPacketId;
  }
}

function keptBytesOf(message: OutboundMessage): number {
  return message.payload.length + MESSAGE_OVERHEAD_BYTES;
}
