import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { awaitClientTraffic } from '../../support/await-traffic.js';
import {
  clientUrl,
  connectJsonClient,
  JSON_RELIABLE_SUBPROTOCOL,
  JSON_SUBPROTOCOL,
  WebSocketClient,
} from '../../support/connect-client.js';
import { FakeClock } from '../../support/fake-clock.js';
import { frameBytes, handshakeBytes, OPCODES, RawWebSocket } from '../../support/raw-web-socket.js';
import { RecordingUpstream } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

const ALL_ROLES = ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'];

describe('limits of sockets [client-websocket 11, 12]', () => {
  it('a message of 1 MiB is accepted, and one byte more closes with 1009', async () => {
    const emulator = await startEmulator();
    const client = await connectJsonClient(emulator, { roles: ALL_ROLES });
    const frame = (length: number): string => {
      const head = '{"type":"sendToGroup","group":"g","ackId":1,"dataType":"text","data":"';
      return `${head}${'x'.repeat(length - head.length - 2)}"}`;
    };
    client.send(frame(1024 * 1024));
    expect(await client.next()).toMatchObject({ ackId: 1, success: true });
    client.send(frame(1024 * 1024 + 1));
    expect(await client.closed()).toEqual({ code: 1009, reason: 'The client message is too large.' });
    await emulator.close();
  });

  it('maxFrameBytes moves that limit', async () => {
    const emulator = await startEmulator({ maxFrameBytes: 100 });
    const client = await connectJsonClient(emulator);
    client.send('x'.repeat(101));
    expect(await client.closed()).toMatchObject({ code: 1009 });
    await emulator.close();
  });

  it.each([
    ['a continuation without a beginning', '80 80 00000000', 1002, 'The client frame is invalid.'],
    ['a new message inside a fragmented one', '01 80 00000000 81 80 00000000', 1002, 'The client frame is invalid.'],
    ['a frame that is not masked', '81 01 78', 1002, 'The client frame is invalid.'],
    ['text that is not UTF-8', '81 81 00000000 ff', 1007, 'The client message is not valid UTF-8.'],
  ])('%s closes, and ends a reliable connection for good', async (_fact, hex, code, reason) => {
    const emulator = await startEmulator();
    const socket = await upgradeTcp(emulator, JSON_RELIABLE_SUBPROTOCOL);
    const ended = awaitClientTraffic(
      emulator,
      ({ action, summary }) => action === 'disconnected' && summary.includes('ended'),
    );
    socket.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    const close = await readUntilClose(socket);
    expect(close).toEqual({ code, reason });
    expect(await ended).toMatchObject({ status: code });
    await emulator.close();
  });

  it('a client that does not read is closed with 1008 when 1,000 messages wait for it', async () => {
    const emulator = await startEmulator();
    const sender = await connectJsonClient(emulator, { roles: ALL_ROLES });
    const slow = await connectJsonClient(emulator, { groups: ['g'] });
    emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId: slow.connectionId });
    const ended = awaitClientTraffic(
      emulator,
      ({ action, connectionId }) => action === 'disconnected' && connectionId === slow.connectionId,
    );
    for (let count = 0; count <= 1_000; count++) sender.send({ type: 'sendToGroup', group: 'g', data: count });
    await sender.untilPong();
    expect(await ended).toMatchObject({ status: 1008, frame: 'The outbound message queue is full.' });
    await emulator.close();
  });

  it('a client whose network takes no more is closed with 1008 when 16 MiB wait for it', async () => {
    const emulator = await startEmulator();
    const sender = await connectJsonClient(emulator, { roles: ALL_ROLES });
    const slow = await connectJsonClient(emulator, { groups: ['g'] });
    slow.socket.pause();
    let isEnded = false;
    const ended = awaitClientTraffic(
      emulator,
      ({ action, connectionId }) => action === 'disconnected' && connectionId === slow.connectionId,
    ).then((entry) => {
      isEnded = true;
      return entry;
    });
    const data = 'x'.repeat(1_000_000);
    for (let ackId = 1; !isEnded && ackId < 100; ackId++) {
      sender.send({ type: 'sendToGroup', group: 'g', dataType: 'text', data, ackId });
      await sender.next();
    }
    expect(await ended).toMatchObject({ status: 1008, frame: 'The outbound message queue is full.' });
    slow.socket.resume();
    expect(await slow.closed()).toMatchObject({ code: 1008 });
    await emulator.close();
  });

  it('a slow client that closes gets nothing behind the answer to its close frame [RFC 6455 5.5.1]', async () => {
    const emulator = await startEmulator();
    const sender = await connectJsonClient(emulator, { roles: ALL_ROLES });
    const handshake = handshakeBytes(clientUrl(emulator, { groups: ['g'] }), JSON_SUBPROTOCOL);
    const slow = await RawWebSocket.open(emulator.port, handshake);
    slow.connection.pause();
    const data = 'x'.repeat(1_000_000);
    for (let ackId = 1; ackId <= 14; ackId++) {
      sender.send({ type: 'sendToGroup', group: 'g', dataType: 'text', data, ackId });
      await sender.next();
    }
    slow.write(frameBytes(OPCODES.close, Buffer.from([0x03, 0xe8])));
    await sender.untilPong();
    slow.connection.resume();
    const frames = await slow.framesUntilClosed();
    expect(frames.length).toBeLessThan(15);
    expect(frames.findIndex(({ opcode }) => opcode === OPCODES.close)).toBe(frames.length - 1);
    await emulator.close();
  });

  it('a burst is no slow client', async () => {
    const emulator = await startEmulator();
    const sender = await connectJsonClient(emulator, { roles: ALL_ROLES });
    const client = await connectJsonClient(emulator, { groups: ['g'] });
    for (let count = 0; count < 5_000; count++) sender.send({ type: 'sendToGroup', group: 'g', data: count });
    for (let count = 0; count < 5_000; count++) expect((await client.next())['data']).toBe(count);
    await emulator.close();
  });

  it('frames of any size arrive whole and in order, shared by many', async () => {
    const emulator = await startEmulator();
    const sender = await connectJsonClient(emulator, { roles: ALL_ROLES });
    const members = [];
    for (let count = 0; count < 10; count++) members.push(await connectJsonClient(emulator, { groups: ['g'] }));
    members.push(await connectJsonClient(emulator, { groups: ['g'], subprotocols: JSON_RELIABLE_SUBPROTOCOL }));
    const sizes = [1, 100, 200, 20_000, 10, 70_000, 3, 200_000, 50, 16_300, 16_400];
    for (const [index, size] of sizes.entries()) {
      sender.send({ type: 'sendToGroup', group: 'g', dataType: 'text', data: `${index}`.padEnd(size, 'x') });
    }
    for (const member of members) {
      for (const [index, size] of sizes.entries())
        expect((await member.next())['data']).toBe(`${index}`.padEnd(size, 'x'));
    }
    await emulator.close();
  });

  it('an event handler that hangs holds up a hasty client, and loses nothing', async () => {
    let release: (() => void) | undefined;
    const emulator = await startEmulator({ hubs: { chat: {} } });
    const unsubscribe = emulator.on('slow', () => new Promise<void>((resolve) => (release = resolve)));
    const client = await connectJsonClient(emulator, { roles: ALL_ROLES });
    client.send({ type: 'event', event: 'slow', data: 1, ackId: 0 });
    for (let ackId = 1; ackId <= 2_000; ackId++) client.send({ type: 'joinGroup', group: 'g', ackId });
    while (client.socket.bufferedAmount > 0) await new Promise((done) => setImmediate(done));
    release?.();
    for (let ackId = 0; ackId <= 2_000; ackId++) expect(await client.next()).toMatchObject({ ackId, success: true });
    unsubscribe();
    await emulator.close();
  });
});

