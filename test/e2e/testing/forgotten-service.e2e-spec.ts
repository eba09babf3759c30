import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestProcess } from '../../support/child-process.js';
import { transpileSource, type TranspiledSource } from '../../support/transpiled-source.js';

/** What a test does that fails in its middle: the service, its client and the application stay open. */
const FORGETFUL_TEST = `
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { WebPubSubHub, WebPubSubModule } from './index.js';
import { startTestService } from './testing/index.js';

class ChatHub {}
WebPubSubHub('chat')(ChatHub);
class ChatModule {}
const connectionString = 'Endpoint=http://localhost;AccessKey=any-key-of-at-least-thirty-two-bytes;Version=1.0;';
const imports = [WebPubSubModule.forRoot({ connectionString })];
const application = await NestFactory.create({ module: ChatModule, imports, providers: [ChatHub] }, { logger: false });
const service = await startTestService(application);
const ann = await service.client('chat', { userId: 'ann' });
await ann.client.joinGroup('lobby');
await ann.client.sendToGroup('lobby', 'hello', 'text');
console.log('received', (await ann.next()).data);
`;

describe('a test service that nobody closes', () => {
  let source: TranspiledSource;

  beforeAll(async () => {
    source = await transpileSource();
  }, 60_000);

  afterAll(() => source.remove());

  it('serves to the end, and then lets the process end by itself', async () => {
    const script = join(source.folder, 'forgetful.js');
    await writeFile(script, FORGETFUL_TEST);
    const test = new TestProcess(process.execPath, [script]);
    try {
      expect(await test.exit()).toBe(0);
      expect(test.output).toContain('received hello');
    } finally {
      await test.interrupt('SIGKILL');
    }
  }, 60_000);
});
