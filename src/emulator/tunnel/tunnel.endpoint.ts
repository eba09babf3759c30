import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { clearTimeout, setTimeout } from 'node:timers';
import { WebSocketServer, type WebSocket } from 'ws';
import { canonicalHubName, isHubName } from '../../protocol/names.js';
import type { TunnelMessage } from '../../protocol/tunnel-message.js';
import { describeHeaderProblem } from '../core/upstream-headers.js';
import {
  UpstreamUnreachableError,
  type UpstreamRequest,
  type UpstreamResponse,
  type UpstreamTransport,
} from '../core/upstream-transport.js';
import type { EmulatorContext } from '../emulator-context.js';
import type { UpgradeEndpoint } from '../endpoint.js';
import { findUpgradeProblem, refuseUpgrade } from '../handshake.js';
import { verifyTunnelToken } from './tunnel-access.js';
import { TunnelConnection } from './tunnel-connection.js';
import type { TunnelIdentity } from './tunnel-identity.js';
import type { TunnelControl, TunnelMove, TunnelStatus } from './tunnel-control.js';
import { TunnelPool } from './tunnel-pool.js';

/** Above what an answer may have, so that one that is too large fails its event and not the tunnel. Bytes. */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;

/** How long `close` waits for the tools' part of the closing handshake. */
const CLOSE_GRACE_MS = 1_000;

/**
 * The service's side of the tunnel tool (`awps-tunnel`): tools connect to `/server/tunnel`, and events of handlers with
 * a `tunnel:///` template travel to the local application through them. Each connection belongs to one hub; several of
 * one hub take turns [tunnel 8].
 */
export class TunnelEndpoint implements UpgradeEndpoint, UpstreamTransport, TunnelControl {
  /** The service does not validate handlers behind a tunnel [tunnel 5.1]. */
  readonly validates = false;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    clientTracking: false,
    // [tunnel 13] no subprotocol is answered, whatever was offered
    handleProtocols: () => false,
  });
  readonly #pool = new TunnelPool();
  /** No `private` of TypeScript: who prints the control of tunnels shall not print the access keys. */
  readonly #context: EmulatorContext;
  #lastAckId = 0;
  #isClosing = false;

  constructor(context: EmulatorContext) {
    this.#context = context;
  }

  handles(pathname: string): boolean {
    return /^\/server\/tunnel\/?$/i.test(pathname);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, url: URL): void {
    const hub = url.searchParams.get('hub') ?? '';
    if (this.#isClosing) return refuseUpgrade(socket, 503, 'The emulator is shutting down.');
    const refusal = findUpgradeProblem(request);
    if (refusal) return refuseUpgrade(socket, refusal.status, refusal.reason, refusal.headers);
    // [tunnel 2] tools send none; a page can sign a token of the default key, which is public
    if (request.headers.origin !== undefined) {
      return refuseUpgrade(
        socket,
        403,
        'A tunnel is opened by a tool, not by a page: the request has an Origin header.',
      );
    }
    if (!isHubName(hub)) return refuseUpgrade(socket, 400, 'The query parameter hub is missing or not a hub name.');
    const verdict = verifyTunnelToken(request, url, this.#context);
    if (!verdict.isValid) {
      this.#context.logger.warn(`A tunnel for hub ${hub} was refused: ${verdict.problem}.`);
      return refuseUpgrade(socket, 401, `The access token is not accepted: ${verdict.problem}.`);
    }
    const { sub } = verdict.claims;
    const identity: TunnelIdentity = {
      connectionId: randomUUID(),
      hub: canonicalHubName(hub),
      serverId: typeof sub === 'string' ? sub : undefined,
      target: url.searchParams.get('target') ?? undefined,
    };
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#open(identity, webSocket));
  }

  carries(url: URL): boolean {
    return url.protocol === 'tunnel:';
  }

  send(hub: string, request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamResponse> {
    // Handed to the tool, such headers would fail inside it, or end it.
    const problem = describeHeaderProblem(request.headers);
    if (problem !== undefined) {
      return Promise.reject(new UpstreamUnreachableError(`Nothing was sent: ${problem}`, { isRetryable: false }));
    }
    const connection = this.#pool.next(canonicalHubName(hub));
    if (connection) return connection.request(request, signal);
    return Promise.reject(new UpstreamUnreachableError(describeMissingTunnel(hub), { isRetryable: true }));
  }

  list(hub?: string): TunnelStatus[] {
    const statuses: TunnelStatus[] = [];
    for (const connection of this.#pool.all(hub === undefined ? undefined : canonicalHubName(hub))) {
      const { identity, connectedAt, pendingRequests } = connection;
      if (connection.isConnected) statuses.push({ ...identity, connectedAt, pendingRequests });
    }
    return statuses;
  }

  reconnect(connectionId: string, move: TunnelMove = {}): boolean {
    return this.#sendTo(connectionId, { kind: 'reconnect', ...move });
  }

  rebalance(connectionId: string, move: TunnelMove = {}): boolean {
    return this.#sendTo(connectionId, { kind: 'rebalance', ...move });
  }

  notify(connectionId: string, message: string): boolean {
    return this.#sendTo(connectionId, { kind: 'serviceStatus', message });
  }

  disconnect(connectionId: string, message = 'Closed by the emulator.'): boolean {
    const connection = this.#pool.find(connectionId);
    connection?.dismiss(message);
    return connection !== undefined;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const connections = [...this.#pool.all()];
    for (const connection of connections) connection.close();
    const deadline = setTimeout(() => {
      for (const connection of connections) connection.terminate();
    }, CLOSE_GRACE_MS);
    await Promise.all(connections.map((connection) => connection.closed));
    clearTimeout(deadline);
    this.#server.close();
  }

  #open(identity: TunnelIdentity, webSocket: WebSocket): void {
    const connection = new TunnelConnection(identity, webSocket, this.#context, () => ++this.#lastAckId);
    const { logger } = this.#context;
    const name = `${identity.connectionId} of hub ${identity.hub}`;
    this.#pool.add(connection);
    logger.log(`Tunnel connected: ${name}, server ${identity.serverId ?? 'without an id'}.`);
    webSocket.once('close', () => {
      this.#pool.remove(connection);
      logger.log(`Tunnel disconnected: ${name}.`);
    });
  }

  #sendTo(connectionId: string, message: TunnelMessage): boolean {
    const connection = this.#pool.find(connectionId);
    connection?.send(message);
    return connection !== undefined;
  }
}

function describeMissingTunnel(hub: string): string {
  return (
    `No tunnel is connected for hub ${hub}. Start one, with the emulator's connection string in the environment ` +
    `variable WebPubSubConnectionString: awps-tunnel run --hub ${hub} --upstream http://localhost:8080`
  );
}
