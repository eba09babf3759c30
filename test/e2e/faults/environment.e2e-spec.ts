import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { InjectServiceClient, OnMessage, WebPubSubHub } from '../../../src/index.js';
import { REASON_CODES } from '../../../src/emulator/mqtt/reason-codes.js';
import {
  clientToken,
  connectJsonClient,
  JSON_RELIABLE_SUBPROTOCOL,
  refusalOf,
  WebSocketClient,
} from '../../support/connect-client.js';
import { callRest } from '../../support/call-rest.js';
import { freePort } from '../../support/free-port.js';
import { JumpingClock } from '../../support/jumping-clock.js';
import { RawMqttClient } from '../../support/mqtt-client.js';
import { ALLOW_ANY_ORIGIN, RecordingUpstream } from '../../support/record-upstream.js';
import { ACCESS_KEY, startHubApp } from '../../support/start-hub-app.js';
import { startEmulator } from '../../support/start-emulator.js';

const upstreams: RecordingUpstream[] = [];
afterEach(() => Promise.all(upstreams.splice(0).map((upstream) => upstream.close())));

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('a clock that is set', () => {
  it.each([
    ['forward', DAY_MS],
    ['back', -DAY_MS],
  ])('%s leaves no verdict on an upstream standing [upstream-events 3]', async (_direction, jumpMs) => {
    const clock = new JumpingClock(Date.now());
    const upstream = await RecordingUpstream.start();
    upstreams.push(upstream);
    const emulator = await startEmulator({
      clock,
      hubs: { chat: { eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: '*' }] } },
    });
    const client = await connectJsonClient(emulator);
    const send = async (ackId: number): Promise<unknown> => {
      client.send({ type: 'event', event: 'e', data: 1, ackId });
      return (await client.next())['success'];
    };
    upstream.onValidation = () => ({ status: 403 });
    expect(await send(1)).toBe(false);
    upstream.onValidation = () => ALLOW_ANY_ORIGIN;
    clock.jump(jumpMs);
    expect(await send(2)).toBe(true);
    const validations = upstream.validations.length;
    clock.jump(jumpMs);
    // In the background: the last verdict holds until there is another.
    expect(await send(3)).toBe(true);
    await emulator.idle();
    expect(upstream.validations.length).toBe(validations + 1);
  });

  it.each([
    ['forward by a day', DAY_MS, true],
    ['back by a day', -DAY_MS, true],
    ['forward beyond the token', 8 * DAY_MS, false],
  ])(
    '%s while a client is away changes nothing but the age of its token [client-websocket 9]',
    async (_how, jumpMs, isRecovered) => {
      const clock = new JumpingClock(Date.now());
      const emulator = await startEmulator({ clock });
      const client = await connectJsonClient(emulator, { subprotocols: JSON_RELIABLE_SUBPROTOCOL });
      const { connectionId, reconnectionToken } = client;
      client.socket.terminate();
      await client.closed();
      clock.jump(jumpMs);
      const back = await WebSocketClient.connect(emulator, {
        subprotocols: JSON_RELIABLE_SUBPROTOCOL,
        query: { awps_connection_id: connectionId, awps_reconnection_token: reconnectionToken },
      });
      if (isRecovered) expect(await back.untilPong()).toEqual([]);
      else expect((await back.closed()).code).toBe(1008);
      // The window is a length of time, whatever the time of day.
      if (!isRecovered) return;
      back.socket.terminate();
      await back.closed();
      clock.jump(-jumpMs);
      await emulator.idle();
      clock.advance(30_001);
      const late = await WebSocketClient.connect(emulator, {
        subprotocols: JSON_RELIABLE_SUBPROTOCOL,
        query: { awps_connection_id: connectionId, awps_reconnection_token: reconnectionToken },
      });
      expect((await late.closed()).code).toBe(1008);
    },
  );

  it('is what tokens are measured by, and messages that expire [client-websocket 1.2]', async () => {
    const clock = new JumpingClock(Date.now());
    const emulator = await startEmulator({ clock });
    const token = clientToken(emulator);
    clock.jump(2 * HOUR_MS);
    expect((await refusalOf(WebSocketClient.connect(emulator, { token }))).status).toBe(401);
    clock.jump(-2 * HOUR_MS);
    const client = await connectJsonClient(emulator, { token, subprotocols: JSON_RELIABLE_SUBPROTOCOL });
    client.socket.terminate();
    await client.closed();
    const send = (text: string): Promise<{ status: number }> =>
      callRest(emulator, 'POST /api/hubs/chat/:send?api-version=2024-12-01&messageTtlSeconds=10', {
        body: text,
        headers: { 'Content-Type': 'text/plain' },
      });
    expect((await send('expired')).status).toBe(202);
    clock.jump(11_000);
    expect((await send('kept')).status).toBe(202);
    clock.jump(-HOUR_MS);
    clock.jump(HOUR_MS);
    const back = await WebSocketClient.connect(emulator, {
      subprotocols: JSON_RELIABLE_SUBPROTOCOL,
      query: { awps_connection_id: client.connectionId, awps_reconnection_token: client.reconnectionToken },
    });
    expect(await back.untilPong()).toMatchObject([{ type: 'message', data: 'kept' }]);
  });

  it('back does not keep an MQTT client that has gone silent [client-mqtt 8]', async () => {
    const clock = new JumpingClock(Date.now());
    const emulator = await startEmulator({ clock });
    const client = await RawMqttClient.connect(emulator, { connect: { keepalive: 60 } });
    clock.jump(-DAY_MS);
    clock.advance(90_000);
    clock.advance(90_000);
    expect(await client.expect('disconnect')).toMatchObject({ reasonCode: REASON_CODES.keepAliveTimeout });
    await client.closed();
  });
});

