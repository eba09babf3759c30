import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isLoopbackAddress, isLoopbackName } from '../protocol/loopback.js';

/** What proxies add to requests; one that runs here makes strangers look like programs of this machine. */
const PROXY_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host'];

/**
 * Whether a request comes from a program on this machine, and from no page of another origin in its browser: the peer and
 * the `Host` are loopback ones (the latter against names that are made to point here), no proxy passed it on, and `Origin`
 * and `Sec-Fetch-Site`, if any, are those of a page of the emulator.
 */
export function isLocalCaller(request: IncomingMessage): boolean {
  const { headers, socket } = request;
  const { host, origin } = headers;
  if (!isLoopbackAddress(socket.remoteAddress ?? '') || host === undefined || isForwarded(headers)) return false;
  if (!URL.canParse(`http://${host}`) || !isLoopbackName(new URL(`http://${host}`).hostname)) return false;
  return !isForeignSite(headers) && (origin === undefined || origin.toLowerCase() === `http://${host.toLowerCase()}`);
}

/** Whether a proxy passed the request on: its peer is not who asks, and its `Host` may be the proxy's idea. */
export function isForwarded(headers: IncomingHttpHeaders): boolean {
  return PROXY_HEADERS.some((name) => headers[name] !== undefined);
}

/** Whether a page in a browser asks, as far as browsers say so; nobody who types an address or follows a bookmark is one. */
export function isPageOfBrowser({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined || isForeignSite(headers);
}

function isForeignSite({ 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  return site !== undefined && site !== 'none' && site !== 'same-origin';
}
