// The small applications into which the packed tarball is installed: as `nest new` makes them, with one hub class.
import { readFileSync } from 'node:fs';

export const ACCESS_KEY = 'key-of-the-service';
export const CONNECTION_STRING = `Endpoint=https://demo.webpubsub.azure.com;AccessKey=${ACCESS_KEY};Version=1.0;`;

const COMPILER_OPTIONS = {
  module: 'nodenext',
  moduleResolution: 'nodenext',
  esModuleInterop: true,
  isolatedModules: true,
  declaration: true,
  emitDecoratorMetadata: true,
  experimentalDecorators: true,
  target: 'ES2023',
  outDir: './dist',
  rootDir: './src',
  skipLibCheck: false,
  strict: true,
  types: ['node', 'jest'],
};

const CHAT_HUB = `import {
  Connection,
  ConnectionContext,
  ConnectionStates,
  ConnectRequest,
  ConnectResponse,
  EventData,
  InjectServiceClient,
  OnConnect,
  OnUserEvent,
  ServiceClients,
  States,
  WebPubSubHub,
} from 'nestjs-web-pubsub';
import { WebPubSubServiceClient } from '@azure/web-pubsub';

@WebPubSubHub('Sample_ChatApp')
export class ChatHub {
  constructor(
    @InjectServiceClient('Sample_ChatApp') private readonly service: WebPubSubServiceClient,
    private readonly clients: ServiceClients,
  ) {}

  @OnConnect()
  connect(request: ConnectRequest): ConnectResponse {
    return { userId: request.context.userId, groups: [this.service.hubName] };
  }

  @OnUserEvent('echo')
  echo(@EventData() data: unknown, @Connection() connection: ConnectionContext, @States() states: ConnectionStates) {
    states.set('seen', true);
    return { data, userId: connection.userId, isSameClient: this.clients.for('sample_chatapp') === this.service };
  }
}
`;

const appModule = (extension) => `import { Controller, Get, Module } from '@nestjs/common';
import { WebPubSubModule } from 'nestjs-web-pubsub';
import { ChatHub } from './chat.hub${extension}';

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ['tom'];
  }
}

@Module({
  imports: [WebPubSubModule.forRoot({ connectionString: process.env.WebPubSubConnectionString })],
  controllers: [CatsController],
  providers: [ChatHub],
})
export class AppModule {}
`;

const main = (extension, isFastify) => `import { NestFactory } from '@nestjs/core';
${isFastify ? "import { FastifyAdapter } from '@nestjs/platform-fastify';\n" : ''}import { AppModule } from './app.module${extension}';

async function bootstrap() {
  const app = await NestFactory.create(AppModule, ${isFastify ? 'new FastifyAdapter(), ' : ''}{ logger: ['warn', 'error'] });
  app.setGlobalPrefix('api');
  app.enableCors();
  await app.listen(0, '127.0.0.1');
  console.log('listening on ' + app.getHttpServer().address().port);
}
void bootstrap();
`;

/** What the host's own jest runs. The doors are those that the package has. */
const spec = (extension, doors) => `import { createHmac } from 'node:crypto';
import { Test } from '@nestjs/testing';
import { ChatHub } from './chat.hub${extension}';
${doors.map((door) => `import * as ${door}Door from 'nestjs-web-pubsub/${door}';\n`).join('')}import { getServiceClientToken, WebPubSubModule } from 'nestjs-web-pubsub';

const connectionString = ${JSON.stringify(CONNECTION_STRING)};

describe('ChatHub', () => {
  it('answers a signed event, with its service client replaced', async () => {
    const module = await Test.createTestingModule({
      imports: [WebPubSubModule.forRoot({ connectionString })],
      providers: [ChatHub],
    })
      .overrideProvider(getServiceClientToken('sample_CHATAPP'))
      .useValue({ hubName: 'fake' })
      .compile();
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const signature = createHmac('sha256', ${JSON.stringify(ACCESS_KEY)}).update('c1').digest('hex');
    const answer = await fetch((await app.getUrl()) + '/eventhandler', {
      method: 'POST',
      headers: {
        'WebHook-Request-Origin': 'demo.webpubsub.azure.com',
        'Content-Type': 'application/json',
        'ce-specversion': '1.0',
        'ce-awpsversion': '1.0',
        'ce-type': 'azure.webpubsub.sys.connect',
        'ce-source': '/hubs/Sample_ChatApp/client/c1',
        'ce-id': '0',
        'ce-time': '2026-03-04T05:06:07Z',
        'ce-connectionId': 'c1',
        'ce-hub': 'sample_chatapp',
        'ce-eventName': 'connect',
        'ce-userId': 'ann',
        'ce-signature': 'sha256=' + signature,
        Connection: 'close',
      },
      body: '{"claims":{},"query":{},"headers":{},"subprotocols":[],"clientCertificates":[]}',
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ userId: 'ann', groups: ['fake'] });
    await app.close();
  });
${doors.map((door) => `\n  it('loads the door ${door}', () => {\n    expect(Object.keys(${door}Door).length).toBeGreaterThan(0);\n  });\n`).join('')}});
`;

