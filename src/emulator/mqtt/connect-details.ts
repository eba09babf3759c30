import type { IncomingMessage } from 'node:http';
import type { AccessTokenClaims } from '../../protocol/access-token.js';
import type { MultiMap } from '../../protocol/cloud-event.js';
import type { ConnectDetails } from '../core/event-sink.js';

/** The body of the `connect` event, as far as the upgrade request tells it [upstream-events 6.1]. */
export function connectDetailsOf(request: IncomingMessage, url: URL, claims: AccessTokenClaims): ConnectDetails {
  return {
    claims: Object.fromEntries(Object.entries(claims).map(([type, value]) => [type, claimValues(value)])),
    query: queryOf(url),
    headers: headersOf(request),
    subprotocols: offeredSubprotocols(request),
    clientCertificates: [],
  };
}

/** In the order of the offer. */
export function offeredSubprotocols(request: IncomingMessage): string[] {
  const header = request.headers['sec-websocket-protocol'] ?? '';
  return header
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function claimValues(claim: unknown): string[] {
  return (Array.isArray(claim) ? claim : [claim]).map((item) =>
    typeof item === 'string' ? item : (JSON.stringify(item) ?? ''),
  );
}

function queryOf(url: URL): MultiMap {
  const query = new Map<string, string[]>();
  for (const [name, value] of url.searchParams) {
    if (name.toLowerCase() === 'access_token') continue;
    append(query, name, value);
  }
  return Object.fromEntries(query);
}

/** In the casing of the client, without its credentials. */
function headersOf(request: IncomingMessage): MultiMap {
  const headers = new Map<string, string[]>();
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index];
    if (/^(authorization$|x-asrs-internal-)/i.test(name)) continue;
    append(headers, name, request.rawHeaders[index + 1]);
  }
  return Object.fromEntries(headers);
}

function append(map: Map<string, string[]>, key: string, value: string): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
