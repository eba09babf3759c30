import type { IncomingMessage } from 'node:http';
import { verifyAccessToken, type AccessTokenClaims } from '../../protocol/access-token.js';
import type { MultiMap } from '../../protocol/cloud-event.js';
import { isGroupName } from '../../protocol/names.js';
import { listAccessKeys } from '../access-keys.js';
import { readClaims, readIdentity, type TokenIdentity } from '../connect-details.js';
import type { HubSettings } from '../core/hub-settings.js';
import type { EmulatorContext } from '../emulator-context.js';
import { hostNamesOf, type HandshakeRefusal } from '../handshake.js';
import type { ClientHandshake } from './client-handshake.js';

/** Who a client is by its access token, before upstream has had its say [client-websocket 1.2]. */
export interface ClientIdentity extends TokenIdentity {
  /** Every claim of the token, as upstream sees them. */
  readonly claims: MultiMap;
  /** The same as they were signed; absent without a token. */
  readonly tokenClaims?: AccessTokenClaims;
}

const ANONYMOUS: ClientIdentity = { roles: [], groups: [], claims: {} };

/**
 * Checks the access token and reads it. A client without one is anonymous where the hub allows it; a token that is present
 * and invalid is refused all the same [assumed].
 */
export function identifyClient(
  context: EmulatorContext,
  settings: HubSettings,
  { accessToken, hub }: ClientHandshake,
  request: IncomingMessage,
): ClientIdentity | HandshakeRefusal {
  if (accessToken === undefined) {
    if (settings.anonymousConnectPolicy === 'allow') return ANONYMOUS;
    return unauthorized(
      'there is no access token; add it to the URL as access_token, or allow anonymous clients in the settings of the hub',
    );
  }
  const verdict = verifyAccessToken(accessToken, {
    accessKeys: listAccessKeys(context.accessKeys),
    audiences: listAudiences(request, hub),
    now: context.clock.now(),
  });
  if (!verdict.isValid) return unauthorized(verdict.problem);
  const claims = readClaims(verdict.claims);
  const identity = readIdentity(claims);
  if (!identity.groups.every(isGroupName)) return { status: 400, reason: 'The token contains an invalid group name.' };
  return { ...identity, claims, tokenClaims: verdict.claims };
}

/** The audiences a token for that hub may name, the likeliest first; the host is the one the client connects to. */
function listAudiences(request: IncomingMessage, hub: string): string[] {
  const paths = [`/client/hubs/${hub}`, `/client/hubs/${encodeURIComponent(hub)}`];
  return ['http', 'https'].flatMap((scheme) =>
    hostNamesOf(request).flatMap((host) => paths.map((path) => `${scheme}://${host}${path}`)),
  );
}

function unauthorized(problem: string): HandshakeRefusal {
  return { status: 401, reason: `Unauthorized: ${problem}.` };
}
