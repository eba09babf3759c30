import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ConnectOutcome } from '../core/event-sink.js';
import { ClientConnection } from '../core/client-connection.js';
import type { HubRegistry } from '../core/hub.registry.js';
import { ConnectionPermissions } from '../core/permissions.js';
import { isHttpToken } from '../../protocol/http-token.js';
import { canonicalHubName } from '../../protocol/names.js';
import { createSimpleDecoder, simpleEncoder, type SimpleClientMode } from '../../protocol/simple.codec.js';
import { quote } from '../../protocol/quote.js';
import { findSubprotocol, selectSubprotocol } from '../../protocol/subprotocol.js';
import type { ServiceMessageEncoder } from '../../protocol/subprotocol-codec.js';
import { readHeaders } from '../connect-details.js';
import { LIMIT_REFUSAL, type ConnectionLimit } from '../connection-limit.js';
import type { EmulatorContext } from '../emulator-context.js';
import type { RequestEndpoint, UpgradeEndpoint } from '../endpoint.js';
import { refuseUpgrade, type HandshakeRefusal } from '../handshake.js';
import { answerText } from '../text-answer.js';
import { isClientPath, readHandshake, readSimpleMode, type ClientHandshake } from './client-handshake.js';
import { identifyClient, type ClientIdentity } from './client-identity.js';
import { ClientSession } from './client-session.js';
import type { ClientSocket, ClientSocketListener } from './client-socket.js';
import { CLOSES } from './close-reasons.js';
import { FrameEncoder } from './frame-encoder.js';
import { PendingSocket } from './pending-socket.js';
import { checkReconnectionToken } from './recovery.js';
import { SocketAcceptor } from './socket-acceptor.js';
import { chooseSubprotocol, spellAsOffered } from './subprotocol-choice.js';

export interface ClientEndpointOptions {
  /** How long a dropped reliable connection waits for its client. Milliseconds; default 30 000 [client-websocket 9]. */
  readonly recoveryWindowMs?: number;
  /** Largest client message. Bytes; default 1 048 576 [client-websocket 12]. */
  readonly maxFrameBytes?: number;
  /**
   * Whether a close frame without a code, which `client.stop()` of the official JavaScript client sends, ends a reliable
   * connection at once. Default false: it can be recovered, as after a broken network [client-websocket 9].
   */
  readonly endsOnCloseWithoutCode?: boolean;
}

const DEFAULT_RECOVERY_WINDOW_MS = 30_000;
const DEFAULT_MAX_FRAME_BYTES = 1024 * 1024;
const DEFAULT_KEEP_ALIVE_SECONDS = 20;

/** The door of WebSocket clients, `/client/hubs/{hub}`: everything between the upgrade request and the session. */
export class ClientEndpoint implements UpgradeEndpoint, RequestEndpoint {
  readonly #sessions = new Map<ClientConnection, ClientSession>();
  readonly #pending = new Set<PendingSocket>();
  readonly #encoders = new Map<ServiceMessageEncoder, FrameEncoder>();
  readonly #acceptor: SocketAcceptor;
  #isClosing = false;

  constructor(
    private readonly context: EmulatorContext,
    private readonly hubs: HubRegistry,
    private readonly limit: ConnectionLimit,
    private readonly options: ClientEndpointOptions = {},
  ) {
    limit.include(() => this.#sessions.size + this.#pending.size);
    this.#acceptor = new SocketAcceptor(context.clock, options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES);
  }

  handles(pathname: string): boolean {
    return isClientPath(pathname);
  }

  /** A request that is no upgrade. */
  handle(_request: IncomingMessage, response: ServerResponse): void {
    answerText(response, 400, 'This path takes WebSocket connections: send an upgrade request.');
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, url: URL): Promise<void> {
    if (this.#isClosing) return refuseUpgrade(socket, 503, CLOSES.shutdown.reason);
    const read = readHandshake(request, url);
    if (read.kind === 'invalid') return this.#refuse(socket, '', read.refusal);
    const { handshake } = read;
    if (handshake.recovery) return this.#recover(handshake, request, socket, head);
    await this.#connect(handshake, request, socket, head);
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.idle()));
  }

