import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubClient, type WebPubSubClientOptions } from '@azure/web-pubsub-client';
import { WebSocket } from 'ws';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { expressMiddleware } from '../../support/express-middleware-upstream.js';
import { INTEROP_HUB, type HeardEvent, type InteropUpstream } from '../../support/interop-upstream.js';
import { library } from '../../support/library-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

const SYSTEM_EVENTS = ['connect', 'connected', 'disconnected'] as const;

/** Its keep-alive tasks would outlive `stop()` by one interval. */
const CLIENT_OPTIONS: WebPubSubClientOptions = {
  autoReconnect: false,
  messageRetryOptions: { maxRetries: 0 },
  keepAliveIntervalInMs: 0,
  keepAliveTimeoutInMs: 0,
};

/** One application on different upstreams, which the service must not be able to tell apart. */
describe.each([expressMiddleware, library('express'), library('fastify')])(
  'the emulator with $name as its upstream',
  (contender) => {
    let emulator: WebPubSubEmulator;
    let upstream: InteropUpstream;
    let service: WebPubSubServiceClient;
    const clients: WebPubSubClient[] = [];
    const sockets: WebSocket[] = [];

    beforeAll(async () => {
      emulator = await startEmulator();
      upstream = await contender.start(emulator.connectionString);
      const urlTemplate = `${upstream.url}/{hub}/{event}`;
      emulator.setHub(INTEROP_HUB, {
        eventHandlers: [{ urlTemplate, userEventPattern: '*', systemEvents: SYSTEM_EVENTS }],
      });
      service = new WebPubSubServiceClient(emulator.connectionString, INTEROP_HUB, { allowInsecureConnection: true });
    });

    afterEach(() => {
      for (const client of clients.splice(0)) client.stop();
      for (const socket of sockets.splice(0)) socket.terminate();
    });

    afterAll(async () => {
      await emulator.close();
      await upstream.close();
    });

    async function urlFor(userId: string | undefined, query = ''): Promise<string> {
      const { url } = await service.getClientAccessToken(userId === undefined ? {} : { userId });
      return `${url}${query}`;
    }

    async function connectClient(userId?: string, query = ''): Promise<WebPubSubClient> {
      const client = new WebPubSubClient({ getClientAccessUrl: () => urlFor(userId, query) }, CLIENT_OPTIONS);
      clients.push(client);
      await client.start();
      return client;
    }

    async function connectSocket(query = ''): Promise<{ status?: number; socket: WebSocket; frames: Frames }> {
      const socket = new WebSocket(await urlFor('nora', query));
      sockets.push(socket);
      const frames = new Frames(socket);
      const status = await new Promise<number | undefined>((resolve, reject) => {
        socket.once('open', () => resolve(undefined));
        socket.once('unexpected-response', (request, response) => {
          resolve(response.statusCode);
          request.destroy();
        });
        socket.once('error', reject);
      });
      return { socket, frames, ...(status !== undefined && { status }) };
    }

    it('takes the user id of the answer to connect, or the token’s', async () => {
      const guest = await connectClient();
      expect(await ask(guest, 'context')).toMatchObject({ userId: 'guest' });
      const nora = await connectClient('nora');
      expect(await ask(nora, 'context')).toEqual({ hub: INTEROP_HUB, userId: 'nora', room: 'blue' });
    });

    it('puts the client into the groups of the answer to connect', async () => {
      const client = await connectClient('nora', '&group=red&group=green');
      const received = new Promise((resolve) => client.on('group-message', ({ message }) => resolve(message)));
      await service.group('green').sendToAll('hi', { contentType: 'text/plain' });
      expect(await received).toMatchObject({ group: 'green', data: 'hi' });
    });

    it('gives the client the roles of the answer to connect, and no others', async () => {
      const client = await connectClient('nora');
      await expect(client.sendToGroup('lobby', 'hi', 'text')).resolves.toBeDefined();
      await expect(client.sendToGroup('cellar', 'hi', 'text')).rejects.toMatchObject({
        errorDetail: { name: 'Forbidden' },
      });
    });

    it('refuses a client that connect refuses, with its status', async () => {
      const { status } = await connectSocket('&refuse=1');
      expect(status).toBe(401);
    });

    it.each([
      ['text', 'Grüße 👋', 'text'],
      ['an object', { a: [1, { b: null }] }, 'json'],
      ['a string as JSON', 'hi', 'json'],
      ['a number as JSON', 0, 'json'],
      ['false as JSON', false, 'json'],
      ['200 kB of JSON', { text: 'x'.repeat(200_000) }, 'json'],
    ] as const)('brings %s to the event and back', async (_, data, dataType) => {
      const client = await connectClient('nora');
      const answer = nextMessage(client);
      await client.sendEvent('echo', data, dataType);
      expect(await answer).toMatchObject({ dataType, data });
    });

    it('brings bytes to the event and back', async () => {
      const client = await connectClient('nora');
      const answer = nextMessage(client);
      await client.sendEvent('echo', Uint8Array.from([0, 1, 254, 255]).buffer, 'binary');
      const { dataType, data } = await answer;
      expect(dataType).toBe('binary');
      expect([...new Uint8Array(data as ArrayBuffer)]).toEqual([0, 1, 254, 255]);
    });

    it('keeps the state between events, per connection', async () => {
      const [ann, bob] = [await connectClient('ann'), await connectClient('bob')];
      expect(await ask(ann, 'count')).toEqual({ count: 1 });
      expect(await ask(ann, 'count')).toEqual({ count: 2 });
      expect(await ask(bob, 'count')).toEqual({ count: 1 });
      expect(await ask(ann, 'context')).toMatchObject({ room: 'blue' });
    });

    it('acknowledges an event without an answer, and sends nothing', async () => {
      const client = await connectClient('nora');
      const answer = nextMessage(client);
      await expect(client.sendEvent('quiet', 'hi', 'text')).resolves.toMatchObject({ isDuplicated: false });
      await client.sendEvent('echo', 'marker', 'text');
      expect(await answer).toMatchObject({ data: 'marker' });
    });

    it('reports an event that is refused', async () => {
      const client = await connectClient('nora');
      await expect(client.sendEvent('refuse', 'hi', 'text')).rejects.toMatchObject({
        errorDetail: { name: 'InternalServerError' },
      });
      expect(await ask(client, 'count')).toEqual({ count: 1 });
    });

    it('tells of connected and disconnected', async () => {
      await connectClient('olga');
      expect(await heardOf('olga', 'connected')).toEqual({ eventName: 'connected', userId: 'olga' });
      await service.closeUserConnections('olga', { reason: 'tidying up' });
      expect(await heardOf('olga', 'disconnected')).toEqual({
        eventName: 'disconnected',
        userId: 'olga',
        reason: 'tidying up',
      });
    });

    it('keeps the events of each of many connections in order', async () => {
      const many = await Promise.all(Array.from({ length: 10 }, (_, index) => connectClient(`user${index}`)));
      const counts = await Promise.all(
        many.map(async (client) => {
          const answers = messages(client, 20);
          await Promise.all(Array.from({ length: 20 }, () => client.sendEvent('count', '', 'text')));
          return (await answers).map(({ data }) => (data as { count: number }).count);
        }),
      );
      for (const count of counts) expect(count).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    });

    it('takes frames of a plain WebSocket client as events called message', async () => {
      const { socket, frames } = await connectSocket();
      emulator.on('message', ({ context }) => void socket.emit('heard', context.eventName), { hub: INTEROP_HUB });
      const heard = new Promise((resolve) => socket.once('heard', resolve));
      socket.send('hi');
      expect(await heard).toBe('message');
      expect(frames.count).toBe(0);
    });

    async function heardOf(userId: string, eventName: string): Promise<HeardEvent> {
      for (;;) {
        const event = await upstream.heard.next(eventName);
        if (event.userId === userId) return event;
      }
    }

    async function ask(client: WebPubSubClient, eventName: string): Promise<unknown> {
      const answer = nextMessage(client);
      await client.sendEvent(eventName, '', 'text');
      return (await answer).data;
    }
  },
);

type ServerMessage = { dataType: string; data: unknown };

function nextMessage(client: WebPubSubClient): Promise<ServerMessage> {
  return messages(client, 1).then(([message]) => message);
}

function messages(client: WebPubSubClient, count: number): Promise<ServerMessage[]> {
  return new Promise((resolve) => {
    const received: ServerMessage[] = [];
    const onMessage = ({ message }: { message: ServerMessage }): void => {
      if (received.push(message) < count) return;
      client.off('server-message', onMessage);
      resolve(received);
    };
    client.on('server-message', onMessage);
  });
}

class Frames {
  count = 0;

  constructor(socket: WebSocket) {
    socket.on('message', () => this.count++);
  }
}
