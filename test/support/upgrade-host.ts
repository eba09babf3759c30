import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { UpgradeEndpoint } from '../../src/emulator/endpoint.js';

export interface UpgradeHost {
  /** `http://localhost:PORT`. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** One door of the emulator on an HTTP server of its own, on any free port. */
export async function hostUpgrades(door: UpgradeEndpoint): Promise<UpgradeHost> {
  const server = createServer((_request, response) => response.writeHead(404).end());
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    if (door.handles(url.pathname)) void door.upgrade(request, socket, head, url);
    else socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://localhost:${port}`,
    async close() {
      await door.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
