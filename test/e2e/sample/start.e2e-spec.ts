import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { ChatClient } from '../../support/chat-client.js';
import { TestProcess } from '../../support/child-process.js';
import { negotiate } from '../../support/start-sample.js';
import { transpileSource, type TranspiledSource } from '../../support/transpiled-source.js';

describe('npm start', () => {
  let folder: string;
  let started: TestProcess | undefined;

  beforeAll(async () => {
    await mkdir('.tmp', { recursive: true });
    folder = await mkdtemp(join('.tmp', 'start-'));
    // As the build's, with another place for the output, so that nothing else that uses `dist` is disturbed.
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: '../../tsconfig.build.json',
        compilerOptions: { rootDir: '../../src', outDir: './out' },
        include: ['../../src'],
      }),
    );
  });

  afterAll(async () => {
    await started?.interrupt();
    await rm(folder, { recursive: true, force: true });
  });

  it('brings up page, upstream and emulator with nothing built before, and says where they are', async () => {
    started = new TestProcess('npm', ['start', '--', '--path', join(folder, 'tsconfig.json')], {
      PORT: '0',
      WEB_PUBSUB_EMULATOR_PORT: '0',
      WebPubSubConnectionString: '',
    });
    const [, url = ''] = await started.prints(/Chat: open (http:\S+)/);
    expect(started.output).toMatch(/Service: the emulator in this process, Endpoint=http:\/\/localhost:\d+;/);
    expect(started.output).toMatch(/Inspector: http:\/\/localhost:\d+\/inspector/);
    expect(started.output).toContain(`Upstream: ${url}/eventhandler, hub Sample_ChatApp`);
    await request(url)
      .get('/')
      .expect(200, /<title>Chat/);

    const ann = await ChatClient.connect(await negotiate({ url }, 'ann'));
    await ann.until('ann joined.');
    await started.prints(/\[CONNECT\] ann/);
    await started.prints(/\[SYSTEM\] ann joined\./);
    ann.send('a secret');
    await ann.until('a secret');

    await started.interrupt();
    await ann.closed();
    expect(started.output).not.toMatch(/a secret|error/i);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  }, 180_000);
});

describe('the sample as a process', () => {
  let source: TranspiledSource;
  let running: TestProcess | undefined;

  beforeAll(async () => {
    source = await transpileSource();
  }, 60_000);

  afterEach(async () => {
    await running?.interrupt();
  });

  afterAll(async () => {
    await source.remove();
  });

  const run = (environment: NodeJS.ProcessEnv): TestProcess => {
    running = new TestProcess(process.execPath, [join(source.folder, 'sample', 'main.js')], {
      PORT: '0',
      WEB_PUBSUB_EMULATOR_PORT: '0',
      WebPubSubConnectionString: '',
      ...environment,
    });
    return running;
  };

  it('logs nothing at its start but where everything is', async () => {
    const sample = run({});
    await sample.prints(/Chat: open/);
    const lines = sample.output.trim().split('\n');
    expect(lines.map((line) => /\[Chat\] (\w+):/.exec(line)?.[1])).toEqual([
      'Service',
      'Inspector',
      'Upstream',
      'Chat',
    ]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends on %s though clients are connected', async (signal) => {
    const sample = run({});
    const [, url = ''] = await sample.prints(/Chat: open (http:\S+)/);
    const ann = await ChatClient.connect(await negotiate({ url }, 'ann'));
    await ann.until('ann joined.');
    expect(await sample.interrupt(signal)).toBe(signal);
    await ann.closed();
    expect(sample.output).not.toMatch(/error/i);
  });

  it.each([
    ['PORT', 'Port %d is in use.', 'PORT.'],
    ['WEB_PUBSUB_EMULATOR_PORT', 'Emulator: Port %d is in use', 'WEB_PUBSUB_EMULATOR_PORT sets it.'],
  ])('says in one line that the port of %s is taken, and exits with 1', async (variable, beginning, end) => {
    const holder = createServer();
    holder.listen(0);
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    try {
      const sample = run({ [variable]: String(port) });
      expect(await sample.exit()).toBe(1);
      const lines = sample.output.trim().split('\n');
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(beginning.replace('%d', String(port)));
      expect(lines[0]).toContain(end);
    } finally {
      holder.close();
    }
  });

  it('says what is wrong with its environment, and exits with 1', async () => {
    const sample = run({ PORT: 'eighty' });
    expect(await sample.exit()).toBe(1);
    expect(sample.output.trim()).toBe('PORT must be a port number from 0 to 65535, not "eighty".');
  });
});