describe('a client that is not read because of its own haste', () => {
  it('is closed, without a wait for the close timer, when an event of it fails', async () => {
    let refuse: (() => void) | undefined;
    const upstream = await RecordingUpstream.start(
      () => new Promise((resolve) => (refuse = () => resolve({ status: 403 }))),
    );
    const emulator = await startEmulator({
      clock: new FakeClock(Date.now()),
      hubs: { chat: { eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: '*' }] } },
    });
    const client = await WebSocketClient.connect(emulator);
    client.send('slow');
    await upstream.nextEvent();
    // So many wait in memory, and the pong comes; one more, and what is behind it waits in the network.
    for (let count = 0; count < 256; count++) client.send('waiting');
    client.socket.ping();
    await once(client.socket, 'pong');
    for (let count = 0; count < 256; count++) client.send('too much');
    refuse?.();
    expect(await client.closed()).toEqual({ code: 1011, reason: 'Internal server error' });
    expect(upstream.events).toHaveLength(1);
    await emulator.close();
    await upstream.close();
  });
});

describe('keep-alive [client-websocket 2]', () => {
  it('pings at the interval of the hub, and lets a client go that shows no life', async () => {
    const clock = new FakeClock(Date.now());
    const emulator = await startEmulator({ clock, hubs: { chat: { webSocketKeepAliveIntervalInSeconds: 5 } } });
    const silent = await connectJsonClient(emulator, { webSocket: { autoPong: false } });
    const alive = await connectJsonClient(emulator);
    for (let round = 0; round < 3; round++) {
      clock.advance(4_999);
      const pinged = round < 2 ? once(silent.socket, 'ping') : undefined;
      const answered = once(alive.socket, 'ping');
      clock.advance(1);
      await Promise.all([pinged, answered]);
      expect(await alive.untilPong()).toEqual([]);
    }
    expect(await silent.closed()).toEqual({ code: 1011, reason: 'PingTimeout' });
    expect(await alive.untilPong()).toEqual([]);
    await emulator.close();
  });

  it('counts any message as a sign of life, and leaves a silent reliable connection to be recovered', async () => {
    const clock = new FakeClock(Date.now());
    const emulator = await startEmulator({ clock });
    const client = await connectJsonClient(emulator, {
      subprotocols: JSON_RELIABLE_SUBPROTOCOL,
      webSocket: { autoPong: false },
    });
    for (let round = 0; round < 4; round++) {
      clock.advance(20_000);
      expect(await client.untilPong()).toEqual([]);
    }
    clock.advance(60_000);
    expect(await client.closed()).toMatchObject({ code: 1011 });
    const query = { awps_connection_id: client.connectionId, awps_reconnection_token: client.reconnectionToken };
    const recovered = await WebSocketClient.connect(emulator, { subprotocols: JSON_RELIABLE_SUBPROTOCOL, query });
    expect(await recovered.untilPong()).toEqual([]);
    await emulator.close();
  });
});

