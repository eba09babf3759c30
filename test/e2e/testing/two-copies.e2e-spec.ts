import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestProcess } from '../../support/child-process.js';
import { transpileSource, type TranspiledSource } from '../../support/transpiled-source.js';

/** The application: of the CommonJS copy of the package. */
const APPLICATION = `
require('reflect-metadata');
const { NestFactory } = require('@nestjs/core');
const { InjectServiceClient, OnUserEvent, ServiceClients, WebPubSubHub, WebPubSubHubs, WebPubSubModule } = require('./index.js');

class ChatHub {
  constructor(service) { this.service = service; }
  async order({ data }) { await this.service.sendToAll('ordered ' + data, { contentType: 'text/plain' }); return 'thanks'; }
}
OnUserEvent('order')(ChatHub.prototype, 'order', Object.getOwnPropertyDescriptor(ChatHub.prototype, 'order'));
InjectServiceClient('chat')(ChatHub, undefined, 0);
WebPubSubHub('chat')(ChatHub);

class ChatModule {}
const connectionString = 'Endpoint=http://localhost;AccessKey=any-key-of-at-least-thirty-two-bytes;Version=1.0;';
const providers = [ChatHub];
const imports = [WebPubSubModule.forRoot({ connectionString })];
exports.create = () => NestFactory.create({ module: ChatModule, imports, providers }, { logger: ['error'] });
Object.assign(exports, { ServiceClients, WebPubSubHubs });
`;

/** The test, with the kit of the copy made of ES modules. */
const TEST = (application: string): string => `
import chat from ${JSON.stringify(application)};
import { WebPubSubHubs } from './index.js';
import { startTestService, UpstreamSimulator } from './testing/index.js';

const application = await chat.create();
const service = await startTestService(application);
if (WebPubSubHubs !== chat.WebPubSubHubs) console.log('other classes');
const ann = await service.client('chat', { userId: 'ann' });
await ann.client.sendEvent('order', 'tea', 'text');
console.log('received', (await ann.next()).data, 'and', (await ann.next()).data);
await application.get(chat.ServiceClients, { strict: false }).for('late').sendToAll('hello');
const simulated = await UpstreamSimulator.for(application, { hub: 'chat' }).connect({ userId: 'bob' });
console.log('simulated', (await simulated.event('order', 'cake')).data);
await application.close();
await startTestService(application).catch((error) => console.log(error.message));
`;

describe('a test kit of another copy of the package than the application', () => {
  let kit: TranspiledSource;
  let library: TranspiledSource;

  beforeAll(async () => {
    [kit, library] = await Promise.all([transpileSource('esm'), transpileSource('commonjs')]);
  }, 60_000);

  afterAll(() => Promise.all([kit, library].map((source) => source.remove())));

  it('serves it all the same', async () => {
    const application = join(library.folder, 'application.js');
    await writeFile(application, APPLICATION);
    const test = join(kit.folder, 'test.js');
    await writeFile(test, TEST(application));
    const run = new TestProcess(process.execPath, [test], { JEST_WORKER_ID: undefined });
    try {
      const exit = await run.exit();
      expect({ exit, output: run.output.trim().split('\n') }).toEqual({
        exit: 0,
        output: [
          'other classes',
          'received ordered tea and thanks',
          'simulated thanks',
          'The application has been closed.',
        ],
      });
    } finally {
      await run.interrupt('SIGKILL');
    }
  }, 60_000);
});
