import type { Duplex } from 'node:stream';
import type { IConnectPacket, Packet } from 'mqtt-packet';
import type { WebSocket } from 'ws';
import { copyOf } from './content-type.js';
import { handleConnect, type ConnectServices } from './handlers/connect.handler.js';
import { handlePacket } from './handlers/index.js';
import type { MqttHandshake } from './mqtt-handshake.js';
import type { MqttSession } from './mqtt-session.js';
import { MqttSocket, type MqttSocketListener } from './mqtt-socket.js';
import { summarizePacket } from './packet-summary.js';
import { isFailure, REASON_CODES } from './reason-codes.js';

/** Pings and what confirms a delivery would only crowd the record, unless they say that something is wrong. */
const CROWD = new Set<Packet['cmd']>(['pingreq', 'pingresp', 'puback', 'pubrec', 'pubrel', 'pubcomp']);

/** What passes on one socket: CONNECT first, then everything else on behalf of the session it led to. */
export class MqttDialogue implements MqttSocketListener {
  readonly socket: MqttSocket;
  #session?: MqttSession;

  constructor(
    webSocket: WebSocket,
    transport: Duplex,
    private readonly handshake: MqttHandshake,
    private readonly services: ConnectServices,
  ) {
    this.socket = new MqttSocket(webSocket, transport, services.flusher, services.context, this);
  }

  onPacket(packet: Packet): void | Promise<void> {
    // What the library hands out may be a window on a whole frame, or on several.
    if (packet.cmd === 'publish') packet.payload = copyOf(packet.payload);
    this.#record(packet, 'received');
    try {
      return this.#handle(packet)?.catch((error: unknown) => this.#fail(packet, error));
    } catch (error) {
      this.#fail(packet, error);
    }
  }

  onSent(packet: Packet): void {
    if (packet.cmd !== 'publish') this.#record(packet, 'sent');
  }

  onLost(): void {
    this.#session?.lose(this.socket);
  }

  /** Resolves when what is under way, both ways, has arrived and has been dealt with. */
  async idle(): Promise<void> {
    await this.socket.idle();
    await this.#session?.idle();
  }

  #handle(packet: Packet): void | Promise<void> {
    const { socket } = this;
    if (this.#session) return handlePacket(packet, { session: this.#session, socket, context: this.services.context });
    // [mqtt-5 3.1]
    if (packet.cmd !== 'connect') return socket.close(1002, 'The first packet must be CONNECT.');
    return this.#connect(packet);
  }

  async #connect(packet: IConnectPacket): Promise<void> {
    this.#session = await handleConnect(packet, this.socket, this.handshake, this.services);
  }

  #fail(packet: Packet, error: unknown): void {
    const text = error instanceof Error ? error.stack : String(error);
    this.services.context.logger.error(`An MQTT ${packet.cmd.toUpperCase()} failed: ${text}`);
    this.socket.disconnect(REASON_CODES.unspecifiedError, 'The emulator failed.');
  }

  /** Without bytes, except of a payload: those of a CONNECT hold a password. */
  #record(packet: Packet, action: 'received' | 'sent'): void {
    if (CROWD.has(packet.cmd) && !('reasonCode' in packet && isFailure(packet.reasonCode ?? 0))) return;
    const { context, hub } = this.services;
    const connection = this.#session?.connection;
    context.traffic.record({
      door: 'client',
      hub: hub.name,
      action,
      connectionId: connection?.connectionId ?? (packet.cmd === 'connect' ? packet.clientId : undefined),
      userId: connection?.userId ?? this.handshake.identity.userId,
      frame: packet.cmd === 'publish' ? packet.payload : undefined,
      summary: summarizePacket(packet),
    });
  }
}
