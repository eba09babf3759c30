import { StartUpError } from '../errors/start-up.error.js';
import type { WebPubSubModuleOptions } from '../web-pubsub-options.interface.js';
import { createAccessKeySource } from './access-key-source.js';
import { EntraValidator } from './entra-validator.js';
import { createOriginRules, type OriginRules } from './origin-rules.js';
import { CONNECTION_STRING_EMPTY, NOTHING_AUTHENTICATES, SIGNATURE_WITHOUT_KEY } from './security.messages.js';
import { SignatureVerifier } from './signature-verifier.js';

/** How events are recognised as the service's own. What is present must hold; with both, both must. */
export interface UpstreamSecurity {
  readonly origins: OriginRules;
  /** Absent when signatures are not checked. */
  readonly signature?: SignatureVerifier;
  /** Absent when bearers are not checked. */
  readonly entra?: EntraValidator;
}

/**
 * Reads `upstreamAuth`, `allowedOrigins` and the keys of the options. Throws a `StartUpError` when nothing would
 * authenticate the service and `signature: 'off'` is not written.
 */
export function createUpstreamSecurity(options: WebPubSubModuleOptions): UpstreamSecurity {
  const { signature, entra } = options.upstreamAuth ?? {};
  const keySource = createAccessKeySource(options);
  if (signature === 'required' && !keySource) throw new StartUpError(SIGNATURE_WITHOUT_KEY);
  if (signature !== 'off' && !keySource && !entra) {
    const isMeant = 'connectionString' in options && options.endpoint === undefined;
    throw new StartUpError(isMeant ? CONNECTION_STRING_EMPTY : NOTHING_AUTHENTICATES);
  }
  const isSigned = signature !== 'off' && keySource !== undefined;
  return {
    origins: createOriginRules(options),
    ...(isSigned && { signature: new SignatureVerifier(keySource) }),
    ...(entra && { entra: new EntraValidator(entra) }),
  };
}
