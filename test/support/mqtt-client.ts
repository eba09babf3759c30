import { afterEach } from '@jest/globals';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import {
  generate,
  parser,
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type Packet,
  type PacketCmd,
} from 'mqtt-packet';
import { WebSocket } from 'ws';
import type { AccessTokenClaims } from '../../src/protocol/access-token.js';
import { clientToken, RefusedHandshake, type ReceivedClose } from './connect-client.js';

interface Service {
  readonly endpoint: string;
}

export interface MqttTokenOptions {
  /** Default `chat`. */
  readonly hub?: string;
  readonly userId?: string;
  readonly roles?: readonly string[];
  readonly groups?: readonly string[];
  readonly claims?: AccessTokenClaims;
  /** The token itself; null: none. */
  readonly token?: string | null;
}

export interface RawMqttOptions extends MqttTokenOptions {
  /** Default 5. */
  readonly version?: 4 | 5;
  readonly subprotocols?: string[];
  readonly headers?: Record<string, string>;
  readonly query?: string;
  /** Over the packet that is sent otherwise: client id `client1`, clean start, keep alive 60 s. */
  readonly connect?: Partial<IConnectPacket>;
}

/** The roles that let a client do anything with any group. */
export const ALL_ROLES = ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'];

export function mqttUrl(service: Service, options: MqttTokenOptions & { query?: string } = {}): string {
  const { query = '', ...client } = options;
  const { hub = 'chat', claims } = client;
  const path = `/clients/mqtt/hubs/${encodeURIComponent(hub)}`;
  const aud = `${service.endpoint}/clients/mqtt/hubs/${hub}`;
  const token =
    client.token === undefined ? clientToken(service, { ...client, claims: { aud, ...claims } }) : client.token;
  const parameters = [query, token === null ? '' : `access_token=${token}`].filter((part) => part !== '');
  return `${service.endpoint.replace(/^http/, 'ws')}${path}?${parameters.join('&')}`;
}

const opened = new Set<RawMqttClient>();
const npmClients = new Set<MqttClient>();

/** A socket that sends and receives packets, and does nothing by itself. */
export class RawMqttClient {
  readonly #packets: Packet[] = [];
  #wake: (() => void)[] = [];
  #close?: ReceivedClose;
  connack?: IConnackPacket;

