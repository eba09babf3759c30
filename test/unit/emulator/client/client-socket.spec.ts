import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { ClientSocket } from '../../../../src/emulator/client/client-socket.js';
import { frameMessage } from '../../../../src/emulator/frames/outbound-frame.js';
import { SocketFlusher } from '../../../../src/emulator/frames/socket-flusher.js';
import { FakeClock } from '../../../support/fake-clock.js';

/** The WebSocket's side that ClientSocket needs, and a network that takes what it is told to. */
function createSocket(): {
  socket: ClientSocket;
  writes: string[];
  network: Network;
  webSocket: FakeWebSocket;
  clock: FakeClock;
} {
  const clock = new FakeClock();
  const network = new Network();
  const webSocket = new FakeWebSocket();
  const socket = new ClientSocket(
    webSocket as never,
    network as never,
    { clock, flusher: new SocketFlusher(), keepAliveIntervalMs: () => 20_000 },
    { onFrame() {}, onLost() {} },
  );
  return { socket, writes: network.writes, network, webSocket, clock };
}

class FakeWebSocket extends EventEmitter {
  readonly OPEN = 1;
  readonly closes: [number, string][] = [];
  readyState = 1;
  isPaused = false;

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  ping(): void {}

  close(code: number, reason: string): void {
    this.readyState = 2;
    this.closes.push([code, reason]);
  }

  terminate(): void {
    this.readyState = 3;
    this.emit('close', 1006, Buffer.alloc(0));
  }
}

class Network extends Writable {
  readonly writes: string[] = [];
  isStuck = false;
  #release?: () => void;

  constructor() {
    super({ highWaterMark: 16 });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.writes.push(chunk.toString('latin1').replaceAll(/[\x81\x82][^]/g, ''));
    if (this.isStuck) this.#release = done;
    else done();
  }

  release(): void {
    this.isStuck = false;
    this.#release?.();
  }
}

const text = (value: string, expiresAt?: number): ReturnType<typeof frameMessage> =>
  frameMessage([Buffer.from(value)], false, expiresAt);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('ClientSocket', () => {
  it('gathers what is sent in one turn into one write', async () => {
    const { socket, writes } = createSocket();
    for (const value of ['a', 'b', 'c']) socket.send(text(value));
    await turn();
    socket.send(text('d'));
    await turn();
    expect(writes).toEqual(['abc', 'd']);
  });

  it('waits while the network takes no more, and drops what has expired by then', async () => {
    const { socket, writes, network, clock } = createSocket();
    network.isStuck = true;
    socket.send(text('x'.repeat(20)));
    await turn();
    socket.send(text('stale', clock.now() + 10));
    socket.send(text('fresh'));
    await turn();
    expect(writes).toHaveLength(1);
    clock.advance(10);
    network.release();
    await turn();
    expect(writes).toEqual(['x'.repeat(20), 'fresh']);
  });

  it('has a full queue at 1,000 messages [client-websocket 12]', async () => {
    const { socket, network } = createSocket();
    network.isStuck = true;
    socket.send(text('x'.repeat(20)));
    await turn();
    for (let count = 0; count < 1_000; count++) expect(socket.send(text('y'))).toBe(true);
    expect(socket.send(text('y'))).toBe(false);
  });

  it('sends what is pending before it closes', async () => {
    const { socket, writes, webSocket } = createSocket();
    socket.send(text('last'));
    socket.close({ code: 1000, reason: 'bye' });
    expect(writes).toEqual(['last']);
    expect(webSocket.closes).toEqual([[1000, 'bye']]);
  });

  it('reads on when it closes, since the answer to the close frame is behind what the client sent before', () => {
    const { socket, webSocket } = createSocket();
    socket.pauseReading();
    expect(webSocket.isPaused).toBe(true);
    socket.close({ code: 1011, reason: 'failed' });
    expect(webSocket.isPaused).toBe(false);
  });

  it('lets the close frame of a silent client wait while it is held', async () => {
    const { socket, webSocket, clock } = createSocket();
    const release = socket.hold(() => {});
    clock.advance(60_000);
    await turn();
    expect(webSocket.closes).toEqual([]);
    release();
    await turn();
    expect(webSocket.closes).toEqual([[1011, 'PingTimeout']]);
  });

  it('gives a closing client 5 seconds, then cuts it off [client-websocket 11]', async () => {
    const { socket, network, webSocket, clock } = createSocket();
    network.isStuck = true;
    socket.send(text('x'.repeat(20)));
    await turn();
    socket.send(text('never'));
    socket.close({ code: 1000, reason: '' });
    clock.advance(4_999);
    expect([webSocket.closes, webSocket.readyState]).toEqual([[], 1]);
    clock.advance(1);
    expect(webSocket.readyState).toBe(3);
    await socket.closed;
    expect(clock.pending).toBe(0);
  });
});
