import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { ChatClient } from '../../support/chat-client.js';
import { TestProcess } from '../../support/child-process.js';
import { freePort } from '../../support/free-port.js';
import { negotiate } from '../../support/start-sample.js';
import { transpileSource, type TranspiledSource } from '../../support/transpiled-source.js';

describe('the sample with a service of its own process', () => {
  let source: TranspiledSource;
  let emulator: TestProcess;
  let sample: TestProcess;
  let url: string;
  let connectionString: string;

  beforeAll(async () => {
    source = await transpileSource();
    // Each of the two must know the other's address before it starts.
    const upstreamPort = await freePort();
    emulator = new TestProcess(process.execPath, [
      `${source.folder}/emulator/command.js`,
      ...['--port', '0', '--hub-name', 'Sample_ChatApp'],
      '--event-handler',
      `url-template=http://localhost:${upstreamPort}/eventhandler`,
      'user-event-pattern=*',
      'system-event=connect',
      'system-event=connected',
      'system-event=disconnected',
    ]);
    [connectionString] = await emulator.prints(/Endpoint=\S+;AccessKey=\S+;Version=1\.0;/);
    sample = new TestProcess(process.execPath, [`${source.folder}/sample/main.js`], {
      PORT: String(upstreamPort),
      WebPubSubConnectionString: connectionString,
    });
    [, url = ''] = await sample.prints(/Chat: open (http:\S+)/);
  }, 60_000);

  afterAll(async () => {
    await sample?.interrupt();
    await emulator?.interrupt();
    await source?.remove();
  });

  const endpoint = (): string => /Endpoint=([^;]+)/.exec(connectionString)?.[1] ?? '';

  it('says which service it uses, and starts no emulator', () => {
    expect(sample.output).toContain(`Service: ${endpoint()}, from WebPubSubConnectionString`);
    expect(sample.output).not.toMatch(/emulator|inspector|AccessKey/i);
  });

  it('negotiates URLs of that service', async () => {
    expect(await negotiate({ url }, 'ann')).toContain(
      `${endpoint().replace(/^http/, 'ws')}/client/hubs/Sample_ChatApp?`,
    );
  });

  it('chats through that service', async () => {
    const ann = await ChatClient.connect(await negotiate({ url }, 'ann'));
    await ann.until('ann joined.');
    const bob = await ChatClient.connect(await negotiate({ url }, 'bob'));
    expect(await ann.next()).toEqual({ from: '[System]', message: 'bob joined.' });
    bob.send('Hello through another process');
    expect(await ann.next()).toEqual({ from: 'bob', message: 'Hello through another process' });
    await bob.close();
    expect(await ann.next()).toEqual({ from: '[System]', message: 'bob left.' });
    await ann.close();
  });

  it('reports that service as healthy', async () => {
    const { body } = await request(url).get('/health').expect(200);
    expect(body.info.webPubSub).toEqual({ status: 'up', endpoint: endpoint() });
  });
});
