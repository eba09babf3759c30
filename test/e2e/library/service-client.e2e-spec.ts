import 'reflect-metadata';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type INestApplicationContext,
  type Type,
} from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { WebPubSubHub } from '../../../src/library/decorators/web-pubsub-hub.decorator.js';
import {
  getServiceClientToken,
  InjectServiceClient,
} from '../../../src/library/service-client/service-client.tokens.js';
import { ServiceClients } from '../../../src/library/service-client/service-clients.js';
import { WebPubSubModule } from '../../../src/library/web-pubsub.module.js';
import type { WebPubSubModuleOptions } from '../../../src/library/web-pubsub-options.interface.js';

const KEY = 'a-key-of-more-than-thirty-two-characters';
const REMOTE = `Endpoint=https://demo.webpubsub.azure.com;AccessKey=${KEY};Version=1.0;`;

const WAYS: [string, (options: WebPubSubModuleOptions) => DynamicModule][] = [
  ['forRoot', (options) => WebPubSubModule.forRoot(options)],
  ['forRootAsync', (options) => WebPubSubModule.forRootAsync({ useFactory: async () => options })],
];

let application: INestApplicationContext | undefined;

afterEach(async () => {
  await application?.close();
  application = undefined;
});

async function start(imports: (DynamicModule | Type)[], providers: Type[] = []): Promise<INestApplicationContext> {
  @Module({ imports, providers })
  class RootModule {}
  application = await NestFactory.createApplicationContext(RootModule, { logger: false, abortOnError: false });
  return application;
}

describe.each(WAYS)('service clients of %s', (_, configure) => {
  it('are injected by the name of the hub, whatever its case', async () => {
    @Injectable()
    class Sender {
      constructor(
        @InjectServiceClient('Sample_ChatApp') readonly service: WebPubSubServiceClient,
        @InjectServiceClient('sample_chatapp') readonly same: WebPubSubServiceClient,
        @Inject(ServiceClients) readonly clients: ServiceClients,
      ) {}
    }
    const { service, same, clients } = (await start([configure({ connectionString: REMOTE })], [Sender])).get(Sender);
    expect(service).toBeInstanceOf(WebPubSubServiceClient);
    expect(service.endpoint).toBe('https://demo.webpubsub.azure.com');
    expect(same).toBe(service);
    expect(clients.for('SAMPLE_CHATAPP')).toBe(service);
  });

  it('show no access key to whoever logs what makes them', async () => {
    const app = await start([configure({ connectionString: REMOTE })]);
    const clients = app.get(ServiceClients);
    clients.for('chat');
    const holder = { clients };
    for (const text of [inspect(holder, { depth: 20 }), JSON.stringify(holder)]) expect(text).not.toContain(KEY);
  });

  it('are injected into classes that are defined after the module was configured', async () => {
    const configured = configure({ connectionString: REMOTE });
    @Injectable()
    class LateSender {
      constructor(@InjectServiceClient('defined_late') readonly service: WebPubSubServiceClient) {}
    }
    expect((await start([configured], [LateSender])).get(LateSender).service.hubName).toBe('defined_late');
  });

  it('are injected into classes that are defined while modules are scanned', async () => {
    const hub = `scanned${_}`;
    const late = new Promise<Type>((resolve) => {
      setImmediate(() => {
        @Injectable()
        class LateSender {
          constructor(@InjectServiceClient(hub) readonly client: WebPubSubServiceClient) {}
        }
        @Module({ providers: [LateSender], exports: [LateSender] })
        class LateModule {}
        Reflect.defineMetadata('sender', LateSender, LateModule);
        resolve(LateModule);
      });
    });
    const context = await start([configure({ connectionString: REMOTE }), late as unknown as Type]);
    const sender = context.get<{ client: WebPubSubServiceClient }>(Reflect.getMetadata('sender', await late) as Type, {
      strict: false,
    });
    expect(sender.client.hubName).toBe(hub);
  });

  it('are injected into properties', async () => {
    @Injectable()
    class Sender {
      @InjectServiceClient('by_property') readonly service!: WebPubSubServiceClient;
    }
    const sender = (await start([configure({ connectionString: REMOTE })], [Sender])).get(Sender);
    expect(sender.service.hubName).toBe('by_property');
  });

  it('are there for hub classes and for the option hubs', async () => {
    @WebPubSubHub('of_a_hub_class')
    class SomeHub {}
    const app = await start([configure({ connectionString: REMOTE, hubs: ['of_the_option'] })], [SomeHub]);
    const hubs = ['of_a_hub_class', 'of_the_option'];
    expect(hubs.map((hub) => app.get<WebPubSubServiceClient>(getServiceClientToken(hub)).hubName)).toEqual(hubs);
  });

  it('are injected into modules that are loaded lazily', async () => {
    const app = await start([configure({ connectionString: REMOTE })]);
    @Injectable()
    class LazySender {
      constructor(@InjectServiceClient('loaded_lazily') readonly service: WebPubSubServiceClient) {}
    }
    @Module({ providers: [LazySender] })
    class LazyModule {}
    const module = await app.get(LazyModuleLoader).load(() => LazyModule);
    expect(module.get(LazySender).service.hubName).toBe('loaded_lazily');
    expect(module.get(LazySender).service).toBe(app.get(ServiceClients).for('loaded_lazily'));
  });

  it.each<[string, WebPubSubModuleOptions, string]>([
    ['http:// endpoint elsewhere', { connectionString: 'Endpoint=http://demo.example;AccessKey=k' }, 'not encrypted'],
    ['connection string without key', { connectionString: 'Endpoint=https://demo.example' }, 'no AccessKey'],
    ['hub name that is none', { connectionString: REMOTE, hubs: ['a b'] }, '"a b" is no hub name'],
  ])('stop the start with the cure for a(n) %s', async (_name, options, message) => {
    await expect(start([configure(options)])).rejects.toThrow(message);
  });

  it('say what is missing when they are used without a service', async () => {
    @Injectable()
    class Sender {
      constructor(@InjectServiceClient('no_service') readonly service: WebPubSubServiceClient) {}
    }
    const app = await start([configure({ upstreamAuth: { signature: 'off' } })], [Sender]);
    expect(() => app.get(Sender).service.sendToAll('hello')).toThrow('There is no service to call');
  });

  it('can be replaced in a test', async () => {
    @Injectable()
    class Sender {
      constructor(@InjectServiceClient('replaced') readonly service: WebPubSubServiceClient) {}
    }
    const fake = { hubName: 'fake' };
    const module = await Test.createTestingModule({
      imports: [configure({ connectionString: REMOTE })],
      providers: [Sender],
    })
      .overrideProvider(getServiceClientToken('REPLACED'))
      .useValue(fake)
      .compile();
    expect(module.get(Sender).service).toBe(fake);
    await module.close();
  });
});

