import 'reflect-metadata';
import {
  type DynamicModule,
  ForbiddenException,
  Inject,
  Injectable,
  type INestApplication,
  Module,
  type Type,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { WebPubSubServiceClient } from '@azure/web-pubsub';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import WebSocket from 'ws';
import {
  Connection,
  type ConnectRequest,
  EventData,
  getServiceClientToken,
  InjectServiceClient,
  OnConnect,
  OnConnected,
  OnDisconnected,
  OnMessage,
  OnUserEvent,
  ServiceClients,
  WebPubSubHub,
  WebPubSubModule,
} from '../../../src/index.js';
import {
  createFakeServiceClient,
  type FakeServiceClient,
  provideFakeServiceClient,
  startTestService,
  type TestService,
} from '../../../src/testing/index.js';

const KEY = 'test-service-key-0123456789abcdef0123456789';
const SECOND_KEY = 'test-service-key-9876543210fedcba9876543210';

@Injectable()
class Presence {
  readonly lines: string[] = [];
}

@WebPubSubHub('Chat')
class ChatHub {
  constructor(
    @InjectServiceClient('Chat') private readonly service: WebPubSubServiceClient,
    @Inject(Presence) private readonly presence: Presence,
  ) {}

  @OnConnect()
  connect({ context }: ConnectRequest) {
    if (context.userId === 'mallory') throw new ForbiddenException('no entry');
    return { groups: ['lobby'] };
  }

  @OnConnected()
  connected(@Connection('userId') userId: string) {
    this.presence.lines.push(`+${userId}`);
  }

  @OnDisconnected()
  disconnected(@Connection('userId') userId: string) {
    this.presence.lines.push(`-${userId}`);
  }

  @OnMessage()
  async message(@EventData() message: string, @Connection('userId') from: string) {
    await this.service.sendToAll({ from, message });
  }

  @OnUserEvent('broken')
  broken() {
    throw new Error('boom');
  }

  @OnUserEvent('later')
  later(@EventData() message: string) {
    void this.service.group('lobby').sendToAll(message, { contentType: 'text/plain' });
  }
}

@Module({
  imports: [
    WebPubSubModule.forRoot({
      connectionString: ['https://demo.webpubsub.azure.com', 'https://replica.webpubsub.azure.com'].map(
        (endpoint, index) => `Endpoint=${endpoint};AccessKey=${[KEY, SECOND_KEY][index]};Version=1.0;`,
      ),
    }),
  ],
  providers: [ChatHub, Presence],
})
class ChatModule {}

async function createApplication(root: Type | DynamicModule): Promise<INestApplication> {
  return (await Test.createTestingModule({ imports: [root] }).compile()).createNestApplication();
}

describe('startTestService', () => {
  let application: INestApplication;
  let service: TestService;

  const start = async () => {
    application = await createApplication(ChatModule);
    service = await startTestService(application);
  };
  const presence = () => application.get(Presence, { strict: false }).lines;

  afterEach(async () => {
    await service.close();
    await application.close();
  });

  it('carries messages from client to hub class to clients, though the options name a service in the cloud', async () => {
    await start();
    const ann = await service.client('Chat', { userId: 'ann' });
    const bob = await service.client('Chat', { userId: 'bob' });
    await ann.client.sendEvent('message', 'hello', 'text');
    const message = { kind: 'serverData', dataType: 'json', data: { from: 'ann', message: 'hello' } };
    expect(await ann.next()).toMatchObject(message);
    expect(await bob.next()).toMatchObject(message);
  });

  it('is idle when events, and what handlers did not wait for, have arrived', async () => {
    await start();
    const ann = await service.client('Chat', { userId: 'ann' });
    const bob = await service.client('Chat', { userId: 'bob', subprotocol: 'reliable' });
    for (let index = 0; index < 20; index++) {
      void ann.client.sendEvent('later', `message ${index}`, 'text', { fireAndForget: true });
    }
    await service.idle();
    expect(bob.received.map(({ data }) => data)).toHaveLength(20);
    expect(ann.received).toHaveLength(20);
    expect(presence()).toEqual(['+ann', '+bob']);
  });

  it('raises disconnected when a client stops, before it is closed', async () => {
    await start();
    const ann = await service.client('Chat', { userId: 'ann', subprotocol: 'reliable' });
    await service.idle();
    ann.stop();
    await service.close();
    expect(presence()).toEqual(['+ann', '-ann']);
  });

  it('refuses whom the connect handler refuses', async () => {
    await start();
    const socket = new WebSocket(service.clientUrl('Chat', { userId: 'mallory' }));
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    });
    expect(status).toBe(403);
    await expect(service.client('Chat', { userId: 'mallory' })).rejects.toThrow('403');
  });

  it('points service clients that are asked for later at the test service', async () => {
    await start();
    const ann = await service.client('Chat', { userId: 'ann' });
    const clients = application.get(ServiceClients, { strict: false });
    await clients.for('Chat').sendToUser('ann', 'direct', { contentType: 'text/plain' });
    expect(await ann.next()).toMatchObject({ data: 'direct' });
    const { url } = await clients.clientAccess('Other', { userId: 'carol' });
    expect(url).toContain(service.emulator.endpoint.replace('http', 'ws'));
  });

  it('serves an application whose options name no service', async () => {
    const options = { upstreamAuth: { signature: 'off' } } as const;
    application = await createApplication({
      module: class NoServiceModule {},
      imports: [WebPubSubModule.forRoot({ connectionString: undefined, ...options })],
      providers: [ChatHub, Presence],
    });
    service = await startTestService(application);
    const ann = await service.client('Chat', { userId: 'ann' });
    await ann.client.sendEvent('message', 'hello', 'text');
    expect(await ann.next()).toMatchObject({ data: { from: 'ann', message: 'hello' } });
  });

  it('says that nothing arrived', async () => {
    await start();
    const ann = await service.client('Chat', { userId: 'ann' });
    await expect(ann.next({ timeoutMs: 1 })).rejects.toThrow('The client ann received no message within 1 ms');
  });

  it('says at once that nothing more can arrive, and why', async () => {
    await start();
    const ann = await service.client('Chat', { userId: 'ann' });
    const waiting = ann.next();
    const chat = application.get(ServiceClients, { strict: false }).for('Chat');
    await Promise.all([
      expect(waiting).rejects.toThrow(/^The client ann receives no more messages: .*kicked out/),
      chat.closeConnection(ann.connectionId, { reason: 'kicked out' }),
    ]);
    await expect(ann.next()).rejects.toThrow('kicked out');
  });

  it('repeats an event that failed at once, as often as the service', async () => {
    await start();
    application.useLogger(false);
    const ann = await service.client('Chat', { userId: 'ann' });
    await expect(ann.client.sendEvent('broken', '', 'text')).rejects.toThrow('Failed to send message');
    const attempts = service.emulator.traffic
      .entries()
      .filter((entry) => entry.door === 'upstream' && entry.eventName === 'broken');
    expect(attempts).toHaveLength(4);
    // The service would take 9 seconds; this is what jest gives a test by default.
  }, 5_000);

  it('lays settings of hubs over its own, whatever the case of their names', async () => {
    application = await createApplication(ChatModule);
    service = await startTestService(application, { hubs: { chat: { anonymousConnectPolicy: 'deny' } } });
    const anonymous = new URL(service.clientUrl('Chat'));
    anonymous.searchParams.delete('access_token');
    const refused = new WebSocket(anonymous);
    const status = await new Promise((resolve) => {
      refused.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    });
    expect(status).toBe(401);
    const ann = await service.client('Chat', { userId: 'ann' });
    await ann.client.sendEvent('message', 'hello', 'text');
    expect(await ann.next()).toMatchObject({ data: { message: 'hello' } });
  });

  it('works while timers are fake, but those that are no timers', async () => {
    await start();
    application.useLogger(false);
    const ann = await service.client('Chat', { userId: 'ann' });
    await service.idle();
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask'] });
    try {
      await ann.client.sendEvent('message', 'hello', 'text');
      await service.idle();
      expect(await ann.next()).toMatchObject({ data: { message: 'hello' } });
      await expect(ann.client.sendEvent('broken', '', 'text')).rejects.toThrow('Failed to send message');
      await expect(ann.next({ timeoutMs: 1 })).rejects.toThrow('no message');
    } finally {
      jest.useRealTimers();
    }
  });

  it('is closed with its application', async () => {
    await start();
    const ann = await service.client('Chat', { userId: 'ann' });
    await application.close();
    await expect(ann.next()).rejects.toThrow('receives no more messages');
    await expect(fetch(`${service.emulator.endpoint}/api/health`)).rejects.toThrow('fetch failed');
  });

  it('gives the fault switches of its emulator', async () => {
    await start();
    const bob = await service.client('Chat', { userId: 'bob', subprotocol: 'reliable' });
    service.faults.set({ kind: 'dropSocket', hub: 'Chat', connectionId: bob.connectionId });
    await application
      .get(ServiceClients, { strict: false })
      .for('Chat')
      .sendToUser('bob', 'while away', { contentType: 'text/plain' });
    expect(await bob.next()).toMatchObject({ data: 'while away' });
  });
});

