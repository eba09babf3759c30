import { createHash, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import jwt from 'jsonwebtoken';
import type { Clock } from '../core/clock.js';

/**
 * The tenant in which the emulated service has its identity; a made-up one, stable so that tests can name it.
 *
 * @publicApi
 */
export const EMULATOR_TENANT_ID = '5f1c8e3a-7b0d-4c2e-9a64-0d3b6f2e8c11';

/**
 * Application id of the emulated service's identity: `appid` and `azp` of its tokens.
 *
 * @publicApi
 */
export const EMULATOR_APP_ID = 'c7a9d1b4-2e58-4f06-8b3d-6e1f0a9c5d72';

/** Object id of the emulated service's identity: `oid` and `sub` of its tokens. */
export const EMULATOR_OBJECT_ID = '91e4b6d8-3c7f-4a15-b2e0-5d8a7c4f1b36';

const TOKEN_LIFETIME_SECONDS = 3_600;
/** A token with less than that left is not handed out again. */
const RENEWAL_MARGIN_SECONDS = 300;
/** As many audiences as any settings name; the oldest is forgotten. */
const MAX_TOKENS = 1_000;

/**
 * The emulated service's managed identity: signs RS256 access tokens in the form of Microsoft Entra's [auth 9.3], with a
 * key that is made when it is first needed and lives as long as the emulator.
 */
export class ManagedIdentity {
  readonly #tokens = new Map<string, { readonly token: string; readonly renewAt: number }>();
  #keys?: Promise<SigningKeys>;

  constructor(
    private readonly clock: Clock,
    private readonly endpoint: () => string,
  ) {}

  /** `iss` of the tokens; the discovery document lies below it. */
  get issuer(): string {
    return `${this.tenantUrl}/v2.0`;
  }

  get tenantUrl(): string {
    return `${this.endpoint()}/emulator/identity/${EMULATOR_TENANT_ID}`;
  }

  get keysUrl(): string {
    return `${this.tenantUrl}/discovery/v2.0/keys`;
  }

  /** A token whose audience is the resource as it is written in the event handler's settings. */
  token(resource: string): string | Promise<string> {
    const nowSeconds = Math.floor(this.clock.now() / 1000);
    const known = this.#tokens.get(resource);
    return known && nowSeconds < known.renewAt ? known.token : this.#sign(resource, nowSeconds);
  }

  /** The JSON Web Key Set with which tokens are verified. */
  async keySet(): Promise<{ keys: JsonWebKey[] }> {
    const { publicJwk } = await this.#signingKeys();
    return { keys: [publicJwk] };
  }

  async #sign(resource: string, nowSeconds: number): Promise<string> {
    const { privateKey, keyId } = await this.#signingKeys();
    const expiresAt = nowSeconds + TOKEN_LIFETIME_SECONDS;
    const claims = {
      aud: resource,
      iss: this.issuer,
      iat: nowSeconds,
      nbf: nowSeconds,
      exp: expiresAt,
      // Tokens of version 1 name the caller in `appid`, those of version 2 in `azp`; these serve readers of both.
      appid: EMULATOR_APP_ID,
      azp: EMULATOR_APP_ID,
      oid: EMULATOR_OBJECT_ID,
      sub: EMULATOR_OBJECT_ID,
      tid: EMULATOR_TENANT_ID,
      ver: '2.0',
    };
    const token = jwt.sign(claims, privateKey, { algorithm: 'RS256', keyid: keyId });
    const [oldest] = this.#tokens.keys();
    if (this.#tokens.size >= MAX_TOKENS && oldest !== undefined) this.#tokens.delete(oldest);
    this.#tokens.set(resource, { token, renewAt: expiresAt - RENEWAL_MARGIN_SECONDS });
    return token;
  }

  #signingKeys(): Promise<SigningKeys> {
    this.#keys ??= makeSigningKeys();
    return this.#keys;
  }
}

interface SigningKeys {
  readonly privateKey: KeyObject;
  readonly keyId: string;
  readonly publicJwk: JsonWebKey;
}

async function makeSigningKeys(): Promise<SigningKeys> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const { kty, n, e } = publicKey.export({ format: 'jwk' });
  // RFC 7638: the thumbprint of the key is its id
  const keyId = createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');
  return { privateKey, keyId, publicJwk: { kty, n, e, kid: keyId, use: 'sig', alg: 'RS256' } };
}