  /** Tells every client, and gives each a moment to answer. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const pending of this.#pending) refuseUpgrade(pending.socket, 503, CLOSES.shutdown.reason);
    for (const session of [...this.#sessions.values()]) session.shutDown();
    await this.#acceptor.close();
  }

  /** A hub that nobody named before comes into being only for a client whose token allows it. */
  async #connect(handshake: ClientHandshake, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const name = canonicalHubName(handshake.hub);
    const identity = identifyClient(this.context, this.hubs.settingsOf(name), handshake, request);
    if ('status' in identity) return this.#refuse(socket, name, identity);
    const mode = readSimpleMode(handshake.query);
    if ('status' in mode) return this.#refuse(socket, name, mode);
    if (this.limit.isReached) return this.#refuse(socket, name, LIMIT_REFUSAL);
    const hub = this.hubs.get(name);
    const connection = new ClientConnection(hub, randomUUID().replaceAll('-', ''), this.#permit(identity.roles));
    if (identity.userId !== undefined) connection.userId = identity.userId;

    const pending = new PendingSocket(socket);
    this.#pending.add(pending);
    const outcome = await hub.events.connect(
      connection,
      {
        claims: identity.claims,
        query: handshake.query.toMultiMap(),
        headers: readHeaders(request),
        subprotocols: [...handshake.offeredSubprotocols],
        clientCertificates: [],
      },
      pending.signal,
    );
    this.#pending.delete(pending);
    const early = pending.release();
    if (outcome.kind === 'refused') {
      this.#recordRefusal(hub.name, `refused by upstream: ${outcome.reason}`, outcome.status, connection.connectionId);
      // [client-websocket 1.4] what upstream wrote does not reach the client.
      const reason = `The connect event ended with status ${outcome.status}; the emulator's traffic record says why.`;
      return refuseUpgrade(socket, outcome.status, reason);
    }
    if (pending.isGone || this.#isClosing) {
      socket.destroy();
      return this.#abandon(connection);
    }
    if (outcome.subprotocol !== undefined && !isHttpToken(outcome.subprotocol)) {
      const reason = 'The connect event handler chose a subprotocol that is not a valid name.';
      this.context.logger.warn(`${reason} It is ${quote(outcome.subprotocol)}.`);
      return this.#refuse(socket, hub.name, { status: 500, reason }, connection);
    }
    this.#accept(connection, {
      handshake,
      identity,
      mode,
      outcome,
      request,
      socket,
      head: Buffer.concat([head, early]),
    });
  }

  #accept(
    connection: ClientConnection,
    accepted: {
      handshake: ClientHandshake;
      identity: ClientIdentity;
      mode: SimpleClientMode;
      outcome: Extract<ConnectOutcome, { kind: 'accepted' }>;
      request: IncomingMessage;
      socket: Duplex;
      head: Buffer;
    },
  ): void {
    const { handshake, identity, mode, outcome, request, socket, head } = accepted;
    if (outcome.userId !== undefined) connection.userId = outcome.userId;
    if (outcome.roles) connection.permissions = this.#permit(outcome.roles);
    const choice = chooseSubprotocol(handshake.offeredSubprotocols, outcome.subprotocol);
    if (choice.warning !== undefined) this.context.logger.warn(choice.warning);
    if (choice.name !== undefined) connection.subprotocol = choice.name;

    const session = this.#createSession(connection, mode);
    const clientSocket = this.#openSocket(connection.hub.name, request, socket, head, choice.name, session);
    if (!clientSocket) return this.#abandon(connection);
    this.#sessions.set(connection, session);
    connection.attach(session);
    connection.hub.add(connection, outcome.groups ?? identity.groups);
    session.start(clientSocket, identity.tokenClaims);
  }

  /** A refused recovery is accepted as a WebSocket and then closed, so that the client learns to give up. */
  #recover(handshake: ClientHandshake, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { connectionId, reconnectionToken } = handshake.recovery!;
    const name = canonicalHubName(handshake.hub);
    const connection = this.hubs.find(name)?.connections.get(connectionId);
    const session = connection && this.#sessions.get(connection);
    const problem =
      checkReconnectionToken(this.context, connectionId, reconnectionToken) ??
      (session?.isReliable ? undefined : 'the hub has no such connection that can be recovered');
    if (!session || problem !== undefined) {
      const subprotocol = selectSubprotocol(handshake.offeredSubprotocols);
      const ignored: ClientSocketListener = { onFrame() {}, onLost() {} };
      this.#openSocket(name, request, socket, head, subprotocol, ignored)?.close(CLOSES.notRecovered);
      return this.#recordRefusal(name, `recovery refused: ${problem}`, CLOSES.notRecovered.code, connectionId);
    }
    const original = session.connection.subprotocol;
    const subprotocol = original && spellAsOffered(handshake.offeredSubprotocols, original);
    const clientSocket = this.#openSocket(name, request, socket, head, subprotocol, session);
    if (clientSocket) session.recover(clientSocket);
  }

  #openSocket(
    hub: string,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    subprotocol: string | undefined,
    listener: ClientSocketListener,
  ): ClientSocket | undefined {
    return this.#acceptor.accept(request, socket, head, {
      subprotocol,
      listener,
      keepAliveIntervalMs: () =>
        (this.hubs.settingsOf(hub).webSocketKeepAliveIntervalInSeconds ?? DEFAULT_KEEP_ALIVE_SECONDS) * 1000,
    });
  }

  #createSession(connection: ClientConnection, mode: SimpleClientMode): ClientSession {
    const subprotocol = connection.subprotocol === undefined ? undefined : findSubprotocol(connection.subprotocol);
    return new ClientSession(this.context, connection, {
      decoder: subprotocol?.codec ?? createSimpleDecoder(mode),
      encoder: this.#encoderOf(subprotocol?.codec ?? simpleEncoder),
      isSimple: !subprotocol,
      isReliable: subprotocol?.isReliable ?? false,
      recoveryWindowMs: this.options.recoveryWindowMs ?? DEFAULT_RECOVERY_WINDOW_MS,
      endsOnCloseWithoutCode: this.options.endsOnCloseWithoutCode ?? false,
      onEnded: () => this.#sessions.delete(connection),
    });
  }

  /** One for all connections of a codec, so that they share what it has encoded. */
  #encoderOf(codec: ServiceMessageEncoder): FrameEncoder {
    let encoder = this.#encoders.get(codec);
    if (!encoder) {
      encoder = new FrameEncoder(codec);
      this.#encoders.set(codec, encoder);
    }
    return encoder;
  }

  #permit(roles: readonly string[]): ConnectionPermissions {
    return new ConnectionPermissions(roles, (problem) => this.context.logger.warn(problem));
  }

  /** [upstream-events 6.1] what upstream has accepted it also sees ending, even if the client was gone before the 101. */
  #abandon(connection: ClientConnection): void {
    this.#recordRefusal(
      connection.hub.name,
      'the client had gone before it was accepted',
      499,
      connection.connectionId,
    );
    connection.hub.events.disconnected(connection, '');
  }

  #refuse(socket: Duplex, hub: string, refusal: HandshakeRefusal, connection?: ClientConnection): void {
    const { status, reason, headers } = refusal;
    this.#recordRefusal(hub, `refused: ${reason}`, status, connection?.connectionId);
    refuseUpgrade(socket, status, reason, headers);
  }

  #recordRefusal(hub: string, summary: string, status: number, connectionId?: string): void {
    this.context.traffic.record({
      door: 'client',
      hub,
      action: 'refused',
      summary,
      status,
      ...(connectionId !== undefined && { connectionId }),
    });
  }
}