describe('fake service client', () => {
  it('stands in for the service client of a hub class and records its calls', async () => {
    const moduleRef = await Test.createTestingModule({
      providers: [ChatHub, Presence, provideFakeServiceClient('Chat')],
    }).compile();
    const fake = moduleRef.get<FakeServiceClient>(getServiceClientToken('Chat'));
    const hub = moduleRef.get(ChatHub);
    await hub.message('hello', 'ann');
    hub.later('again');
    expect(fake.argsOf('sendToAll')).toEqual([[{ from: 'ann', message: 'hello' }]]);
    expect(fake.argsOf('sendToAll', 'lobby')).toEqual([['again', { contentType: 'text/plain' }]]);
  });

  it('answers as an empty hub unless it is told otherwise', async () => {
    const fake = createFakeServiceClient('Chat');
    expect(await fake.userExists('ann')).toBe(false);
    fake.answer('userExists', true);
    expect(await fake.userExists('ann')).toBe(true);
    fake.fail('sendToAll', new Error('throttled'));
    await expect(fake.sendToAll('x')).rejects.toThrow('throttled');
    const members = [];
    for await (const member of await fake.group('lobby').listConnections()) members.push(member);
    for await (const page of (await fake.group('lobby').listConnections()).byPage({ maxPageSize: 2 }))
      members.push(page);
    expect(members).toEqual([]);
    expect((await fake.getClientAccessToken({ userId: 'ann' })).url).toMatch(
      /^ws:.*\/client\/hubs\/Chat\?access_token=/,
    );
    fake.reset();
    expect(fake.calls).toEqual([]);
  });

  it('can be spied on, and put back', async () => {
    const fake = createFakeServiceClient('Chat');
    const spy = jest.spyOn(fake, 'sendToAll').mockResolvedValue();
    await fake.sendToAll('spied');
    expect([spy.mock.calls, fake.calls]).toEqual([[['spied']], []]);
    spy.mockRestore();
    await fake.sendToAll('again');
    expect(fake.argsOf('sendToAll')).toEqual([['again']]);
  });
});
