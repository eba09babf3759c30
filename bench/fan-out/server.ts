// `server.js bare|shared|emulator`: who spreads a publisher's messages to everyone in the group `all`.
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { WebPubSubEmulator } from '../../src/emulator/index.js';
import { tellCpuTime } from '../tell-cpu-time.js';
import { BENCH_KEY, HUB } from './clients.js';

/** Bytes of a payload whose length is in the second byte of its frame. */
const MAX_SHORT_PAYLOAD = 125;

/** Pings are not what is measured; a third that stays without a pong ends a client, long after the bench. */
const LONGEST_KEEP_ALIVE_SECONDS = 120;

const START: Readonly<Record<string, () => Promise<number>>> = {
  bare: () => startServer(sendToEach),
  shared: () => startServer(writeToEach),
  emulator: startEmulator,
};

const port = await START[process.argv[2]]();
tellCpuTime();
process.send!({ port });

/** A client, and the TCP connection below it. */
interface Client {
  readonly webSocket: WebSocket;
  readonly transport: Socket;
}

/** The loop a hand-written server has: `send` to each client. */
function sendToEach(receivers: Iterable<Client>, data: RawData, isBinary: boolean): void {
  const message = isBinary ? data : (data as Buffer).toString();
  for (const { webSocket } of receivers) webSocket.send(message);
}

/** The least that public API of Node.js allows: one frame, and a `write` of it for each client. */
function writeToEach(receivers: Iterable<Client>, data: RawData, isBinary: boolean): void {
  const payload = data as Buffer;
  if (payload.length > MAX_SHORT_PAYLOAD) throw new Error('Only short frames are written here.');
  const frame = Buffer.concat([Buffer.from([isBinary ? 0x82 : 0x81, payload.length]), payload]);
  for (const { transport } of receivers) transport.write(frame);
}

async function startServer(
  spread: (receivers: Iterable<Client>, data: RawData, isBinary: boolean) => void,
): Promise<number> {
  const server = createServer();
  const clients = new Map<WebSocket, Client>();
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (webSocket, request) => {
    clients.set(webSocket, { webSocket, transport: request.socket });
    webSocket.on('close', () => clients.delete(webSocket));
    webSocket.on('message', (data, isBinary) => spread(others(clients, webSocket), data, isBinary));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

function* others(clients: Map<WebSocket, Client>, sender: WebSocket): Iterable<Client> {
  for (const client of clients.values()) if (client.webSocket !== sender) yield client;
}

async function startEmulator(): Promise<number> {
  const emulator = await WebPubSubEmulator.start({
    ...{ port: 0, accessKey: BENCH_KEY },
    hubs: { [HUB]: { webSocketKeepAliveIntervalInSeconds: LONGEST_KEEP_ALIVE_SECONDS } },
  });
  return emulator.port;
}