describe('a second emulator on a port', () => {
  it('does not start, says why, and does not disturb the first', async () => {
    const first = await startEmulator();
    for (const port of [first.port, first.port]) {
      await expect(WebPubSubEmulator.start({ port })).rejects.toThrow(`Port ${port} is in use`);
    }
    const client = await connectJsonClient(first);
    expect(await client.untilPong()).toEqual([]);
    await first.close();
    const again = await startEmulator({ port: first.port });
    expect(again.port).toBe(first.port);
  });

  it('may be closed more than once', async () => {
    const emulator = await startEmulator();
    await expect(Promise.all([emulator.close(), emulator.close()])).resolves.toHaveLength(2);
    await expect(emulator.close()).resolves.toBeUndefined();
  });
});

describe('a configuration file that is taken away', () => {
  const folders: string[] = [];
  afterEach(() => Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true }))));

  it('leaves the last good settings, is reported, and is followed again when it is back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'web-pubsub-'));
    folders.push(folder);
    const path = join(folder, 'emulator.json');
    const reports: string[] = [];
    const heard = async (pattern: RegExp): Promise<void> => {
      while (!reports.some((report) => pattern.test(report))) await new Promise((resolve) => setTimeout(resolve, 5));
      reports.length = 0;
    };
    const policy = (anonymousConnectPolicy: string): string =>
      JSON.stringify({ hubs: { chat: { anonymousConnectPolicy }, constructor: { anonymousConnectPolicy } } });
    const report = (message: string): void => void reports.push(message);
    await writeFile(path, policy('allow'));
    const emulator = await WebPubSubEmulator.startFromFile(path, {
      port: 0,
      // None of its members is a hub that was handed over.
      hubs: {},
      logger: { log: report, warn: report, error: report },
    });
    try {
      const isOpen = async (hub = 'chat'): Promise<boolean> => {
        try {
          (await WebSocketClient.connect(emulator, { hub, token: null })).socket.terminate();
          return true;
        } catch {
          return false;
        }
      };
      await rm(path);
      await heard(/cannot be read.*ENOENT.*last good settings/s);
      expect(await isOpen()).toBe(true);
      await mkdir(path);
      await heard(/cannot be read.*EISDIR.*last good settings/s);
      expect(await isOpen()).toBe(true);
      await rm(path, { recursive: true });
      await symlink(join(folder, 'nowhere.json'), path);
      await heard(/cannot be read.*last good settings/s);
      await rm(path);
      await writeFile(join(folder, 'new.json'), '{"__proto__":{"polluted":true},"hubs":{"__proto__":{}}}');
      await rename(join(folder, 'new.json'), path);
      await heard(/last good settings/);
      expect(await isOpen()).toBe(true);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      await writeFile(join(folder, 'new.json'), policy('deny'));
      await rename(join(folder, 'new.json'), path);
      await heard(/was read again/);
      expect([await isOpen(), await isOpen('constructor')]).toEqual([false, false]);
      // Not even its folder is needed.
      await rm(folder, { recursive: true });
      expect(await isOpen()).toBe(false);
    } finally {
      await emulator.close();
    }
  });
});

describe('a service that cannot be reached', () => {
  const failures: unknown[] = [];

  @WebPubSubHub('chat')
  class SendingHub {
    constructor(@InjectServiceClient('chat') private readonly service: WebPubSubServiceClient) {}

    @OnMessage()
    async message() {
      try {
        await this.service.sendToAll('hi');
      } catch (error) {
        failures.push(error);
        throw error;
      }
    }
  }

  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  });

  async function listen(answer: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('data', () => answer(socket));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  it.each<[string, () => Promise<number>]>([
    ['where nothing listens', freePort],
    ['that resets', () => listen((socket) => socket.resetAndDestroy())],
    ['that says nothing and hangs up', () => listen((socket) => socket.end())],
    ['that answers garbage', () => listen((socket) => socket.end('garbage\r\n\r\n'))],
    [
      'that answers half',
      () => listen((socket) => socket.end('HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nhalf')),
    ],
    ['that fails', () => listen((socket) => socket.end('HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno'))],
  ])('%s fails the call, and the event with no detail', async (_what, open) => {
    const port = await open();
    const app = await startHubApp({
      options: {
        connectionString: `Endpoint=http://127.0.0.1;Port=${port};AccessKey=${ACCESS_KEY};Version=1.0;`,
        allowedOrigins: ['*'],
        serviceClientOptions: { retryOptions: { maxRetries: 0 } },
      },
      providers: [SendingHub],
    });
    try {
      const answer = await app.sendEvent({ type: 'user.message' });
      expect([answer.status, answer.text]).toEqual([500, 'Internal server error']);
      const [failure] = failures.splice(0) as Error[];
      expect(failure).toBeInstanceOf(Error);
      expect(failure.message).not.toBe('');
      expect(`${failure.message} ${failure.stack}`).not.toContain(ACCESS_KEY);
    } finally {
      await app.close();
    }
  });
});
