import { createSecretKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { quote } from './quote.js';

/** Claims of an access token as they were signed; `claims.sub` is the user id of a client token [auth 2, 3]. */
export type AccessTokenClaims = Readonly<Record<string, unknown>>;

export type AccessTokenVerdict =
  | { readonly isValid: true; readonly claims: AccessTokenClaims }
  /** In words, for logs: nothing of the token itself. */
  | { readonly isValid: false; readonly problem: string };

export interface AccessTokenRules {
  /** Any of them may have signed: key text, used as UTF-8 bytes. */
  readonly accessKeys: readonly string[];
  /** Compared with the token's `aud` (one or several) without regard to case; any match passes. */
  readonly audiences: readonly string[];
  /** Epoch milliseconds. */
  readonly now: number;
  /** Tolerated for `exp` and `nbf`. Seconds; default 300, the service's own [auth 2]. */
  readonly clockSkewSeconds?: number;
}

const CLOCK_SKEW_SECONDS = 300;

/** Checks an HS256 token as the service does: signature, `exp` (mandatory), `nbf`, `aud`; the issuer is not checked. */
export function verifyAccessToken(token: string, rules: AccessTokenRules): AccessTokenVerdict {
  const claims = verifySignature(token, rules.accessKeys);
  if (!claims) return { isValid: false, problem: 'the token is malformed or not signed with an access key' };
  const problem = findLifetimeProblem(claims, rules.now, rules.clockSkewSeconds);
  if (problem !== undefined) return { isValid: false, problem };
  if (!hasAudience(claims['aud'], rules.audiences)) {
    return {
      isValid: false,
      problem: `the audience of the token is ${quoteAudience(claims['aud'])}, expected ${rules.audiences[0]}`,
    };
  }
  return { isValid: true, claims };
}

/**
 * What is wrong with `exp`, which is mandatory, or `nbf`, in words; undefined when the token is valid at `now`, in epoch
 * milliseconds.
 */
export function findLifetimeProblem(
  { exp, nbf }: AccessTokenClaims,
  now: number,
  clockSkewSeconds = CLOCK_SKEW_SECONDS,
): string | undefined {
  const seconds = now / 1000;
  if (typeof exp !== 'number') return 'the token has no exp claim';
  if (exp + clockSkewSeconds <= seconds) return 'the token has expired';
  if (typeof nbf === 'number' && nbf - clockSkewSeconds > seconds) return 'the token is not valid yet';
  return undefined;
}

/** Signs claims with HS256; `iat` is not added, times are the caller's, undefined claims are left out. */
export function signAccessToken(claims: AccessTokenClaims, accessKey: string): string {
  const present = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  // With `noTimestamp` the signer would take away the caller's own `iat` too.
  return jwt.sign(present, toSecretKey(accessKey), { algorithm: 'HS256', noTimestamp: present['iat'] === undefined });
}

/** The claims as they stand, NOT checked in any way; undefined when it is no token at all. */
export function decodeAccessToken(token: string): AccessTokenClaims | undefined {
  try {
    return jwt.decode(token, { json: true }) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Given text, jsonwebtoken first tries to read a public or private key in it, which takes longer than all the rest. */
function toSecretKey(accessKey: string): KeyObject {
  return createSecretKey(accessKey, 'utf8');
}

function verifySignature(token: string, accessKeys: readonly string[]): AccessTokenClaims | undefined {
  for (const accessKey of accessKeys) {
    try {
      const claims = jwt.verify(token, toSecretKey(accessKey), {
        algorithms: ['HS256'],
        ignoreExpiration: true,
        ignoreNotBefore: true,
      });
      if (typeof claims === 'object') return claims;
    } catch {
      // not this key's
    }
  }
  return undefined;
}

/** As JSON; it ends up in a line of a log. */
function quoteAudience(audience: unknown): string {
  return typeof audience === 'string' ? quote(audience) : quote(JSON.stringify(audience) ?? 'undefined');
}

function hasAudience(audience: unknown, accepted: readonly string[]): boolean {
  const named = (Array.isArray(audience) ? audience : [audience]).filter((item) => typeof item === 'string');
  return named.some((item) => accepted.some((other) => other.toLowerCase() === item.toLowerCase()));
}