/** One application that loads both builds of the package: hub class of one, module of the other. It logs as Nest does by default. */
const MIXED = `import 'reflect-metadata';
import { createRequire } from 'node:module';
import { NestFactory } from '@nestjs/core';
import * as esm from 'nestjs-web-pubsub';

const cjs = createRequire(import.meta.url)('nestjs-web-pubsub');
if (cjs.WebPubSubModule === esm.WebPubSubModule) throw new Error('both builds are one');

class MixedHub {
  answer(text) {
    return text;
  }
}
const decorate = (decorators, ...target) => decorators.forEach((decorator) => decorator(...target));
decorate([esm.WebPubSubHub('mixed')], MixedHub);
decorate([esm.OnMessage()], MixedHub.prototype, 'answer', Object.getOwnPropertyDescriptor(MixedHub.prototype, 'answer'));
esm.EventData()(MixedHub.prototype, 'answer', 0);

const definition = cjs.WebPubSubModule.forRoot({ connectionString: process.env.WebPubSubConnectionString });
class MixedModule {}
const app = await NestFactory.create(
  { module: MixedModule, imports: [definition], providers: [MixedHub] },
  { abortOnError: false },
);
await app.init();
const client = app.get(esm.getServiceClientToken('mixed'));
if (client.hubName !== 'mixed') throw new Error('no service client');
await app.listen(0, '127.0.0.1');
console.log('listening on ' + app.getHttpServer().address().port);
`;

/**
 * What the hosts of one version of Nest install together, above their folders.
 *
 * @param {11 | 12} nest
 * @param {string} range of its packages
 * @param {string} tarball
 */
export function installFiles(nest, range, tarball) {
  const packageJson = {
    name: 'hosts',
    private: true,
    dependencies: {
      '@azure/web-pubsub': '^1.2.0',
      '@nestjs/common': range,
      '@nestjs/core': range,
      '@nestjs/platform-express': range,
      '@nestjs/platform-fastify': range,
      'nestjs-web-pubsub': `file:${tarball}`,
      'reflect-metadata': '^0.2.2',
      rxjs: '^7.8.1',
    },
    devDependencies: {
      '@nestjs/testing': range,
      '@types/jest': '^30.0.0',
      '@types/node': '^20.19.0',
      esbuild: '^0.25.0',
      jest: '^30.0.0',
      'ts-jest': '^29.4.0',
      typescript: nest === 11 ? '~5.9.0' : '~6.0.3',
    },
  };
  return { 'package.json': JSON.stringify(packageJson, null, 2) };
}

/**
 * Files of a host, by path.
 *
 * @param {{ nest: 11 | 12, isEsm: boolean, platform: 'express' | 'fastify' }} host
 * @param {string[]} doors
 */
export function hostFiles({ isEsm, platform }, doors) {
  const extension = isEsm ? '.js' : '';
  const packageJson = {
    name: 'host',
    private: true,
    ...(isEsm && { type: 'module' }),
    jest: {
      moduleFileExtensions: ['js', 'json', 'ts'],
      rootDir: 'src',
      testRegex: String.raw`.*\.spec\.ts$`,
      testEnvironment: 'node',
      ...(isEsm
        ? {
            extensionsToTreatAsEsm: ['.ts'],
            moduleNameMapper: { [String.raw`^(\.{1,2}/.*)\.js$`]: '$1' },
            transform: { [String.raw`^.+\.ts$`]: ['ts-jest', { useESM: true }] },
          }
        : { transform: { [String.raw`^.+\.(t|j)s$`]: 'ts-jest' } }),
    },
  };
  return {
    'package.json': JSON.stringify(packageJson, null, 2),
    'tsconfig.json': JSON.stringify({ compilerOptions: COMPILER_OPTIONS }, null, 2),
    'tsconfig.build.json': JSON.stringify({
      extends: './tsconfig.json',
      include: ['src'],
      exclude: ['src/**/*.spec.ts'],
    }),
    'src/chat.hub.ts': CHAT_HUB,
    'src/app.module.ts': appModule(extension),
    'src/main.ts': main(extension, platform === 'fastify'),
    'src/chat.hub.spec.ts': spec(extension, doors),
    // Only compiled, with the declarations of the package: nothing may be missing that a host has not installed.
    'src/doors.ts': "export { WebPubSubEmulator } from 'nestjs-web-pubsub/emulator';\n",
    'mixed.mjs': MIXED,
    'guarded.mjs': readFileSync(new URL('guarded.mjs', import.meta.url), 'utf8'),
  };
}

/** What NestJS and its platforms load only when it is there, and say so to no bundler. None is a package of ours. */
export const NOT_BUNDLED = [
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  '@nestjs/microservices',
  '@nestjs/websockets',
  'class-transformer',
  'class-validator',
];

/** What the scaffold of each version puts before jest: the flag where ES modules are loaded, which those of Nest 12 are. */
export const jestFlags = ({ nest, isEsm }) => (nest === 11 && !isEsm ? [] : ['--experimental-vm-modules']);
