// The emulator and an upstream that echoes, as a developer's machine has them: one process for both.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebPubSubEmulator } from '../../src/emulator/index.js';
import { BENCH_KEY } from '../fan-out/clients.js';

const upstream = createServer((request, response) => {
  if (request.method === 'OPTIONS') {
    response.writeHead(200, { 'WebHook-Allowed-Origin': '*' }).end();
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': body.length }).end(body);
  });
});
await new Promise<void>((resolve) => {
  upstream.listen(0, '127.0.0.1', resolve);
});
const urlTemplate = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/eventhandler`;
const emulator = await WebPubSubEmulator.start({
  port: 0,
  accessKey: BENCH_KEY,
  hubs: { bench: { eventHandlers: [{ urlTemplate, userEventPattern: '*' }] } },
});
process.on('message', () => {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send!({ rssBytes: rss, usedBytes: heapUsed + external });
});
process.send!({ port: emulator.port });
