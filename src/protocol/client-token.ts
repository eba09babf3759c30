import { signAccessToken, type AccessTokenClaims } from './access-token.js';

/** Whom a client access token is for, and until when. */
export interface ClientToken {
  /** The URL, in `http` or `https` and without a query, that the client connects to. */
  readonly audience: string;
  /** Absent: anonymous. */
  readonly userId?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  /** Groups that the client is in from the start. */
  readonly groups?: readonly string[] | undefined;
  /** Further claims; they do not take the place of the ones above. */
  readonly claims?: AccessTokenClaims | undefined;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
  readonly lifetimeSeconds: number;
}

/** Signs a client access token with the claims that the service's SDKs write [auth 3]; empty lists are left out. */
export function signClientToken(token: ClientToken, accessKey: string): string {
  const issuedAtSeconds = Math.floor(token.issuedAt / 1000);
  return signAccessToken(
    {
      ...token.claims,
      ...(token.userId !== undefined && { sub: token.userId }),
      role: unlessEmpty(token.roles),
      'webpubsub.group': unlessEmpty(token.groups),
      aud: token.audience,
      iat: issuedAtSeconds,
      exp: issuedAtSeconds + token.lifetimeSeconds,
    },
    accessKey,
  );
}

function unlessEmpty(values: readonly string[] | undefined): readonly string[] | undefined {
  return values?.length === 0 ? undefined : values;
}
