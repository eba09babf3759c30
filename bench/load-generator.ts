// One process that keeps a number of sockets busy with prepared HTTP requests and measures the answers. It speaks just
// enough HTTP to find the end of a response, so that the generator is never the slower side.
import { connect, type Socket } from 'node:net';
import { percentile } from './statistics.js';

export interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  readonly durationMs: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');
/** The first digit of a status of success, in the status line. */
const SUCCESS = '2'.charCodeAt(0);
const END_OF_CHUNKS = Buffer.from('0\r\n\r\n');

/** Sent round robin. */
let requests: readonly Buffer[] = [];

/** First complete requests, base64, to be used for all orders that follow. */
process.on('message', (message: { requests: readonly string[] } | LoadOrder) => {
  if ('requests' in message) {
    requests = message.requests.map((request) => Buffer.from(request, 'base64'));
    process.send!({ ready: true });
  } else {
    void generate(message).then((result) => process.send!(result));
  }
});

async function generate({ port, connections, durationMs }: LoadOrder): Promise<LoadResult> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const started = performance.now();
  const end = started + durationMs;
  stayAwake(end);
  const tally: Tally = { sent: 0, latencies: [], failures: 0 };
  await Promise.all(sockets.map((socket) => converse(socket, end, tally)));
  const seconds = (performance.now() - started) / 1000;
  const { latencies, failures } = tally;
  return {
    requests: latencies.length,
    seconds,
    perSecond: latencies.length / seconds,
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
    failures,
  };
}

/** What all sockets of a run have done together. */
interface Tally {
  sent: number;
  readonly latencies: number[];
  failures: number;
}

/** One request after the other, each when the answer to the last has come. */
function converse(socket: Socket, end: number, tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    let sentAt = 0;
    let received: Buffer | undefined;
    let usualLength = -1;
    const send = (): void => {
      sentAt = performance.now();
      if (sentAt >= end) socket.destroy();
      else socket.write(requests[tally.sent++ % requests.length]);
    };
    socket.on('data', (chunk: Buffer) => {
      // All answers of a run look alike; one that comes whole need not be read to be counted.
      if (chunk.length !== usualLength || received) {
        received = received ? Buffer.concat([received, chunk]) : chunk;
        const length = responseLength(received);
        if (length === undefined || received.length < length) return;
        usualLength = received.length;
        chunk = received;
        received = undefined;
      }
      if (chunk[9] !== SUCCESS) tally.failures++;
      tally.latencies.push(performance.now() - sentAt);
      send();
    });
    // Followed by 'close'.
    socket.on('error', () => {});
    socket.on('close', () => {
      // Cut by the server.
      if (sentAt < end) tally.failures++;
      resolve();
    });
    send();
  });
}

/**
 * Keeps the event loop turning. A generator that sleeps must be woken by the server's writes, and a slow server would pay for
 * that with each answer, a fast one hardly ever.
 */
function stayAwake(end: number): void {
  if (performance.now() < end) setImmediate(() => stayAwake(end));
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** The bytes of the whole response, or undefined when its head or its last chunk is still missing. */
function responseLength(received: Buffer): number | undefined {
  const endOfHead = received.indexOf(END_OF_HEAD);
  if (endOfHead < 0) return undefined;
  const head = received.toString('latin1', 0, endOfHead).toLowerCase();
  const contentLength = /\r\ncontent-length: *(\d+)/.exec(head);
  if (contentLength) return endOfHead + 4 + Number(contentLength[1]);
  if (!head.includes('\r\ntransfer-encoding: chunked')) return endOfHead + 4;
  return received.subarray(-END_OF_CHUNKS.length).equals(END_OF_CHUNKS) ? received.length : undefined;
}
