import 'reflect-metadata';
import { Server } from 'node:net';
import { type INestApplication, Module, type OnModuleDestroy } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { WebPubSubServiceClient } from '@azure/web-pubsub';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  getServiceClientToken,
  InjectServiceClient,
  OnDisconnected,
  OnUserEvent,
  WebPubSubHub,
  WebPubSubModule,
} from '../../../src/index.js';
import {
  createFakeServiceClient,
  startTestService,
  type TestService,
  UpstreamSimulator,
} from '../../../src/testing/index.js';

const connectionString = 'Endpoint=http://localhost;AccessKey=any-key-of-at-least-thirty-two-bytes;Version=1.0;';

@WebPubSubHub('rooms')
class RoomHub implements OnModuleDestroy {
  /** What came of its calls while it ended. */
  farewell: unknown;
  left = 0;
  onNever!: () => void;
  readonly neverBegan = new Promise<void>((resolve) => (this.onNever = resolve));

  constructor(@InjectServiceClient('rooms') private readonly service: WebPubSubServiceClient) {}

  @OnUserEvent('never')
  never() {
    this.onNever();
    return new Promise(() => {});
  }

  @OnDisconnected()
  disconnected() {
    this.left++;
  }

  async onModuleDestroy() {
    this.farewell = await this.service.closeAllConnections({ reason: 'closing time' }).then(
      () => 'said',
      (error: unknown) => (error as Error).message,
    );
  }
}

@Module({ imports: [WebPubSubModule.forRoot({ connectionString })], providers: [RoomHub] })
class RoomModule {}

const compile = () => Test.createTestingModule({ imports: [RoomModule] }).compile();

/** As a test file that is handed an application, whoever made it. */
const serve = (application: INestApplication): Promise<TestService> => startTestService(application);

describe.each<[string, () => Promise<INestApplication>]>([
  ['Test', async () => (await compile()).createNestApplication()],
  ['NestFactory', () => NestFactory.create(RoomModule, { logger: false })],
])('the end of an application made by %s', (_maker, create) => {
  it('ends its service, which is there until then', async () => {
    const application = await create();
    const service = await serve(application);
    const ann = await service.client('rooms', { userId: 'ann' });
    const hub = application.get(RoomHub);
    await application.close();
    expect(hub.farewell).toBe('said');
    await expect(ann.next()).rejects.toThrow('closing time');
    await expect(service.client('rooms')).rejects.toThrow('The test service has been closed.');
    await service.close();
  });

  it('fails at once when it needs a service that was closed before, and says what to do', async () => {
    const application = await create();
    const service = await serve(application);
    await service.close();
    const hub = application.get(RoomHub);
    await application.close();
    expect(hub.farewell).toBe(
      'The test service has been closed: close the application first if it calls the service while it ends.',
    );
  });

  // The application alone would wait for 10 seconds, jest waits for 5.
  it('comes before a test runner gives up, though a handler never ends', async () => {
    const application = await create();
    const service = await serve(application);
    const ann = await service.client('rooms', { userId: 'ann' });
    application.useLogger(false);
    const sending = ann.client.sendEvent('never', '', 'text').catch(() => 'failed');
    await application.get(RoomHub).neverBegan;
    await application.close();
    expect(await sending).toBe('failed');
  }, 9_000);

  it('finds the events of clients handled that were stopped before', async () => {
    const application = await create();
    const service = await serve(application);
    const clients = await Promise.all(
      Array.from({ length: 10 }, (_value, index) =>
        service.client('rooms', { subprotocol: index % 2 === 0 ? 'json' : 'reliable' }),
      ),
    );
    for (const client of clients) client.stop();
    await service.idle();
    expect(application.get(RoomHub).left).toBe(10);
    await application.close();
  });
});

