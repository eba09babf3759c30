import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import type { AddressInfo } from 'node:net';
import { WebPubSubEmulator } from '../../../src/emulator/index.js';
import { OrderModule, Orders } from '../../guides/load-balancer/order.module.js';
import type { SharedCache } from '../../guides/load-balancer/shared-idempotency.store.js';
import { ChatClient } from '../../support/chat-client.js';
import { connectJsonClient } from '../../support/connect-client.js';
import { RoundRobinFront } from '../../support/round-robin-front.js';
import { createGuideApplication } from '../../support/start-guide.js';
import { negotiate, startSample } from '../../support/start-sample.js';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function startEmulator(): Promise<WebPubSubEmulator> {
  const emulator = await WebPubSubEmulator.start({ port: 0 });
  closers.push(() => emulator.close());
  return emulator;
}

async function startFront(targets: readonly string[]): Promise<RoundRobinFront> {
  const front = await RoundRobinFront.start(targets);
  closers.push(() => front.close());
  return front;
}

function handleEvents(emulator: WebPubSubEmulator, hub: string, origin: string): void {
  emulator.setHub(hub, {
    eventHandlers: [
      {
        urlTemplate: `${origin}/eventhandler`,
        userEventPattern: '*',
        systemEvents: ['connect', 'connected', 'disconnected'],
      },
    ],
  });
}

describe('two instances of the sample behind one round-robin front', () => {
  const PEOPLE = ['ann', 'bob', 'carol', 'dora'];
  const ROUNDS = 10;

  async function startChat() {
    const emulator = await startEmulator();
    const { connectionString } = emulator;
    const samples = [await startSample({ connectionString }), await startSample({ connectionString })];
    for (const sample of samples) closers.push(() => sample.close());
    const front = await startFront(samples.map(({ url }) => url));
    handleEvents(emulator, 'Sample_ChatApp', front.url);
    return { emulator, samples, front };
  }

  /** Connects by the front, which gives each negotiation to another instance, and waits until all have heard of all. */
  async function connectPeople(front: RoundRobinFront): Promise<ChatClient[]> {
    const clients: ChatClient[] = [];
    for (const person of PEOPLE) {
      const client = await ChatClient.connect(await negotiate(front, person));
      clients.push(client);
      for (const other of clients) await other.until(`${person} joined.`);
    }
    return clients;
  }

  const sayAll = async (clients: readonly ChatClient[], whenHalf?: () => void): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) {
      if (round === ROUNDS / 2) whenHalf?.();
      for (const [index, client] of clients.entries()) client.send(`${PEOPLE[index]} ${round}`);
    }
  };

  /** What one client heard, by who said it, in the order in which it came. */
  async function hear(client: ChatClient): Promise<Record<string, string[]>> {
    const heard: Record<string, string[]> = Object.fromEntries(PEOPLE.map((person) => [person, []]));
    for (let count = 0; count < PEOPLE.length * ROUNDS; count++) {
      const { from, message } = await client.next();
      heard[from].push(message);
    }
    return heard;
  }

  const everything = Object.fromEntries(
    PEOPLE.map((person) => [person, Array.from({ length: ROUNDS }, (_, round) => `${person} ${round}`)]),
  );

  it('serve the same connections: every message reaches everyone once, in the order of its sender', async () => {
    const { front } = await startChat();
    const clients = await connectPeople(front);
    await sayAll(clients);
    for (const client of clients) expect(await hear(client)).toEqual(everything);
    const [one = 0, other = 0] = front.counts;
    expect(Math.min(one, other)).toBeGreaterThanOrEqual((PEOPLE.length * ROUNDS) / 2);
    for (const client of clients) await client.close();
  });

  it('lose nothing when one of them is shut down amid the talk', async () => {
    const { emulator, front, samples } = await startChat();
    const clients = await connectPeople(front);
    let closed: Promise<void> | undefined;
    await sayAll(clients, () => {
      closed = samples[1]?.close();
    });
    for (const client of clients) expect(await hear(client)).toEqual(everything);
    await closed;
    const repeated = emulator.traffic.entries().filter((entry) => entry.door === 'upstream' && entry.attempt > 1);
    expect(repeated).not.toEqual([]);
    for (const client of clients) await client.close();
  }, 60_000);
});

describe('instances that share an idempotency store', () => {
  /** As much of Redis as the store needs. */
  class FakeCache implements SharedCache {
    readonly #values = new Map<string, string>();

    async set(key: string, value: string, options: { NX?: true }): Promise<string | null> {
      if (options.NX && this.#values.has(key)) return null;
      this.#values.set(key, value);
      return 'OK';
    }

    async get(key: string): Promise<string | null> {
      return this.#values.get(key) ?? null;
    }

    async del(key: string): Promise<void> {
      this.#values.delete(key);
    }
  }

  async function startOrders(emulator: WebPubSubEmulator, cache: SharedCache): Promise<INestApplication> {
    const application = await createGuideApplication({
      imports: [OrderModule.forRoot(emulator.connectionString, cache)],
    });
    closers.push(() => application.close());
    await application.listen(0, '127.0.0.1');
    return application;
  }

  it('handle an event once that the service delivers to both', async () => {
    const emulator = await startEmulator();
    const cache = new FakeCache();
    const instances = [await startOrders(emulator, cache), await startOrders(emulator, cache)];
    const ports = instances.map((instance) => (instance.getHttpServer().address() as AddressInfo).port);
    const front = await startFront(ports.map((port) => `http://127.0.0.1:${port}`));
    handleEvents(emulator, 'orders', front.url);
    emulator.faults.set({ kind: 'repeatUpstream', eventName: 'order' });

    const ann = await connectJsonClient(emulator, { hub: 'orders', userId: 'ann' });
    await emulator.idle();
    const delivered = [...front.counts];
    ann.send({ type: 'event', event: 'order', dataType: 'json', data: { item: 'tea' }, ackId: 1 });
    expect(await ann.next()).toMatchObject({ type: 'message', data: { booked: 'tea' } });
    expect(await ann.next()).toMatchObject({ type: 'ack', success: true });
    expect(front.counts.map((count, index) => count - delivered[index])).toEqual([1, 1]);
    expect(instances.flatMap((instance) => instance.get(Orders, { strict: false }).booked)).toEqual(['tea']);
  });
});
