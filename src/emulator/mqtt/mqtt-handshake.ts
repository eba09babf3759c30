import type { IncomingMessage } from 'node:http';
import { verifyAccessToken, type AccessTokenClaims } from '../../protocol/access-token.js';
import type { MultiMap } from '../../protocol/cloud-event.js';
import { isGroupName } from '../../protocol/names.js';
import { listAccessKeys } from '../access-keys.js';
import { readClaims, readHeaders, readIdentity, readQuery, type TokenIdentity } from '../connect-details.js';
import type { ConnectDetails } from '../core/event-sink.js';
import type { HubSettings } from '../core/hub-settings.js';
import type { EmulatorContext } from '../emulator-context.js';
import { accessTokenOf, findUpgradeProblem, hostNamesOf, type HandshakeRefusal } from '../handshake.js';

/** What the upgrade request says of a client, before its CONNECT. */
export interface MqttHandshake {
  readonly claims: AccessTokenClaims;
  readonly identity: TokenIdentity;
  readonly details: ConnectDetails;
}

export function readHandshake(
  request: IncomingMessage,
  url: URL,
  settings: HubSettings,
  context: EmulatorContext,
): MqttHandshake | HandshakeRefusal {
  const refusal = findUpgradeProblem(request);
  if (refusal) return refusal;
  // [client-mqtt 1] the standard requires the offer; the answer to its absence is [assumed]
  const subprotocols = offeredSubprotocols(request);
  if (!subprotocols.includes('mqtt')) {
    return { status: 400, reason: 'Offer the WebSocket subprotocol mqtt.' };
  }
  const token = accessTokenOf(request, url);
  const verdict =
    token === undefined
      ? judgeAnonymous(settings)
      : verifyAccessToken(token, {
          accessKeys: listAccessKeys(context.accessKeys),
          audiences: audiencesOf(request, url),
          now: context.clock.now(),
        });
  if (!verdict.isValid) return { status: 401, reason: `The access token is not accepted: ${verdict.problem}.` };
  const claims = readClaims(verdict.claims);
  const identity = readMqttIdentity(claims);
  if (!identity.groups.every(isGroupName)) {
    return { status: 400, reason: 'The token contains an invalid group name.' };
  }
  return {
    claims: verdict.claims,
    identity,
    details: {
      claims,
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

function judgeAnonymous(
  settings: HubSettings,
): { isValid: true; claims: AccessTokenClaims } | { isValid: false; problem: string } {
  return settings.anonymousConnectPolicy === 'allow'
    ? { isValid: true, claims: {} }
    : { isValid: false, problem: 'there is none, and the hub does not allow anonymous clients' };
}

/**
 * Groups are taken from the claim that the SDKs sign and from the one that the documentation names [client-mqtt 1.1].
 */
function readMqttIdentity(claims: MultiMap): TokenIdentity {
  const identity = readIdentity(claims);
  return { ...identity, groups: [...identity.groups, ...(claims['group'] ?? [])] };
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
