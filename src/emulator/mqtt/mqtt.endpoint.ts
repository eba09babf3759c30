import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { clearTimeout, setTimeout } from 'node:timers';
import { WebSocketServer } from 'ws';
import { canonicalHubName, isHubName } from '../../protocol/names.js';
import type { HubRegistry } from '../core/hub.registry.js';
import { LIMIT_REFUSAL, type ConnectionLimit } from '../connection-limit.js';
import type { EmulatorContext } from '../emulator-context.js';
import type { UpgradeEndpoint } from '../endpoint.js';
import { AnnouncingWebSocket } from '../frames/announcing-web-socket.js';
import { SocketFlusher } from '../frames/socket-flusher.js';
import { refuseUpgrade, type HandshakeRefusal } from '../handshake.js';
import { Deliveries } from './delivery.js';
import { MqttDialogue } from './mqtt-dialogue.js';
import { readHandshake } from './mqtt-handshake.js';
import { MqttSessionRegistry } from './mqtt-session.registry.js';
import { MAX_PACKET_BYTES } from './mqtt-socket.js';
import { REASON_CODES } from './reason-codes.js';

const PATH = /^\/clients\/mqtt\/hubs\/([^/]+)\/?$/i;

/** A frame may hold several packets; their limit is the packet's [client-mqtt 1]. */
const MAX_FRAME_BYTES = 4 * MAX_PACKET_BYTES;

/** How long `close` waits for the clients' part of the closing handshake. */
const CLOSE_GRACE_MS = 1_000;

/** MQTT 3.1.1 and 5.0 over WebSocket at `/clients/mqtt/hubs/{hub}`: sessions are connections, topics are groups. */
export class MqttEndpoint implements UpgradeEndpoint {
  readonly #server = new WebSocketServer({
    noServer: true,
    WebSocket: AnnouncingWebSocket,
    maxPayload: MAX_FRAME_BYTES,
    clientTracking: false,
    handleProtocols: () => 'mqtt',
  });
  readonly #sessions = new MqttSessionRegistry();
  readonly #flusher = new SocketFlusher();
  readonly #deliveries = new Deliveries();
  readonly #dialogues = new Set<MqttDialogue>();
  #isClosing = false;

  constructor(
    private readonly context: EmulatorContext,
    private readonly hubs: HubRegistry,
    private readonly limit: ConnectionLimit,
  ) {
    limit.include(() => this.#dialogues.size);
  }

  handles(pathname: string): boolean {
    return PATH.test(pathname);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, url: URL): void {
    if (this.#isClosing) return refuseUpgrade(socket, 503, 'The emulator is shutting down.');
    const name = hubNameOf(url);
    if (name === undefined) return refuseUpgrade(socket, 400, 'The path does not end in a hub name.');
    const handshake = readHandshake(request, url, this.hubs.settingsOf(name), this.context);
    if ('status' in handshake) return this.#refuse(socket, name, handshake);
    if (this.limit.isReached) return this.#refuse(socket, name, LIMIT_REFUSAL);
    const services = {
      context: this.context,
      hub: this.hubs.get(name),
      sessions: this.#sessions,
      flusher: this.#flusher,
      deliveries: this.#deliveries,
    };
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const dialogue = new MqttDialogue(webSocket, socket, handshake, services);
      this.#dialogues.add(dialogue);
      webSocket.once('close', () => this.#dialogues.delete(dialogue));
    });
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#dialogues].map((dialogue) => dialogue.idle()));
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const session of this.#sessions.all()) {
      // [assumed] nobody is there any more to whom a will could matter
      session.discardWill();
      session.end('The emulator is shutting down.', REASON_CODES.serverShuttingDown);
    }
    const dialogues = [...this.#dialogues];
    for (const { socket } of dialogues) socket.close(1001, 'The emulator is shutting down.');
    const deadline = setTimeout(() => {
      for (const { socket } of dialogues) socket.terminate();
    }, CLOSE_GRACE_MS);
    await Promise.all(dialogues.map(({ socket }) => socket.closed));
    clearTimeout(deadline);
    this.#server.close();
  }

  #refuse(socket: Duplex, hub: string, { status, reason, headers }: HandshakeRefusal): void {
    this.context.traffic.record({ door: 'client', hub, action: 'refused', status, summary: reason });
    refuseUpgrade(socket, status, reason, headers);
  }
}

function hubNameOf(url: URL): string | undefined {
  const encoded = PATH.exec(url.pathname)?.[1] ?? '';
  try {
    const name = decodeURIComponent(encoded);
    return isHubName(name) ? canonicalHubName(name) : undefined;
  } catch {
    return undefined;
  }
}