describe('an application with a simulator', () => {
  it('closes before a test runner gives up, though a handler never ends', async () => {
    const moduleRef = await Test.createTestingModule({ imports: [RoomModule] })
      .overrideProvider(getServiceClientToken('rooms'))
      .useValue(createFakeServiceClient('rooms'))
      .compile();
    const application = moduleRef.createNestApplication();
    const simulator = UpstreamSimulator.for(application, { hub: 'rooms' });
    const ann = await simulator.connect({ userId: 'ann' });
    application.useLogger(false);
    const reply = ann.event('never');
    await application.get(RoomHub).neverBegan;
    await application.close();
    expect(await reply).toMatchObject({ status: 503 });
    await simulator.close();
  }, 9_000);
});

describe('a test service that has been closed', () => {
  let application: INestApplication;
  afterEach(() => application.close());

  it('says so to who wants a client of it', async () => {
    application = (await compile()).createNestApplication();
    const service = await serve(application);
    await service.close();
    expect(() => service.clientUrl('rooms')).toThrow('The test service has been closed.');
    await expect(service.client('rooms')).rejects.toThrow('The test service has been closed.');
  });

  it('leaves nothing at the application, nor do several in turn', async () => {
    application = (await compile()).createNestApplication();
    const [first, second] = [await serve(application), await serve(application)];
    await second.close();
    expect(Object.hasOwn(application, 'close')).toBe(true);
    await first.close();
    expect(Object.hasOwn(application, 'close')).toBe(false);
  });

  it('has a successor for the same application', async () => {
    application = (await compile()).createNestApplication();
    await (await serve(application)).close();
    const service = await serve(application);
    await service.client('rooms', { userId: 'ann' });
    const hub = application.get(RoomHub);
    await application.close();
    expect(hub.farewell).toBe('said');
  });
});

it('an application that has closed is served no more', async () => {
  const imports = [WebPubSubModule.forRoot({ connectionString })];
  const closed = (await Test.createTestingModule({ imports }).compile()).createNestApplication();
  await closed.init();
  await closed.close();
  await expect(serve(closed)).rejects.toThrow('The application has been closed.');
});

it('a service that cannot start leaves no server open, and the application can have another', async () => {
  const imports = [WebPubSubModule.forRoot({ connectionString })];
  const application = (await Test.createTestingModule({ imports }).compile()).createNestApplication();
  const listening = jest.spyOn(Server.prototype, 'listen');
  const hubs = { chat: { eventHandlers: [{ urlTemplate: 'nonsense' }] } };
  await expect(startTestService(application, { hubs })).rejects.toThrow(/urlTemplate/);
  const servers = listening.mock.contexts as Server[];
  listening.mockRestore();
  expect(servers.map((server) => server.listening)).toEqual(servers.map(() => false));
  expect(servers).not.toEqual([]);
  const service = await startTestService(application);
  await service.close();
  await application.close();
});

describe('what is no application', () => {
  it.each<[string, () => unknown, string]>([
    ['nothing', () => undefined, 'There is no application, but undefined: give what createNestApplication()'],
    ['a module', () => new RoomModule(), 'There is no application, but an instance of RoomModule'],
    ['a promise of one', () => Promise.resolve(), 'await it first'],
  ])('%s, is told from one by its name', async (_what, give, words) => {
    const given = give() as INestApplication;
    await expect(startTestService(given)).rejects.toThrow(TypeError);
    await expect(startTestService(given)).rejects.toThrow(words);
    expect(() => UpstreamSimulator.for(given, { hub: 'rooms' })).toThrow(TypeError);
    expect(() => UpstreamSimulator.for(given, { hub: 'rooms' })).toThrow(words);
  });

  it('a TestingModule, comes with the way to make one', async () => {
    const moduleRef = await compile();
    const given = moduleRef as unknown as INestApplication;
    await expect(startTestService(given)).rejects.toThrow('make one with its createNestApplication()');
    expect(() => UpstreamSimulator.for(given, { hub: 'rooms' })).toThrow('make one with its createNestApplication()');
  });

  it('is no better than a simulator of no hub', () => {
    const create = (target: string, options?: object) => UpstreamSimulator.for(target, options as { hub: string });
    expect(() => create('http://127.0.0.1:9')).toThrow('Say whose events are sent');
    expect(() => create('http://127.0.0.1:9', {})).toThrow(TypeError);
  });
});
