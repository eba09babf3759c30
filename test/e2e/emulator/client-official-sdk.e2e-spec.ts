import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import {
  WebPubSubClient,
  WebPubSubJsonProtocol,
  WebPubSubJsonReliableProtocol,
  type OnGroupDataMessageArgs,
  type WebPubSubClientOptions,
  type WebPubSubClientProtocol,
} from '@azure/web-pubsub-client';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { FakeClock } from '../../support/fake-clock.js';
import { RecordingUpstream } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

const ALL_ROLES = ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'];

let emulator: WebPubSubEmulator;
let upstream: RecordingUpstream;
let service: WebPubSubServiceClient;
// The client's keep-alive sleeps on for up to 40 seconds after it was stopped, and would hold the process.
const QUICK: WebPubSubClientOptions = {
  keepAliveIntervalInMs: 0,
  keepAliveTimeoutInMs: 0,
  messageRetryOptions: { retryDelayInMs: 1 },
};

/** With the promise of their end. */
const started = new Map<WebPubSubClient, Promise<void>>();

beforeAll(async () => {
  upstream = await RecordingUpstream.start((request) => ({
    status: 200,
    headers: { 'Content-Type': request.headers['content-type'] ?? 'text/plain' },
    body: request.body,
  }));
  emulator = await startEmulator({
    endsOnCloseWithoutCode: true,
    hubs: { chat: { eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: 'echo' }] } },
  });
  service = new WebPubSubServiceClient(emulator.connectionString, 'chat', { allowInsecureConnection: true });
});

afterAll(() => upstream.close());

afterEach(async () => {
  for (const client of started.keys()) client.stop();
  await Promise.all(started.values());
  started.clear();
});

async function connect(
  userId: string,
  protocol: WebPubSubClientProtocol,
  options: WebPubSubClientOptions = {},
  issuer = service,
): Promise<WebPubSubClient & { id: string }> {
  const client = new WebPubSubClient(
    {
      getClientAccessUrl: async () => (await issuer.getClientAccessToken({ userId, roles: ALL_ROLES })).url,
    },
    { ...QUICK, protocol, ...options },
  );
  started.set(client, new Promise((resolve) => client.on('stopped', () => resolve())));
  const connected = new Promise<string>((resolve) =>
    client.on('connected', ({ connectionId }) => resolve(connectionId)),
  );
  await client.start();
  return Object.assign(client, { id: await connected });
}

function nextGroupMessage(client: WebPubSubClient): Promise<OnGroupDataMessageArgs['message']> {
  return new Promise((resolve) => {
    const listener = ({ message }: OnGroupDataMessageArgs): void => {
      client.off('group-message', listener);
      resolve(message);
    };
    client.on('group-message', listener);
  });
}

describe.each([
  ['json.webpubsub.azure.v1', WebPubSubJsonProtocol],
  ['json.reliable.webpubsub.azure.v1', WebPubSubJsonReliableProtocol],
])('the official client over %s', (_name, protocolFactory) => {
  it.each([
    ['text', 'hé'],
    ['json', { a: [1, null] }],
    ['binary', new Uint8Array([0, 255]).buffer],
    ['protobuf', new Uint8Array([10, 1, 120]).buffer],
  ] as const)('joins, sends %s and receives it', async (dataType, data) => {
    const [ann, bob] = [await connect('ann', protocolFactory()), await connect('bob', protocolFactory())];
    await bob.joinGroup('room');
    const received = nextGroupMessage(bob);
    expect(await ann.sendToGroup('room', data, dataType, { noEcho: true })).toMatchObject({ isDuplicated: false });
    expect(await received).toMatchObject({ group: 'room', fromUserId: 'ann', dataType, data });
    await bob.leaveGroup('room');
  });

  it('sends events, and receives the answers', async () => {
    const client = await connect('ann', protocolFactory());
    const answered = new Promise((resolve) => client.on('server-message', ({ message }) => resolve(message.data)));
    await client.sendEvent('echo', { q: 1 }, 'json');
    expect(await answered).toEqual({ q: 1 });
    await expect(client.sendEvent('unknown', 1, 'json', { ackId: 900 })).rejects.toMatchObject({
      errorDetail: { name: 'InternalServerError' },
    });
  });

  it('is told of a duplicate', async () => {
    const client = await connect('ann', protocolFactory());
    await client.joinGroup('room', { ackId: 700 });
    expect(await client.joinGroup('room', { ackId: 700 })).toMatchObject({ isDuplicated: true });
  });

  it('invokes events', async () => {
    const client = await connect('ann', protocolFactory());
    expect(await client.invokeEvent('echo', 'x', 'text')).toMatchObject({ dataType: 'text', data: 'x' });
    await expect(client.invokeEvent('unknown', 'x', 'text')).rejects.toMatchObject({
      errorDetail: { name: 'InternalServerError' },
    });
  });

  it('streams to a group', async () => {
    const [ann, bob] = [await connect('ann', protocolFactory()), await connect('bob', protocolFactory())];
    await bob.joinGroup('room');
    const received: unknown[] = [];
    const ended = new Promise<void>((resolve) => {
      bob.onGroupStream(async (stream) => {
        for await (const { data } of stream) received.push(data);
        resolve();
      });
    });
    const stream = await ann.openGroupStream('room');
    for (let count = 0; count < 50; count++) await stream.write(`${count}`, 'text');
    await stream.end();
    await ended;
    expect(received).toEqual(Array.from({ length: 50 }, (_, count) => `${count}`));
  });

  it('learns why the service closes', async () => {
    const client = await connect('ann', protocolFactory(), { autoReconnect: false });
    const disconnected = new Promise((resolve) =>
      client.on('disconnected', ({ message }) => resolve(message?.message)),
    );
    await service.closeConnection(client.id, { reason: 'go away' });
    expect(await disconnected).toBe('go away');
  });
});

