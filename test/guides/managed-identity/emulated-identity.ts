import type { EntraOptions } from 'nestjs-web-pubsub';
import { EMULATOR_APP_ID, EMULATOR_TENANT_ID } from 'nestjs-web-pubsub/emulator';

/** The identity of the emulator as the service's: its tokens are signed by a key that is published on its own port. */
export function emulatedIdentity(emulatorEndpoint: string, audience: string): EntraOptions {
  const tenant = `${emulatorEndpoint}/emulator/identity/${EMULATOR_TENANT_ID}`;
  return {
    tenantId: EMULATOR_TENANT_ID,
    audience,
    allowedAppIds: [EMULATOR_APP_ID],
    issuer: `${tenant}/v2.0`,
    jwksUri: `${tenant}/discovery/v2.0/keys`,
  };
}
