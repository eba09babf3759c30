import type { AccessKeys } from '../emulator/access-keys.js';
import { signClientToken } from '../protocol/client-token.js';
import type { RequestFields } from './request-fields.js';

const LIFETIME_SECONDS = 60 * 60;

/**
 * A client access token for the page's own test clients: fields `hub`, `userId`, `roles`, `groups`. `host` is the `Host`
 * under which the page was opened, which is where its clients connect to and so what the audience names [auth 3].
 */
export function mintClientToken(fields: RequestFields, host: string, keys: AccessKeys, nowMs: number): string {
  return signClientToken(
    {
      audience: `http://${host}/client/hubs/${fields.hub('hub')}`,
      userId: fields.optionalText('userId'),
      roles: fields.textList('roles'),
      groups: fields.textList('groups'),
      issuedAt: nowMs,
      lifetimeSeconds: LIFETIME_SECONDS,
    },
    keys.primary,
  );
}