describe('the official reliable client whose socket is cut', () => {
  it('resumes a stream', async () => {
    const ann = await connect('ann', WebPubSubJsonReliableProtocol());
    const bob = await connect('bob', WebPubSubJsonProtocol());
    await bob.joinGroup('room');
    const received: unknown[] = [];
    const ended = new Promise<void>((resolve) => {
      bob.onGroupStream(async (stream) => {
        for await (const { data } of stream) received.push(data);
        resolve();
      });
    });
    const stream = await ann.openGroupStream('room');
    await stream.write('a', 'text');
    emulator.faults.set({ kind: 'forceRecovery', hub: 'chat', connectionId: ann.id });
    await stream.write('b', 'text');
    await stream.end();
    await ended;
    expect(received).toEqual(['a', 'b']);
  });

  it('learns that a stream has timed out meanwhile', async () => {
    const clock = new FakeClock(Date.now());
    const other = await startEmulator({ clock, endsOnCloseWithoutCode: true });
    const issuer = new WebPubSubServiceClient(other.connectionString, 'chat', { allowInsecureConnection: true });
    const ann = await connect('ann', WebPubSubJsonReliableProtocol(), {}, issuer);
    const stream = await ann.openGroupStream('room', { idleTimeoutInMs: 1_000 });
    const failed = new Promise<string>((resolve) => stream.onError(({ name }) => resolve(name)));
    other.faults.set({ kind: 'forceRecovery', hub: 'chat', connectionId: ann.id });
    clock.advance(1_000);
    expect(await failed).toBe('IdleTimeout');
    await expect(stream.write('late', 'text')).rejects.toThrow('is completed');
    const next = await ann.openGroupStream('room');
    await next.write('in time', 'text');
    await next.end();
  });

  it('still sees every message once, in order, however often it happens under load', async () => {
    const TOTAL = 800;
    const CUTS = 20;
    const clients = [
      await connect('ann', WebPubSubJsonReliableProtocol()),
      await connect('bob', WebPubSubJsonReliableProtocol()),
    ];
    const received = clients.map(() => [] as number[]);
    const complete = clients.map(
      (client, index) =>
        new Promise<void>((resolve) =>
          client.on('server-message', ({ message }) => {
            received[index]?.push(message.data as number);
            if (message.data === TOTAL - 1) resolve();
          }),
        ),
    );
    let disconnections = 0;
    for (const client of clients) client.on('disconnected', () => disconnections++);
    const random = seededRandom(42);
    const cutAt = new Set(Array.from({ length: CUTS }, () => Math.floor(random() * TOTAL)));
    for (let count = 0; count < TOTAL; count++) {
      await service.sendToAll(count, { contentType: 'application/json' } as never);
      if (!cutAt.has(count)) continue;
      const { id } = clients[count % clients.length];
      try {
        emulator.faults.set({ kind: 'dropSocket', hub: 'chat', connectionId: id });
      } catch {
        // It is away already.
      }
    }
    await Promise.all(complete);
    const expected = Array.from({ length: TOTAL }, (_, count) => count);
    expect(received).toEqual([expected, expected]);
    expect(disconnections).toBe(0);
  }, 60_000);
});

/** The same numbers in every run: a linear congruential generator. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}