  private constructor(
    readonly socket: WebSocket,
    private readonly version: 4 | 5,
  ) {
    opened.add(this);
    // The library's parser learns the version from a CONNECT, which only servers see.
    const packets = parser({ protocolVersion: version });
    packets.on('packet', (packet) => {
      this.#packets.push(packet);
      this.#notify();
    });
    packets.on('error', (error) => {
      throw error;
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) throw new Error('MQTT packets come in binary frames');
      packets.parse(data);
    });
    socket.on('error', () => {});
    socket.on('close', (code: number, reason: Buffer) => {
      this.#close = { code, reason: reason.toString() };
      opened.delete(this);
      this.#notify();
    });
  }

  /** The WebSocket alone; rejects with a RefusedHandshake. */
  static async open(service: Service, options: RawMqttOptions = {}): Promise<RawMqttClient> {
    const socket = new WebSocket(mqttUrl(service, options), options.subprotocols ?? ['mqtt'], {
      headers: options.headers,
    });
    const client = new RawMqttClient(socket, options.version ?? 5);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          reject(new RefusedHandshake(response.statusCode ?? 0, Buffer.concat(chunks).toString())),
        );
      });
    });
    return client;
  }

  /** As `open`, sends CONNECT and takes the CONNACK, whatever it says. */
  static async connect(service: Service, options: RawMqttOptions = {}): Promise<RawMqttClient> {
    const client = await RawMqttClient.open(service, options);
    client.send({
      cmd: 'connect',
      clientId: 'client1',
      protocolId: 'MQTT',
      protocolVersion: options.version ?? 5,
      clean: true,
      keepalive: 60,
      ...options.connect,
    });
    client.connack = await client.expect('connack');
    return client;
  }

  send(packet: Packet): void {
    this.socket.send(generate(packet, { protocolVersion: this.version }));
  }

  publish(packet: Partial<IPublishPacket> & { topic: string }): void {
    this.send({ cmd: 'publish', payload: '', qos: 0, dup: false, retain: false, ...packet });
  }

  async next(): Promise<Packet> {
    for (;;) {
      const packet = this.#packets.shift();
      if (packet) return packet;
      if (this.#close) throw new Error(`The socket was closed: ${JSON.stringify(this.#close)}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** The next packet, which must be of that kind. */
  async expect<C extends PacketCmd>(cmd: C): Promise<Extract<Packet, { cmd: C }>> {
    const packet = await this.next();
    if (packet.cmd !== cmd) throw new Error(`expected ${cmd}, received ${JSON.stringify(packet)}`);
    return packet as Extract<Packet, { cmd: C }>;
  }

  async subscribe(topic: string, qos: 0 | 1 | 2 = 0, messageId = 1): Promise<void> {
    this.send({ cmd: 'subscribe', messageId, subscriptions: [{ topic, qos }] });
    const { granted } = await this.expect('suback');
    if (granted[0] !== qos) throw new Error(`not granted: ${JSON.stringify(granted)}`);
  }

  /** Everything up to the answer of a ping: nothing else is on its way. */
  async untilPingresp(): Promise<Packet[]> {
    this.send({ cmd: 'pingreq' });
    const packets: Packet[] = [];
    for (let packet = await this.next(); packet.cmd !== 'pingresp'; packet = await this.next()) packets.push(packet);
    return packets;
  }

  async closed(): Promise<ReceivedClose> {
    while (!this.#close) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.#close;
  }

  /** Takes leave, and waits for the socket to close. */
  async disconnect(reasonCode = 0): Promise<void> {
    this.send({ cmd: 'disconnect', reasonCode });
    await this.closed();
  }

  /** Breaks the TCP connection. */
  async drop(): Promise<void> {
    this.socket.terminate();
    await this.closed();
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** Text of a payload. */
export function textOf(packet: Packet): string {
  if (packet.cmd !== 'publish') throw new Error(`a ${packet.cmd} has no payload`);
  return packet.payload.toString();
}

/** The `mqtt` client of npm, which connects once and not again. */
export async function connectNpmMqtt(
  service: Service,
  { version = 5, ...token }: MqttTokenOptions & { version?: 4 | 5 } = {},
  options: IClientOptions = {},
): Promise<NpmMqttClient> {
  const client = new NpmMqttClient(
    mqtt.connect(mqttUrl(service, token), {
      protocolVersion: version,
      clientId: 'client1',
      reconnectPeriod: 0,
      keepalive: 60,
      ...options,
    }),
  );
  await client.connected;
  return client;
}

export interface NpmMessage {
  readonly topic: string;
  readonly payload: string;
  readonly packet: IPublishPacket;
}

export class NpmMqttClient {
  readonly #messages: NpmMessage[] = [];
  readonly #waiting: ((message: NpmMessage) => void)[] = [];
  readonly connected: Promise<IConnackPacket>;
  readonly closed: Promise<void>;

  constructor(readonly client: MqttClient) {
    npmClients.add(client);
    client.on('message', (topic, payload, packet) => {
      const message = { topic, payload: payload.toString(), packet };
      const waiting = this.#waiting.shift();
      if (waiting) waiting(message);
      else this.#messages.push(message);
    });
    this.connected = new Promise((resolve, reject) => {
      client.once('connect', resolve);
      client.once('error', reject);
    });
    this.closed = new Promise((resolve) => client.once('close', resolve));
  }

  next(): Promise<NpmMessage> {
    const message = this.#messages.shift();
    return message ? Promise.resolve(message) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Breaks the TCP connection. */
  async drop(): Promise<void> {
    this.client.stream.destroy();
    await this.closed;
  }
}

afterEach(async () => {
  const clients = [...opened];
  for (const client of clients) client.socket.terminate();
  await Promise.all(clients.map((client) => client.closed()));
  await Promise.all([...npmClients].map((client) => client.endAsync(true)));
  npmClients.clear();
});
