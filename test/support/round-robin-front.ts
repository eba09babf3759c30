import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A load balancer of the simplest kind: hands each request to the next of several servers, whatever it is about. One that is
 * gone, or says that it is going (503), gets no more; what it did not take is answered with an error, not sent to another.
 */
export class RoundRobinFront {
  /** How many requests each of the targets got. */
  readonly counts: number[];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #gone = new Set<number>();
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
    const index = this.#choose();
    this.counts[index] += 1;
    const { method, headers, url } = incoming;
    const forwarded = request(this.targets[index] + (url ?? ''), { method, headers, agent: this.#agent }, (answer) => {
      if (answer.statusCode === 503) this.#gone.add(index);
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => {
      this.#gone.add(index);
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(502).end();
    });
    incoming.pipe(forwarded);
  }

  #choose(): number {
    for (let skipped = 0; skipped < this.targets.length; skipped++) {
      const index = this.#next++ % this.targets.length;
      if (!this.#gone.has(index)) return index;
    }
    return this.#next++ % this.targets.length;
  }
}
