import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A load balancer of the simplest kind: hands each request to the next of several servers, whatever it is about. */
export class RoundRobinFront {
  /** How many requests each of the targets got. */
  readonly counts: number[];
  readonly #agent = new Agent({ keepAlive: true });
  #next = 0;

  private constructor(
    private readonly server: Server,
    private readonly targets: readonly string[],
  ) {
    this.counts = targets.map(() => 0);
    server.on('request', (incoming, outgoing) => this.#forward(incoming, outgoing));
  }

  /** `targets` are origins such as `http://localhost:8080`. */
  static async start(targets: readonly string[]): Promise<RoundRobinFront> {
    const server = createServer();
    const front = new RoundRobinFront(server, targets);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    this.#agent.destroy();
    await closed;
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const index = this.#next++ % this.targets.length;
    this.counts[index]! += 1;
    const { method, headers, url } = incoming;
    const forwarded = request(this.targets[index] + (url ?? ''), { method, headers, agent: this.#agent }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    // A server that is gone is a bad gateway, which the service takes for a reason to try again.
    forwarded.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()));
    incoming.pipe(forwarded);
  }
}
