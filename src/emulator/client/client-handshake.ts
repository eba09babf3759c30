import type { IncomingMessage } from 'node:http';
import type { MultiMap } from '../../protocol/cloud-event.js';
import { isHttpToken } from '../../protocol/http-token.js';
import { isGroupName, isHubName } from '../../protocol/names.js';
import type { SimpleClientMode } from '../../protocol/simple.codec.js';
import { readQuery } from '../connect-details.js';
import { findUpgradeProblem, type HandshakeRefusal } from '../handshake.js';
import { decodePercent } from '../percent-encoding.js';

/** What a WebSocket client asks for when it connects, read but not yet allowed [client-websocket 1]. */
export interface ClientHandshake {
  readonly hub: string;
  /** Subprotocol names in the client's order and spelling. */
  readonly offeredSubprotocols: readonly string[];
  readonly accessToken?: string;
  /** Present when the client wants its connection back [client-websocket 9]. */
  readonly recovery?: { readonly connectionId: string; readonly reconnectionToken?: string };
  readonly query: QueryParameters;
}

export type HandshakeResult =
  | { readonly kind: 'valid'; readonly handshake: ClientHandshake }
  | { readonly kind: 'invalid'; readonly refusal: HandshakeRefusal };

const CLIENT_PATH = /^\/client(?:\/hubs(?:\/([^/]*))?)?\/?$/i;

/** `/client/hubs/{hub}`, and `/client/` with the hub in the query. */
export function isClientPath(pathname: string): boolean {
  return CLIENT_PATH.test(pathname);
}

/** Checks everything that needs no look at hubs, tokens or connections, in the service's order [client-websocket 1.4]. */
export function readHandshake(request: IncomingMessage, url: URL): HandshakeResult {
  const refusal = findUpgradeProblem(request);
  if (refusal) return { kind: 'invalid', refusal };
  const query = new QueryParameters(url.searchParams);
  const hub = readHubName(url.pathname, query);
  if (hub === undefined || hub.trim() === '') {
    return invalid(400, 'The hub is missing: connect to /client/hubs/{hub}.');
  }
  if (!isHubName(hub)) {
    return invalid(400, 'The hub name is invalid: a letter, then letters, digits and _`,.[] up to 128 characters.');
  }
  const offeredSubprotocols = readSubprotocols(request.headers['sec-websocket-protocol']);
  if (!offeredSubprotocols) return invalid(400, 'The header Sec-WebSocket-Protocol is malformed.');
  const accessToken = query.first('access_token') || readBearer(request.headers.authorization);
  const connectionId = query.first('awps_connection_id');
  const reconnectionToken = query.first('awps_reconnection_token');
  return {
    kind: 'valid',
    handshake: {
      hub,
      offeredSubprotocols,
      query,
      ...(accessToken && { accessToken }),
      ...(connectionId && { recovery: { connectionId, ...(reconnectionToken && { reconnectionToken }) } }),
    },
  };
}

/** The mode of a simple client; checked for every new connection, whatever it negotiates [client-websocket 1.1]. */
export function readSimpleMode(query: QueryParameters): SimpleClientMode | HandshakeRefusal {
  const mode = (query.last('webpubsub_mode') ?? '').toLowerCase();
  if (mode === '' || mode === 'sendevent') return { kind: 'sendEvent' };
  if (mode !== 'sendtogroup') {
    return { status: 400, reason: 'The query parameter webpubsub_mode is neither sendEvent nor sendToGroup.' };
  }
  const group = query.last('group') ?? '';
  if (!isGroupName(group)) {
    return {
      status: 400,
      reason: 'The query parameter group, which webpubsub_mode=sendToGroup needs, is missing or invalid.',
    };
  }
  const noEcho = (query.last('noEcho') ?? '').toLowerCase();
  if (noEcho !== '' && noEcho !== 'true' && noEcho !== 'false') {
    return { status: 400, reason: 'The query parameter noEcho is neither true nor false.' };
  }
  return { kind: 'sendToGroup', group, noEcho: noEcho === 'true' };
}

/** Query parameters of a handshake: names compare without regard to case [client-websocket 1]. */
export class QueryParameters {
  constructor(private readonly parameters: URLSearchParams) {}

  /** The first value that is not empty. */
  first(name: string): string | undefined {
    return this.#all(name).find((value) => value !== '');
  }

  /** Of repeated parameters the last one counts. */
  last(name: string): string | undefined {
    return this.#all(name).at(-1);
  }

  /** All but the access token, as upstream sees them. */
  toMultiMap(): MultiMap {
    return readQuery(this.parameters);
  }

  #all(name: string): string[] {
    const wanted = name.toLowerCase();
    return [...this.parameters].filter(([other]) => other.toLowerCase() === wanted).map(([, value]) => value);
  }
}

function readHubName(pathname: string, query: QueryParameters): string | undefined {
  const segment = CLIENT_PATH.exec(pathname)?.[1];
  return segment === undefined ? query.first('hub') : decodePercent(segment);
}

/** Undefined: malformed. */
function readSubprotocols(header: string | undefined): string[] | undefined {
  if (header === undefined) return [];
  const names = header.split(',').map((name) => name.trim());
  const isValid = names.every(isHttpToken) && new Set(names).size === names.length;
  return isValid ? names : undefined;
}

function readBearer(header: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(header ?? '')?.[1];
}

function invalid(status: number, reason: string): HandshakeResult {
  return { kind: 'invalid', refusal: { status, reason } };
}
