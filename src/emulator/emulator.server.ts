import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isLoopbackName } from '../protocol/loopback.js';
import type { EmulatorLogger } from './emulator-logger.js';
import type { RequestEndpoint, UpgradeEndpoint } from './endpoint.js';
import { refuseUpgrade } from './handshake.js';
import { IgnoredUpgrades } from './ignored-upgrades.js';
import { answerText } from './text-answer.js';
import { UnknownPaths } from './unknown-paths.js';

export interface EmulatorServerDoors {
  /** Asked in order; the first that handles a path gets the request. */
  readonly requests: readonly RequestEndpoint[];
  readonly upgrades: readonly UpgradeEndpoint[];
}

/** Room for long `filter` and `excluded` queries, and for tokens in headers. */
const MAX_HEADER_BYTES = 64 * 1024;
/** What `localhost` may stand for, the likelier first. */
const LOCALHOST_ADDRESSES = ['127.0.0.1', '::1'];
/** How often another free port is looked for when the one found is taken on another loopback address. */
const FREE_PORT_ATTEMPTS = 10;

/** The emulator's HTTP server: one port, on one address or on those of loopback, and every door behind it. */
export class EmulatorServer {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #requests = new Set<Promise<void>>();
  readonly #unknownPaths: UnknownPaths;
  #isClosing = false;

  constructor(
    private readonly doors: EmulatorServerDoors,
    private readonly logger: EmulatorLogger,
    /** Neither the server nor its sockets keep the process running. */
    private readonly isUnref: boolean,
  ) {
    this.#unknownPaths = new UnknownPaths(logger);
  }

  /** Resolves with the port. Rejects with an Error that names the port and what to do about it. */
  async listen(host: string, port: number): Promise<number> {
    if (!isLoopbackName(host)) return this.#listenOn(host, port);
    const wanted = host.toLowerCase() === 'localhost' ? LOCALHOST_ADDRESSES[0] : host;
    const others = LOCALHOST_ADDRESSES.filter((address) => address !== wanted);
    for (let attempt = 1; ; attempt++) {
      const chosen = await this.#listenOn(wanted, port);
      if (await this.#joinsOnAll(others, chosen, port !== 0 || attempt === FREE_PORT_ATTEMPTS)) return chosen;
      await this.#closeServers();
    }
  }

  /** Resolves when no request is being handled. */
  async idle(): Promise<void> {
    while (this.#requests.size > 0) await Promise.all(this.#requests);
  }

  /** Ends every socket still open. The doors that own upgraded sockets have been closed before. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const closed = this.#closeServers();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #listenOn(host: string, port: number): Promise<number> {
    const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES });
    server.on('connection', (socket: Socket) => this.#track(socket));
    server.on('request', (request, response) => {
      const handled = this.#handle(request, response).finally(() => this.#requests.delete(handled));
      this.#requests.add(handled);
    });
    const ignored = new IgnoredUpgrades(server);
    server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head, ignored));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
      server.listen({ host, port }, resolve);
    });
    if (this.isUnref) server.unref();
    server.on('error', (error) => this.logger.error(`The HTTP server failed: ${error.message}`));
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  async #joinsOnAll(hosts: readonly string[], port: number, isLast: boolean): Promise<boolean> {
    for (const host of hosts) {
      if (!(await this.#joinsOn(host, port, isLast))) return false;
    }
    return true;
  }

  /** The addresses of `localhost` are welcome, not needed: a machine may lack one, or another program may have it. */
  async #joinsOn(host: string, port: number, isLast: boolean): Promise<boolean> {
    try {
      await this.#listenOn(host, port);
      return true;
    } catch (error) {
      const { code } = (error as Error).cause as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE') return true;
      if (isLast) {
        this.logger.warn(
          `Another program listens on ${inUrl(host)}:${port}; a client that resolves localhost to ${host} reaches it instead.`,
        );
      }
      return isLast;
    }
  }

  #track(socket: Socket): void {
    // It comes again after an upgrade that was ignored.
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    if (this.isUnref) socket.unref();
    // Between its handlers a socket may fail unobserved, which would end the process.
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }

  async #closeServers(): Promise<void> {
    const servers = this.#servers.splice(0);
    await Promise.all(
      servers.map((server) => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeAllConnections();
        return closed;
      }),
    );
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = requestUrl(request);
    try {
      const door = this.doors.requests.find((endpoint) => endpoint.handles(url.pathname));
      if (door) await door.handle(request, response, url);
      else if (this.#upgradeDoor(url)) {
        answerText(response, 400, 'This path takes WebSocket connections: send an upgrade request.');
      } else answerText(response, 404, this.#unknownPaths.explain(request, url));
    } catch (error) {
      // The caller broke off in the middle of its body, which is no failure of anybody here.
      if (request.destroyed && !request.complete) return void response.destroy();
      this.logger.error(`${request.method} ${url.pathname} failed: ${(error as Error).stack ?? String(error)}`);
      if (response.headersSent) response.destroy();
      else answerText(response, 500, 'The emulator failed; its log says more.');
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, ignored: IgnoredUpgrades): Promise<void> {
    const url = requestUrl(request);
    const door = this.#upgradeDoor(url);
    if (!door) return ignored.putBack(request, head);
    if (this.#isClosing) return refuseUpgrade(socket, 503, 'The emulator is shutting down.');
    try {
      await door.upgrade(request, socket, head, url);
    } catch (error) {
      this.logger.error(`The upgrade of ${url.pathname} failed: ${(error as Error).stack ?? String(error)}`);
      socket.destroy();
    }
  }

  #upgradeDoor({ pathname }: URL): UpgradeEndpoint | undefined {
    return this.doors.upgrades.find((endpoint) => endpoint.handles(pathname));
  }
}

/** A host as URLs write it. */
export function inUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** Absolute, whatever the request line and the `Host` header hold; the raw path is in `request.url`. */
function requestUrl(request: IncomingMessage): URL {
  const target = request.url ?? '/';
  const path = target.startsWith('/') ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '') || '/';
  const base = `http://${request.headers.host ?? 'localhost'}`;
  const origin = URL.canParse(base) ? new URL(base).origin : 'http://localhost';
  return URL.canParse(origin + path) ? new URL(origin + path) : new URL('/', origin);
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const problem = (() => {
    switch (error.code) {
      case 'EADDRINUSE':
        return `Port ${port} is in use on ${host}. End the program that has it, or choose another port (0 takes any free one).`;
      case 'EACCES':
        return `Port ${port} may not be opened by this user. Choose one above 1023, or 0 for any free one.`;
      case 'EADDRNOTAVAIL':
      case 'ENOTFOUND':
        return `${host} is not an address of this machine. Choose another host, or leave it out for 127.0.0.1.`;
      default:
        return `The emulator cannot listen on ${inUrl(host)}:${port}: ${error.message}`;
    }
  })();
  return new Error(problem, { cause: error });
}
