import type { IncomingMessage } from 'node:http';
import { isLoopbackAddress, isLoopbackName } from '../protocol/loopback.js';

/**
 * Whether a request comes from a program on this machine, and from no page of another origin in its browser: the peer and
 * the `Host` are loopback ones (the latter against names that are made to point here), and `Origin`, if any, is the
 * emulator's own.
 */
export function isLocalCaller(request: IncomingMessage): boolean {
  const { host, origin } = request.headers;
  if (!isLoopbackAddress(request.socket.remoteAddress ?? '') || host === undefined) return false;
  if (!URL.canParse(`http://${host}`) || !isLoopbackName(new URL(`http://${host}`).hostname)) return false;
  return origin === undefined || origin.toLowerCase() === `http://${host.toLowerCase()}`;
}
