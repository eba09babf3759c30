import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { isLoopbackName, LOOPBACK_NAMES } from '../protocol/loopback.js';

/** Why a client is not let in, as the HTTP answer to its handshake. */
export interface HandshakeRefusal {
  readonly status: number;
  /** Plain text for whoever looks at the answer. */
  readonly reason: string;
  /** What the answer has to say beside it. */
  readonly headers?: Readonly<Record<string, string>>;
}

const WEB_SOCKET_KEY = /^[+/0-9A-Za-z]{22}==$/;

/** Answers an upgrade request with an HTTP status and one line of text, and ends the socket. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  reason: string,
  headers: HandshakeRefusal['headers'] = {},
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = Buffer.from(reason);
  // The client may be gone before it has read the answer.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n` +
          'Connection: close\r\n' +
          'Content-Type: text/plain; charset=utf-8\r\n' +
          Object.entries(headers)
            .map(([name, value]) => `${name}: ${value}\r\n`)
            .join('') +
          `Content-Length: ${body.length}\r\n\r\n`,
        'latin1',
      ),
      body,
    ]),
  );
}

/** What `ws` would refuse as well, but after the connect event, too late for it, and not in plain text. */
export function findUpgradeProblem(request: IncomingMessage): HandshakeRefusal | undefined {
  if (!isWebSocketUpgrade(request)) {
    return {
      status: 400,
      reason: 'This path takes WebSocket connections: send a GET request with Upgrade: websocket.',
    };
  }
  if (!WEB_SOCKET_KEY.test(request.headers['sec-websocket-key'] ?? '')) {
    return { status: 400, reason: 'The header Sec-WebSocket-Key is missing or malformed.' };
  }
  const version = request.headers['sec-websocket-version'];
  if (version !== '13' && version !== '8') {
    // [RFC 6455 4.4] the client learns from it what it may try next
    const headers = { 'Sec-WebSocket-Version': '13' };
    return { status: 400, reason: 'The header Sec-WebSocket-Version must be 13.', headers };
  }
  return undefined;
}

/** Names of query parameters are compared without regard to case [client-websocket 1]; an empty value is none. */
export function queryParameter(url: URL, name: string): string | undefined {
  const [, value] = [...url.searchParams].find(([key]) => key.toLowerCase() === name) ?? [];
  return value || undefined;
}

/** Query parameter `access_token` first, then `Authorization: Bearer` [auth 3]. */
export function accessTokenOf(request: IncomingMessage, url: URL): string | undefined {
  return queryParameter(url, 'access_token') ?? bearerOf(request);
}

/** The token in `Authorization: Bearer`, which a page cannot send to a foreign origin without asking. */
export function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

/** Whether the request asks for a WebSocket; other upgrades are refused with 400. */
function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * The `Host` of the request, with its port, as a token's audience may name it. A loopback address goes by its other
 * names too: a token of this machine is as good under each of them [assumed].
 */
export function hostNamesOf(request: IncomingMessage): string[] {
  const host = (request.headers.host ?? 'localhost').toLowerCase();
  const [, name = host, port = ''] = /^(.*?)(:\d+)?$/.exec(host) ?? [];
  if (!isLoopbackName(name)) return [host];
  return [...new Set([name, ...LOOPBACK_NAMES])].map((other) => other + port);
}
