import type { IncomingMessage } from 'node:http';
import { verifyAccessToken, type AccessTokenVerdict } from '../../protocol/access-token.js';
import { listAccessKeys } from '../access-keys.js';
import type { EmulatorContext } from '../emulator-context.js';
import { accessTokenOf, hostNamesOf } from '../handshake.js';
import { decodePercent } from '../percent-encoding.js';

/** Checks the token of a tunnel tool; its `sub` is the tool's server id [tunnel 2]. */
export function verifyTunnelToken(request: IncomingMessage, url: URL, context: EmulatorContext): AccessTokenVerdict {
  const token = accessTokenOf(request, url);
  if (token === undefined) return { isValid: false, problem: 'there is no access token' };
  return verifyAccessToken(token, {
    accessKeys: listAccessKeys(context.accessKeys),
    audiences: audiencesOf(request, url),
    now: context.clock.now(),
  });
}

/**
 * The URL the tool connected to, with its query but without the token. `wss` is for a tool that came through a proxy
 * with TLS; the decoded form for one that encodes differently from the URL it requests [assumed].
 */
function audiencesOf(request: IncomingMessage, url: URL): string[] {
  const query = url.search
    .slice(1)
    .split('&')
    .filter((parameter) => parameter !== '' && !/^access_token(=|$)/i.test(parameter))
    .join('&');
  const target = `${url.pathname}${query && `?${query}`}`;
  const forms = new Set([target, decodePercent(target)]);
  return ['ws', 'wss'].flatMap((scheme) =>
    hostNamesOf(request).flatMap((host) => [...forms].map((form) => `${scheme}://${host}${form}`)),
  );
}
