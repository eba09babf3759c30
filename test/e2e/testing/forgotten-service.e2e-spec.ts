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
    // Not as if jest ran it, whose timers would hold the process.
    const test = new TestProcess(process.execPath, [script], { JEST_WORKER_ID: undefined });
    try {
      expect(await test.exit()).toBe(0);
      expect(test.output).toContain('received hello');
    } finally {
      await test.interrupt('SIGKILL');
    }
  }, 60_000);

  it('keeps jest from no end', async () => {
    const spec = FORGETFUL_TEST.replace(
      /(const application[^]*)$/,
      `it('fails', async () => {$1throw new Error('in its middle');});`,
    );
    await writeFile(join(source.folder, 'forgetful.spec.js'), spec);
    const options = {
      rootDir: source.folder,
      testEnvironment: 'node',
      transform: {},
      testMatch: ['**/forgetful.spec.js'],
    };
    const jest = [
      join(process.cwd(), 'node_modules/jest/bin/jest.js'),
      '--runInBand',
      '--config',
      JSON.stringify(options),
    ];
    const test = new TestProcess(process.execPath, ['--experimental-vm-modules', ...jest], {
      JEST_WORKER_ID: undefined,
    });
    try {
      expect(await test.exit()).toBe(1);
      expect(test.output).toContain('in its middle');
      expect(test.output).not.toContain('Jest did not exit');
    } finally {
      await test.interrupt('SIGKILL');
    }
  }, 60_000);
});
