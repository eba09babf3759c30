import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { StartUpError } from '../errors/start-up.error.js';
import { isLoopbackHost } from '../service-client/service-connection.js';
import type { EntraOptions } from '../web-pubsub-options.interface.js';
import { ENTRA_AUDIENCE_MISSING, entraJwksUriUnsafe, entraTenantMissing } from './security.messages.js';

/** What became of a bearer. Reasons are fit for an answer: they name what failed, never the token or what it says. */
export type EntraVerdict =
  | { readonly kind: 'accepted' }
  /** 401: the service does not retry. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** 503: the signing keys could not be fetched, which is no fault of the token; the service retries. */
  | { readonly kind: 'unavailable'; readonly reason: string; /** Why, for the log. */ readonly detail: string };

/** Where the signing keys are, and who may have issued a token. */
interface TenantKeys {
  readonly keys: JWTVerifyGetKey;
  readonly issuers: string[];
}

const AUTHORITY = 'https://login.microsoftonline.com';
/** Of discovery and key requests, well within the patience of the service. */
const FETCH_TIMEOUT_MS = 5_000;
/** An accepted token is checked again after this, so that a withdrawn signing key is noticed. */
const REMEMBER_MS = 300_000;
const MAX_REMEMBERED = 100;
/** Shorter than the service waits before it sends an event again. */
const OUTAGE_MS = 500;
/** The service renews its token long before it expires: no more than clocks that are a little apart. */
const CLOCK_TOLERANCE_SECONDS = 5;
const BEARER = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i;
/** Not directories, but any of them: their tokens cannot be told apart by issuer. */
const SHARED_TENANTS = new Set(['common', 'organizations', 'consumers']);

/**
 * Validates the access token of the service's managed identity [auth 9.3]: RS256 signature by a key of the tenant, `aud`,
 * `iss` in the v1 or v2 form, `exp` (mandatory) and `nbf`, and the caller when `allowedAppIds` are given. Discovery
 * document and signing keys are fetched when first needed and cached; key sets are fetched again for unknown keys, at most
 * every 30 s, and every 10 min. `jose` is loaded with the first token.
 */
export class EntraValidator {
  readonly #options: EntraOptions;
  readonly #accepted = new Map<string, number>();
  #tenantKeys: Promise<TenantKeys> | undefined;
  /** What kept keys from being fetched a moment ago. */
  #outage: { readonly error: unknown; readonly endsAt: number } | undefined;

  /** Throws a `StartUpError` when the options cannot work. `now` is in epoch milliseconds. */
  constructor(
    options: EntraOptions,
    private readonly now: () => number = Date.now,
  ) {
    assertEntraOptions(options);
    this.#options = options;
  }

  /** Never rejects. `authorization` is the header as it came. */
  async validate(authorization: string | undefined): Promise<EntraVerdict> {
    if (authorization === undefined) return refused('The request has no bearer token.');
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) return refused('The Authorization header holds no bearer token.');
    if ((this.#accepted.get(token) ?? 0) > this.now()) return { kind: 'accepted' };
    try {
      return await this.#verify(token);
    } catch (error) {
      return verdictOf(error);
    }
  }

  async #verify(token: string): Promise<EntraVerdict> {
    const { jwtVerify } = await import('jose');
    const { keys, issuers } = await this.#loadTenantKeys();
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ['RS256'],
      audience: [...listOf(this.#options.audience)],
      issuer: issuers,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['exp'],
      currentDate: new Date(this.now()),
    });
    if (!this.#isCallerAllowed(payload)) return refused('The bearer token is of a caller that is not allowed.');
    this.#remember(token, (payload.exp ?? 0) * 1_000);
    return { kind: 'accepted' };
  }

  #isCallerAllowed(payload: JWTPayload): boolean {
    const allowed = this.#options.allowedAppIds?.map((id) => id.toLowerCase());
    if (!allowed) return true;
    return ['appid', 'azp', 'oid'].some((claim) => {
      const caller = payload[claim];
      return typeof caller === 'string' && allowed.includes(caller.toLowerCase());
    });
  }

  #remember(token: string, expiresAt: number): void {
    if (this.#accepted.size >= MAX_REMEMBERED) this.#accepted.delete(this.#accepted.keys().next().value as string);
    this.#accepted.set(token, Math.min(expiresAt, this.now() + REMEMBER_MS));
  }

