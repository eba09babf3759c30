// Clients that send an event, wait for the answer, and send the next.
import { signAccessToken } from '../../src/protocol/access-token.js';
import { BENCH_KEY } from '../fan-out/clients.js';
import { RawWebSocket } from '../raw-web-socket.js';
import { percentile } from '../statistics.js';

export interface RoundTripOrder {
  readonly port: number;
  /** Connections to open beside those that are there. */
  readonly open?: number;
  /** How many of them talk. Default: all. */
  readonly talking?: number;
  readonly durationMs?: number;
}

export interface RoundTripResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const sockets: RawWebSocket[] = [];

process.on('message', (order: RoundTripOrder) => {
  void run(order).then((result) => process.send!(result));
});
process.send!({ ready: true });

async function run({ port, open = 0, talking, durationMs = 0 }: RoundTripOrder): Promise<RoundTripResult> {
  const aud = `http://127.0.0.1:${port}/client/hubs/bench`;
  const token = signAccessToken({ aud, exp: Math.floor(Date.now() / 1000) + 3600 }, BENCH_KEY);
  for (let index = 0; index < open; index++) {
    sockets.push(await RawWebSocket.open(port, `/client/hubs/bench?access_token=${token}`));
  }
  const payload = Buffer.alloc(100, 'a');
  const latencies: number[] = [];
  const started = performance.now();
  const end = started + durationMs;
  if (durationMs > 0)
    await Promise.all(sockets.slice(0, talking).map((socket) => converse(socket, payload, end, latencies)));
  return {
    perSecond: latencies.length / ((performance.now() - started) / 1000),
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
  };
}

function converse(socket: RawWebSocket, payload: Buffer, end: number, latencies: number[]): Promise<void> {
  return new Promise((resolve) => {
    let sentAt = performance.now();
    socket.onFrame = () => {
      const now = performance.now();
      latencies.push(now - sentAt);
      if (now >= end) return resolve();
      sentAt = now;
      socket.send(1, payload);
    };
    socket.send(1, payload);
  });
}
