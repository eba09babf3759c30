import { isForwarded } from '../emulator/local-caller.js';
import { isLoopbackAddress, isLoopbackName } from '../protocol/loopback.js';

/** What the guard looks at; an `IncomingMessage` and its socket fill it. */
export interface AccessRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly remoteAddress?: string;
  /** Whether the request is for the page itself, which any link may lead to; nothing else may be asked from outside. */
  readonly isPage: boolean;
}

/** What to say to a request that may not pass. */
export interface Refusal {
  readonly status: 403 | 421;
  readonly reason: string;
}

/**
 * The inspector shows payloads and hands out client access tokens, so it answers this machine's own browser and its own
 * page alone. `Host` must be a loopback name, which stops a foreign name that was made to resolve to 127.0.0.1; the peer
 * must be this machine, which stops a forged `Host` when the emulator listens on every address, and no proxy in between,
 * which stops strangers whom one on this machine lets in; `Origin` and `Sec-Fetch-Site` must be the page's own, which stops
 * other pages, those on other ports of localhost among them. `allowedHosts` are more names that are let in; once there is
 * one, other machines and proxies are too.
 */
export function refuseAccess(request: AccessRequest, allowedHosts: readonly string[]): Refusal | undefined {
  const host = single(request.headers['host']) ?? '';
  const name = hostName(host);
  if (name === undefined) return { status: 403, reason: 'The inspector needs a Host header.' };
  if (!isLoopbackName(name) && !allowedHosts.some((allowed) => allowed.toLowerCase() === name)) {
    return { status: 421, reason: `${openElsewhere(host)} ${HOW_TO_ALLOW}` };
  }
  if (allowedHosts.length === 0 && !isLoopbackAddress(request.remoteAddress ?? '')) {
    return { status: 403, reason: `The inspector answers only to the machine that it runs on. ${HOW_TO_ALLOW}` };
  }
  if (allowedHosts.length === 0 && isForwarded(request.headers)) {
    return {
      status: 403,
      reason: `The inspector does not answer through a proxy, which anybody may ask. ${HOW_TO_ALLOW}`,
    };
  }
  return refuseOrigin(request, host);
}

const HOW_TO_ALLOW =
  'To open it under another name or from another machine, list that name in the option inspectorHosts.';

function openElsewhere(host: string): string {
  return `The inspector opens under localhost, 127.0.0.1 and [::1]; "${host}" is another name.`;
}

function refuseOrigin(request: AccessRequest, host: string): Refusal | undefined {
  const origin = single(request.headers['origin']);
  const isReading = request.method === 'GET' || request.method === 'HEAD';
  if (origin === undefined && !isReading) {
    return { status: 403, reason: 'Only the page of the inspector may do this: the request has no Origin header.' };
  }
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return { status: 403, reason: `Only the page of the inspector may ask this, not "${origin}".` };
  }
  const site = single(request.headers['sec-fetch-site']);
  const isForeign = site === 'cross-site' || site === 'same-site';
  const isLink = request.isPage && isReading && single(request.headers['sec-fetch-dest']) === 'document';
  if (isForeign && !isLink) {
    return { status: 403, reason: 'Only the page of the inspector may ask this; the browser says another page did.' };
  }
  return undefined;
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}

/** Lower-case, without port; undefined when it is no `Host` at all. */
function hostName(host: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase();
}