describe('close()', () => {
  it('tells every client, and leaves nothing open', async () => {
    const emulator = await startEmulator();
    const json = await connectJsonClient(emulator);
    const simple = await WebSocketClient.connect(emulator);
    const deaf = await upgradeTcp(emulator, JSON_SUBPROTOCOL);
    deaf.pause();
    const halfOpen = connectTcp(emulator.port, '127.0.0.1');
    halfOpen.on('error', () => {});
    await once(halfOpen, 'connect');
    await emulator.close();
    expect(await json.next()).toEqual({
      type: 'system',
      event: 'disconnected',
      message: 'The service is shutting down.',
    });
    expect(await json.closed()).toEqual({ code: 1001, reason: 'The service is shutting down.' });
    expect(await simple.closed()).toMatchObject({ code: 1001 });
    await expect(WebSocketClient.connect(emulator)).rejects.toThrow(/ECONNREFUSED/);
    deaf.destroy();
    halfOpen.destroy();
  });

  it('is not held up by a client that waits for its connect event', async () => {
    let isAsked: () => void;
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const upstream = await RecordingUpstream.start(() => {
      isAsked();
      return 'hang';
    });
    const emulator = await startEmulator({
      hubs: { chat: { eventHandlers: [{ urlTemplate: upstream.url, systemEvents: ['connect'] }] } },
    });
    const connecting = WebSocketClient.connect(emulator).catch((error: Error) => error);
    await asked;
    await emulator.close();
    expect(await connecting).toMatchObject({ status: 503 });
    await upstream.close();
  });
});

describe('the traffic record of clients', () => {
  it('holds one entry for a fan-out, and no token', async () => {
    const emulator = await startEmulator();
    const sender = await connectJsonClient(emulator, {
      userId: 'ann',
      roles: ALL_ROLES,
      groups: ['g'],
      subprotocols: JSON_RELIABLE_SUBPROTOCOL,
    });
    await connectJsonClient(emulator, { groups: ['g'] });
    sender.send({ type: 'sendToGroup', group: 'g', data: 1, ackId: 1 });
    await sender.untilPong();
    const entries = emulator.traffic.entries().filter(({ door }) => door === 'client');
    expect(entries.map((entry) => entry.door === 'client' && [entry.action, entry.summary, entry.receivers])).toEqual([
      ['connected', JSON_RELIABLE_SUBPROTOCOL, undefined],
      ['sent', 'connected', undefined],
      ['connected', JSON_SUBPROTOCOL, undefined],
      ['sent', 'connected', undefined],
      ['received', 'sendToGroup g (ack 1)', undefined],
      ['fanOut', 'message to group g', 2],
      ['sent', 'ack 1 success', undefined],
      ['received', 'ping', undefined],
      ['sent', 'pong', undefined],
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/eyJ/);
    await emulator.close();
  });
});

interface Service {
  readonly endpoint: string;
  readonly port: number;
}

/** A WebSocket whose bytes are ours. */
async function upgradeTcp(emulator: Service, subprotocol: string): Promise<Socket> {
  const url = new URL(clientUrl(emulator));
  const socket = connectTcp(emulator.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    [
      `GET ${url.pathname}${url.search} HTTP/1.1`,
      `Host: ${url.host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Protocol: ${subprotocol}`,
      '',
      '',
    ].join('\r\n'),
  );
  await once(socket, 'data');
  return socket;
}

async function readUntilClose(socket: Socket): Promise<{ code: number; reason: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const frame = bytes.subarray(bytes.lastIndexOf(0x88));
  return { code: frame.readUInt16BE(2), reason: frame.subarray(4).toString() };
}