describe('service clients of a module that is not global', () => {
  @Injectable()
  class LocalSender {
    constructor(@InjectServiceClient('local') readonly service: WebPubSubServiceClient) {}
  }
  const configured = WebPubSubModule.forRoot({ connectionString: REMOTE, isGlobal: false });

  it('are injected where it is imported', async () => {
    @Module({ imports: [configured], providers: [LocalSender], exports: [LocalSender] })
    class ImportingModule {}
    expect((await start([ImportingModule])).get(LocalSender, { strict: false }).service.hubName).toBe('local');
  });

  it('are not injected elsewhere', async () => {
    @Module({ providers: [LocalSender] })
    class OtherModule {}
    await expect(start([configured, OtherModule])).rejects.toThrow('WebPubSubServiceClient(local)');
  });
});

describe('service clients of a local service over http://', () => {
  let server: Server;
  let status: number;
  let requests: { url?: string; headers: IncomingMessage['headers'] }[];

  beforeAll(async () => {
    server = createServer(({ url, headers }, response) => {
      requests.push({ ...(url && { url }), headers });
      response.writeHead(status, { connection: 'close' }).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });

  beforeEach(() => {
    status = 202;
    requests = [];
  });

  afterAll(() => new Promise((done) => server.close(done)));

  const connectionString = () =>
    `Endpoint=http://localhost;Port=${(server.address() as AddressInfo).port};AccessKey=${KEY};Version=1.0;`;

  it('call it', async () => {
    const app = await start([WebPubSubModule.forRoot({ connectionString: connectionString() })]);
    await app.get(ServiceClients).for('chat').sendToAll({ hello: 'world' });
    expect(requests[0]?.url).toMatch(/^\/api\/hubs\/chat\/:send\?api-version=/);
    expect(requests[0]?.headers.authorization).toMatch(/^Bearer /);
  });

  it('take serviceClientOptions', async () => {
    status = 503;
    const serviceClientOptions = { retryOptions: { maxRetries: 0 }, userAgentOptions: { userAgentPrefix: 'mine' } };
    const app = await start([WebPubSubModule.forRoot({ connectionString: connectionString(), serviceClientOptions })]);
    await expect(app.get(ServiceClients).for('chat').sendToAll('hello')).rejects.toMatchObject({ statusCode: 503 });
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers['user-agent']).toMatch(/^mine /);
  });

  it('negotiate', async () => {
    const app = await start([WebPubSubModule.forRoot({ connectionString: connectionString() })]);
    const { url } = await app.get(ServiceClients).clientAccess('chat', { userId: 'ann', clientProtocol: 'mqtt' });
    expect(url).toMatch(/^ws:\/\/localhost:\d+\/clients\/mqtt\/hubs\/chat\?access_token=/);
    expect(requests).toHaveLength(0);
  });
});
