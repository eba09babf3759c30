// `server.js bare|emulator`: who spreads a publisher's messages to everyone in the group `all`.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { WebPubSubEmulator } from '../../src/emulator/index.js';
import { BENCH_KEY } from './clients.js';

const port = process.argv[2] === 'bare' ? await startBare() : await startEmulator();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send!({ cpuMicroseconds: user + system, rssBytes: process.memoryUsage().rss });
});
process.send!({ port });

/** The loop a hand-written server has: `send` to each client. */
async function startBare(): Promise<number> {
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => {
      const message = isBinary ? data : (data as Buffer).toString();
      for (const client of sockets.clients) if (client !== socket) client.send(message);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function startEmulator(): Promise<number> {
  const emulator = await WebPubSubEmulator.start({ port: 0, accessKey: BENCH_KEY });
  return emulator.port;
}
