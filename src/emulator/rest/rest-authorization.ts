import type { IncomingMessage } from 'node:http';
import {
  decodeAccessToken,
  findLifetimeProblem,
  verifyAccessToken,
  type AccessTokenClaims,
} from '../../protocol/access-token.js';
import { listAccessKeys } from '../access-keys.js';
import type { EmulatorContext } from '../emulator-context.js';
import { hostNamesOf } from '../handshake.js';
import { decodePercent } from '../percent-encoding.js';
import { restErrors } from './rest.errors.js';

/** The audience of Microsoft Entra tokens for the service [auth 5]. */
const ENTRA_AUDIENCE = 'https://webpubsub.azure.com';

export interface RestAuthorizationOptions {
  /** Bearer tokens of Entra pass on their audience and lifetime alone. */
  readonly allowUnvalidatedEntraTokens: boolean;
}

/**
 * Checks the bearer token of a call and returns its claims; throws 401. `origin` is the caller's, `http://host:port`, and
 * `target` the raw path with its query.
 */
export function authorizeRestCall(
  message: IncomingMessage,
  origin: string,
  target: string,
  context: EmulatorContext,
  options: RestAuthorizationOptions,
): AccessTokenClaims {
  const token = /^Bearer +(\S+) *$/i.exec(message.headers.authorization ?? '')?.[1];
  if (token === undefined) throw restErrors.unauthorized('there is no bearer token in the Authorization header');
  const claims = decodeAccessToken(token) ?? {};
  const audiences = [claims['aud']].flat().filter((audience) => typeof audience === 'string');
  const now = context.clock.now();
  if (audiences.includes(ENTRA_AUDIENCE)) {
    if (!options.allowUnvalidatedEntraTokens) {
      throw restErrors.unauthorized('the option allowUnvalidatedEntraTokens, which lets Entra tokens pass, is off');
    }
    const problem = findLifetimeProblem(claims, now);
    if (problem !== undefined) throw restErrors.unauthorized(problem);
    return claims;
  }
  const origins = [origin, ...hostNamesOf(message).map((host) => `http://${host}`)];
  const accepted = acceptedAudiences(origins, target);
  const verdict = verifyAccessToken(token, {
    accessKeys: listAccessKeys(context.accessKeys),
    // The check compares letter by letter; a differently encoded spelling of the same URL is let through by naming it.
    audiences: [origin + withoutQuery(target), ...audiences.filter((audience) => isAccepted(audience, accepted))],
    now,
  });
  if (!verdict.isValid) throw restErrors.unauthorized(verdict.problem);
  return verdict.claims;
}

/**
 * The spellings of the request's URL that a token may name: as sent, decoded, and decoded but for the slash, each with and
 * without the query and without a slash at the end [auth 2]. In lower case.
 */
function acceptedAudiences(origins: readonly string[], target: string): ReadonlySet<string> {
  const spellings = new Set<string>();
  for (const url of origins.flatMap((origin) => [origin + target, origin + withoutQuery(target)])) {
    for (const spelling of [url, decodePercent(url), decodePercent(url.replaceAll(/%2f/gi, '%252F'))]) {
      spellings.add(spelling.toLowerCase());
      spellings.add(spelling.replace(/\/$/, '').toLowerCase());
    }
  }
  return spellings;
}

function isAccepted(audience: string, accepted: ReadonlySet<string>): boolean {
  return accepted.has(audience.toLowerCase()) || accepted.has(decodePercent(audience).toLowerCase());
}

function withoutQuery(target: string): string {
  return target.replace(/\?.*$/s, '');
}
