import type { AccessKeys } from '../emulator/access-keys.js';
import { signAccessToken } from '../protocol/access-token.js';
import type { RequestFields } from './request-fields.js';

const LIFETIME_SECONDS = 60 * 60;

/**
 * A client access token for the page's own test clients: fields `hub`, `userId`, `roles`, `groups`. `host` is the `Host`
 * under which the page was opened, which is where its clients connect to and so what the audience names [auth 3].
 */
export function mintClientToken(fields: RequestFields, host: string, keys: AccessKeys, nowMs: number): string {
  const issuedAt = Math.floor(nowMs / 1000);
  const roles = fields.textList('roles');
  const groups = fields.textList('groups');
  return signAccessToken(
    {
      aud: `http://${host}/client/hubs/${fields.hub('hub')}`,
      sub: fields.optionalText('userId'),
      role: roles.length > 0 ? roles : undefined,
      'webpubsub.group': groups.length > 0 ? groups : undefined,
      iat: issuedAt,
      exp: issuedAt + LIFETIME_SECONDS,
    },
    keys.primary,
  );
}
