import type { IncomingMessage } from 'node:http';
import { verifyAccessToken, type AccessTokenClaims } from '../../protocol/access-token.js';
import { isGroupName } from '../../protocol/names.js';
import { listAccessKeys } from '../access-keys.js';
import { readClaims, readHeaders, readQuery } from '../connect-details.js';
import type { ConnectDetails } from '../core/event-sink.js';
import type { Hub } from '../core/hub.js';
import type { EmulatorContext } from '../emulator-context.js';
import { accessTokenOf, hostNamesOf, isWebSocketUpgrade } from '../handshake.js';

/** What an access token says of the client it was made for [auth 3]. */
export interface ClientIdentity {
  /** Absent: anonymous. */
  readonly userId?: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** What the upgrade request says of a client, before its CONNECT. */
export interface MqttHandshake {
  readonly claims: AccessTokenClaims;
  readonly identity: ClientIdentity;
  readonly details: ConnectDetails;
}

export interface HandshakeRefusal {
  readonly status: number;
  readonly reason: string;
}

export function readHandshake(
  request: IncomingMessage,
  url: URL,
  hub: Hub,
  context: EmulatorContext,
): MqttHandshake | HandshakeRefusal {
  if (!isWebSocketUpgrade(request)) return { status: 400, reason: 'Only WebSocket upgrades are accepted.' };
  // [client-mqtt 1] the standard requires the offer; the answer to its absence is [assumed]
  const subprotocols = offeredSubprotocols(request);
  if (!subprotocols.includes('mqtt')) {
    return { status: 400, reason: 'Offer the WebSocket subprotocol mqtt.' };
  }
  const token = accessTokenOf(request, url);
  const verdict =
    token === undefined
      ? judgeAnonymous(hub)
      : verifyAccessToken(token, {
          accessKeys: listAccessKeys(context.accessKeys),
          audiences: audiencesOf(request, url),
          now: context.clock.now(),
        });
  if (!verdict.isValid) return { status: 401, reason: `The access token is not accepted: ${verdict.problem}.` };
  const identity = readIdentity(verdict.claims);
  if (!identity.groups.every(isGroupName)) {
    return { status: 400, reason: 'The token contains an invalid group name.' };
  }
  return {
    claims: verdict.claims,
    identity,
    details: {
      claims: readClaims(verdict.claims),
      query: readQuery(url.searchParams),
      headers: readHeaders(request),
      subprotocols,
      clientCertificates: [],
    },
  };
}

/** In the order of the offer. */
function offeredSubprotocols(request: IncomingMessage): string[] {
  const header = request.headers['sec-websocket-protocol'] ?? '';
  return header
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function judgeAnonymous({
  settings,
}: Hub): { isValid: true; claims: AccessTokenClaims } | { isValid: false; problem: string } {
  return settings.anonymousConnectPolicy === 'allow'
    ? { isValid: true, claims: {} }
    : { isValid: false, problem: 'there is none, and the hub does not allow anonymous clients' };
}

/**
 * Groups are taken from the claim that the SDKs sign and from the one that the documentation names [client-mqtt 1.1].
 */
function readIdentity(claims: AccessTokenClaims): ClientIdentity {
  const { sub } = claims;
  return {
    userId: typeof sub === 'string' ? sub : undefined,
    roles: textsOf(claims['role']),
    groups: [...textsOf(claims['webpubsub.group']), ...textsOf(claims['group'])],
  };
}

/** A claim may be one text or a list; what is neither is ignored. */
function textsOf(claim: unknown): string[] {
  return (Array.isArray(claim) ? claim : [claim]).filter((item) => typeof item === 'string');
}

/** The URL in `http` or `https`, without its query [client-mqtt 1.1]; the hub may be encoded or not [assumed]. */
function audiencesOf(request: IncomingMessage, url: URL): string[] {
  const path = url.pathname.replace(/\/$/, '');
  return ['http', 'https'].flatMap((scheme) =>
    hostNamesOf(request).flatMap((host) =>
      [path, decodeURIComponent(path)].map((form) => `${scheme}://${host}${form}`),
    ),
  );
}
