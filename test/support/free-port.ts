import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** For programs that must be told their port; where a program can be asked for its port, port 0 is the better way. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
