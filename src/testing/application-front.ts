import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';

/**
 * An address for an application that does not listen: a server of the test kit's own on a free loopback port, which hands
 * its requests to the application's HTTP server as if they had arrived there. It does not keep the process running.
 */
export class ApplicationFront {
  private constructor(private readonly server: Server) {}

  /** Initializes the application when that has not been done. `authorization` is given to requests without one. */
  static async open(application: INestApplication, authorization?: string): Promise<ApplicationFront> {
    await application.init();
    // Fastify takes requests only when its plugins are loaded; Express has no such step.
    const instance = application.getHttpAdapter().getInstance() as { ready?: () => PromiseLike<unknown> };
    await instance.ready?.();
    const target = application.getHttpServer() as Server;
    const server = createServer((request, response) => {
      if (authorization !== undefined) request.headers.authorization ??= authorization;
      target.emit('request', request, response);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    server.unref();
    server.on('connection', (socket) => socket.unref());
    return new ApplicationFront(server);
  }

  /** `http://127.0.0.1:<port>` */
  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }
}
