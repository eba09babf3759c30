import { randomUUID } from 'node:crypto';
import { signAccessToken, verifyAccessToken } from '../../protocol/access-token.js';
import { listAccessKeys } from '../access-keys.js';
import type { EmulatorContext } from '../emulator-context.js';

const ISSUER = 'https://webpubsub.azure.com';
const LIFETIME_SECONDS = 7 * 24 * 60 * 60;

/** With this a client comes back to its reliable connection: a token for that connection alone [client-websocket 9]. */
export function createReconnectionToken(context: EmulatorContext, connectionId: string): string {
  const now = Math.floor(context.clock.now() / 1000);
  return signAccessToken(
    { iss: ISSUER, aud: connectionId, jti: randomUUID(), iat: now, exp: now + LIFETIME_SECONDS },
    context.accessKeys.primary,
  );
}

/** Why the token does not let its bearer into the connection; undefined when it does. */
export function checkReconnectionToken(
  context: EmulatorContext,
  connectionId: string,
  token: string | undefined,
): string | undefined {
  if (!token) return 'awps_reconnection_token is missing';
  const verdict = verifyAccessToken(token, {
    accessKeys: listAccessKeys(context.accessKeys),
    audiences: [connectionId],
    now: context.clock.now(),
    clockSkewSeconds: 0,
  });
  if (!verdict.isValid) return verdict.problem;
  return verdict.claims['iss'] === ISSUER ? undefined : 'the token is no reconnection token';
}