  /** One request at a time; a failure is forgotten, so that a later event tries again. */
  async #loadTenantKeys(): Promise<TenantKeys> {
    const loading = (this.#tenantKeys ??= this.#fetchTenantKeys());
    try {
      return await loading;
    } catch (error) {
      if (this.#tenantKeys === loading) this.#tenantKeys = undefined;
      throw error;
    }
  }

  /** Fails for a moment as it failed before: else whoever sends tokens would make us send as many requests. */
  readonly #fetch = async (url: string, options: RequestInit): Promise<Response> => {
    if (this.#outage && this.#outage.endsAt > this.now()) throw this.#outage.error;
    const fail = (error: unknown): void => {
      this.#outage = { error, endsAt: this.now() + OUTAGE_MS };
    };
    try {
      const response = await fetch(url, options);
      if (!response.ok) fail(new Error(`${new URL(url).host} answered with status ${response.status}.`));
      return response;
    } catch (error) {
      fail(error);
      throw error;
    }
  };

  async #fetchTenantKeys(): Promise<TenantKeys> {
    const { createRemoteJWKSet, customFetch } = await import('jose');
    const { issuer, jwksUri } = this.#options;
    // As Entra writes it in its tokens.
    const tenantId = this.#options.tenantId.toLowerCase();
    const discovery = jwksUri === undefined ? await fetchDiscovery(tenantId, this.#fetch) : undefined;
    const keys = createRemoteJWKSet(new URL(jwksUri ?? discovery!.jwksUri), {
      timeoutDuration: FETCH_TIMEOUT_MS,
      [customFetch]: this.#fetch,
    });
    return { keys, issuers: issuer === undefined ? issuersOf(tenantId, discovery?.issuer) : [...listOf(issuer)] };
  }
}

type FetchOnce = (url: string, options: RequestInit) => Promise<Response>;

/** v1 and v2 [auth 9.3]; that of the discovery document names the directory by id when the options name its domain. */
function issuersOf(tenantId: string, discovered: string | undefined): string[] {
  const id = discovered === undefined ? undefined : /\/([0-9a-f-]{36})\/v2\.0\/?$/i.exec(discovered)?.[1];
  const issuers = [tenantId, ...(id ? [id] : [])].flatMap((tenant) => [
    `https://sts.windows.net/${tenant}/`,
    `${AUTHORITY}/${tenant}/v2.0`,
  ]);
  return [...new Set(discovered === undefined ? issuers : [...issuers, discovered])];
}

async function fetchDiscovery(tenantId: string, fetch: FetchOnce): Promise<{ jwksUri: string; issuer?: string }> {
  const url = `${AUTHORITY}/${tenantId}/v2.0/.well-known/openid-configuration`;
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS), redirect: 'error' });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`The discovery document was answered with status ${response.status}.`);
  }
  const document = (await response.json()) as { jwks_uri?: unknown; issuer?: unknown };
  const { jwks_uri: jwksUri, issuer } = document;
  if (typeof jwksUri !== 'string' || !jwksUri.startsWith('https://')) {
    throw new Error('The discovery document names no https:// jwks_uri.');
  }
  return { jwksUri, ...(typeof issuer === 'string' && { issuer }) };
}

/** `jose` names its errors by code; everything that is not about the token is about fetching keys or `jose` itself. */
const REASONS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'The bearer token has expired.',
  ERR_JWKS_NO_MATCHING_KEY: 'The bearer token is signed with a key that the tenant does not have.',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'The bearer token does not say which key signed it.',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'The signature of the bearer token is wrong.',
  ERR_JOSE_ALG_NOT_ALLOWED: 'The bearer token is not signed with RS256.',
  ERR_JOSE_NOT_SUPPORTED: 'The bearer token is malformed.',
  ERR_JWS_INVALID: 'The bearer token is malformed.',
  ERR_JWT_INVALID: 'The bearer token is malformed.',
};

const CLAIM_REASONS: Readonly<Record<string, string>> = {
  aud: 'The bearer token is for another audience.',
  iss: 'The bearer token is of another issuer.',
  exp: 'The bearer token has no exp claim.',
  nbf: 'The bearer token is not valid yet.',
};

function verdictOf(error: unknown): EntraVerdict {
  const { code, claim } = error as { code?: unknown; claim?: unknown };
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') {
    return refused(CLAIM_REASONS[String(claim)] ?? 'A claim of the bearer token is wrong.');
  }
  const reason = REASONS[String(code)];
  if (reason !== undefined) return refused(reason);
  return {
    kind: 'unavailable',
    reason: 'The signing keys of the tenant could not be fetched.',
    detail: detailOf(error),
  };
}

/** That of the key server, or of loading `jose`; a failed fetch hides its own in its cause. */
function detailOf(error: unknown): string {
  const { message, cause } = error as { message?: unknown; cause?: { message?: unknown } };
  return [message, cause?.message]
    .filter((text) => typeof text === 'string' && text !== '')
    .join(': ')
    .split('\n', 1)[0];
}

function refused(reason: string): EntraVerdict {
  return { kind: 'refused', reason };
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

function assertEntraOptions({ tenantId, audience, jwksUri }: EntraOptions): void {
  // The tenant becomes part of an address.
  if (typeof tenantId !== 'string' || !/^[\w.-]+$/.test(tenantId) || SHARED_TENANTS.has(tenantId.toLowerCase())) {
    throw new StartUpError(entraTenantMissing(tenantId));
  }
  if (listOf(audience ?? []).filter((item) => typeof item === 'string' && item !== '').length === 0) {
    throw new StartUpError(ENTRA_AUDIENCE_MISSING);
  }
  if (jwksUri === undefined) return;
  const url = URL.canParse(jwksUri) ? new URL(jwksUri) : undefined;
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && isLoopbackHost(url.hostname))) {
    throw new StartUpError(entraJwksUriUnsafe(jwksUri));
  }
}
