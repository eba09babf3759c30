import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestEndpoint } from '../endpoint.js';
import { EMULATOR_APP_ID, EMULATOR_TENANT_ID, type ManagedIdentity } from './managed-identity.js';

const PREFIX = '/emulator/identity/';

/**
 * Microsoft Entra's part of an upstream's token check: the OpenID discovery document and the signing keys of the
 * emulated service's tenant [auth 9.3].
 */
export class IdentityEndpoint implements RequestEndpoint {
  constructor(private readonly identity: ManagedIdentity) {}

  handles(pathname: string): boolean {
    return pathname.startsWith(PREFIX);
  }

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return answer(response, 405, { error: 'method_not_allowed', error_description: 'Only GET is answered here.' });
    }
    switch (url.pathname) {
      case `${PREFIX}${EMULATOR_TENANT_ID}/v2.0/.well-known/openid-configuration`:
        return answer(response, 200, this.#discoveryDocument());
      case `${PREFIX}${EMULATOR_TENANT_ID}/discovery/v2.0/keys`:
        return answer(response, 200, await this.identity.keySet());
      default:
        return answer(response, 404, {
          error: 'not_found',
          error_description: `The emulator has the tenant ${EMULATOR_TENANT_ID} with its discovery document and keys only.`,
        });
    }
  }

  /** What OpenID Connect Discovery 1.0 requires; tokens are handed to upstream alone, hence the empty lists. */
  #discoveryDocument(): Record<string, unknown> {
    const { issuer, tenantUrl, keysUrl } = this.identity;
    return {
      issuer,
      jwks_uri: keysUrl,
      authorization_endpoint: `${tenantUrl}/oauth2/v2.0/authorize`,
      token_endpoint: `${tenantUrl}/oauth2/v2.0/token`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      claims_supported: ['aud', 'iss', 'iat', 'nbf', 'exp', 'appid', 'azp', 'oid', 'sub', 'tid', 'ver'],
      service_app_id: EMULATOR_APP_ID,
    };
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}
