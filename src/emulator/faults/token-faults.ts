import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { decodeAccessToken, signAccessToken } from '../../protocol/access-token.js';
import { canonicalHubName } from '../../protocol/names.js';
import type { EmulatorContext } from '../emulator-context.js';
import type { UpgradeEndpoint } from '../endpoint.js';
import { accessTokenOf, queryParameter } from '../handshake.js';
import type { FaultSwitches } from './fault-switches.js';

/**
 * Stands before a client door and lets tokens run out: the door then sees, and refuses, a token that has really expired.
 */
export class TokenFaults implements UpgradeEndpoint {
  constructor(
    private readonly door: UpgradeEndpoint,
    private readonly faults: FaultSwitches,
    private readonly context: EmulatorContext,
  ) {}

  handles(pathname: string): boolean {
    return this.door.handles(pathname);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, url: URL): void | Promise<void> {
    const hub = hubOf(url);
    const connectionId = queryParameter(url, 'awps_connection_id');
    if (connectionId === undefined) this.#expireAccessToken(request, url, hub);
    else this.#expireReconnectionToken(request, url, hub, connectionId);
    return this.door.upgrade(request, socket, head, url);
  }

  async idle(): Promise<void> {
    await this.door.idle?.();
  }

  close(): Promise<void> {
    return this.door.close();
  }

  #expireAccessToken(request: IncomingMessage, url: URL, hub: string): void {
    const token = accessTokenOf(request, url);
    const claims = token === undefined ? undefined : decodeAccessToken(token);
    if (!claims) return;
    const fault = this.faults.take(
      'expireAccessToken',
      (candidate) =>
        (candidate.hub === undefined || canonicalHubName(candidate.hub) === hub) &&
        (candidate.userId === undefined || candidate.userId === claims['sub']),
    );
    if (!fault) return;
    this.faults.note({ hub }, 'fault: the access token of a client is taken as expired');
    const expired = signAccessToken({ ...claims, exp: 0 }, this.context.accessKeys.primary);
    if (setParameter(url, 'access_token', expired)) request.url = url.pathname + url.search;
    else request.headers.authorization = `Bearer ${expired}`;
  }

  #expireReconnectionToken(request: IncomingMessage, url: URL, hub: string, connectionId: string): void {
    const fault = this.faults.take(
      'expireReconnectionToken',
      (candidate) => canonicalHubName(candidate.hub) === hub && candidate.connectionId === connectionId,
    );
    if (!fault) return;
    this.faults.note({ hub, connectionId }, 'fault: the reconnection token is taken as expired');
    setParameter(url, 'awps_reconnection_token', 'expired');
    request.url = url.pathname + url.search;
  }
}

function hubOf(url: URL): string {
  const segment = /\/hubs\/([^/]+)\/?$/i.exec(url.pathname)?.[1];
  try {
    return canonicalHubName(segment === undefined ? (queryParameter(url, 'hub') ?? '') : decodeURIComponent(segment));
  } catch {
    return '';
  }
}

function setParameter(url: URL, name: string, value: string): boolean {
  const key = [...url.searchParams.keys()].find((candidate) => candidate.toLowerCase() === name);
  if (key === undefined) return false;
  url.searchParams.set(key, value);
  return true;
}
