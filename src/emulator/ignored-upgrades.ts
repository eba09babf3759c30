import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Lets a server answer requests whose offer to change the protocol it does not take up, as HTTP clients make that would
 * rather speak HTTP/2 [RFC 9110 7.8]. Node stops reading at every such offer: what it has read goes back into the socket
 * without the offer, and the socket back to the server.
 */
export class IgnoredUpgrades {
  readonly #lastResponses = new WeakMap<Socket, ServerResponse>();

  constructor(private readonly server: Server) {
    // What Node leaves out beyond a number of headers could not be put back.
    server.maxHeadersCount = 0;
    server.on('request', ({ socket }, response) => this.#lastResponses.set(socket, response));
  }

  /** Takes the request from an `upgrade` event, with the bytes behind its head. */
  putBack(request: IncomingMessage, head: Buffer): void {
    const { socket } = request;
    socket.unshift(Buffer.concat([encodeHead(request), head]));
    const earlier = this.#lastResponses.get(socket);
    // [RFC 9112 9.3.2] pipelined requests are answered in their order
    if (earlier && !earlier.closed) earlier.once('close', () => this.#resume(socket));
    else this.#resume(socket);
  }

  #resume(socket: Socket): void {
    // The answer before this one may have been the last.
    if (!socket.writable) return;
    // With the answer before began the time that an idle connection is kept.
    socket.setTimeout(0);
    this.server.emit('connection', socket);
  }
}

/** As it came, each header in its place and never longer; Node reads and writes bytes beyond ASCII as latin1. */
function encodeHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name.toLowerCase() !== 'upgrade') lines.push(`${name}:${rawHeaders[index + 1]}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
