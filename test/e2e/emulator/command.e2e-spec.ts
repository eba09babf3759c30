import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../../src/emulator/command/run-command.js';
import { TestProcess } from '../../support/child-process.js';
import { connectJsonClient, WebSocketClient } from '../../support/connect-client.js';
import { freePort } from '../../support/free-port.js';
import { RecordingUpstream } from '../../support/record-upstream.js';
import { transpileSource, type TranspiledSource } from '../../support/transpiled-source.js';

let source: TranspiledSource;
let upstream: RecordingUpstream;
const running: TestProcess[] = [];

beforeAll(async () => {
  source = await transpileSource();
  upstream = await RecordingUpstream.start(({ headers }) =>
    headers['ce-eventname'] === 'connect'
      ? { status: 204 }
      : { body: 'from upstream', headers: { 'Content-Type': 'text/plain' } },
  );
}, 60_000);

afterEach(async () => {
  await Promise.all(running.splice(0).map((command) => command.interrupt('SIGKILL')));
});

afterAll(async () => {
  await upstream.close();
  await source.remove();
});

function run(...args: string[]): TestProcess {
  const command = new TestProcess(process.execPath, [join(source.folder, 'emulator', 'command.js'), ...args]);
  running.push(command);
  return command;
}

/** With one of its streams led to a file; the other is in the output of the process. */
function runInto(stream: 'stdout' | 'stderr', target: string, ...args: string[]): TestProcess {
  const script = `exec "$@" ${stream === 'stdout' ? '' : '2'}> "$0"`;
  const program = [process.execPath, join(source.folder, 'emulator', 'command.js')];
  const command = new TestProcess('sh', ['-c', script, target, ...program, ...args]);
  running.push(command);
  return command;
}

async function endpointOf(command: TestProcess): Promise<{ endpoint: string; connectionString: string }> {
  const [, connectionString = '', endpoint = ''] = await command.prints(
    /(Endpoint=([^;]+);AccessKey=[^;]+;Version=1\.0;)/,
  );
  return { endpoint, connectionString };
}

describe('the command web-pubsub-emulator', () => {
  it('runs by --port alone, says where and what for, and ends at Ctrl-C', async () => {
    const port = await freePort();
    const command = run('--port', String(port));
    const { endpoint, connectionString } = await endpointOf(command);
    expect(endpoint).toBe(`http://localhost:${port}`);
    await command.prints(/for local and test use only/);
    await command.prints(new RegExp(`http://localhost:${port}/inspector`));
    const service = new WebPubSubServiceClient(connectionString, 'chat', { allowInsecureConnection: true });
    const client = await connectJsonClient({ endpoint });
    await service.sendToAll('hi');
    expect(await client.next()).toMatchObject({ data: 'hi' });
    expect(await command.interrupt()).toBe(0);
    await client.closed();
  });

  it('takes the flags of az webpubsub hub create', async () => {
    const command = run(
      '--port',
      '0',
      '--hub-name',
      'Sample_ChatApp',
      '--event-handler',
      `url-template=${upstream.url}/eventhandler?code=s3cr3t`,
      'user-event-pattern=*',
      'system-event=connect',
      '--hub-name',
      'open',
      '--allow-anonymous',
      'true',
    );
    const service = await endpointOf(command);
    const client = await connectJsonClient(service, { hub: 'Sample_ChatApp' });
    expect(await upstream.nextEvent()).toMatchObject({ url: '/eventhandler?code=s3cr3t' });
    client.send({ type: 'event', event: 'greet', dataType: 'text', data: 'hi', ackId: 1 });
    expect(await client.next()).toMatchObject({ data: 'from upstream' });
    await WebSocketClient.connect(service, { hub: 'open', token: null });
    await command.prints(/Hub Sample_ChatApp: events go to http:\S+\/eventhandler\n/);
    expect(command.output).not.toContain('s3cr3t');
    expect(await command.interrupt('SIGTERM')).toBe(0);
  });

  it('follows its configuration file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'emulator-'));
    const file = join(folder, 'emulator.json');
    await writeFile(file, JSON.stringify({ port: 0 }));
    const command = run('--config', file);
    const service = await endpointOf(command);
    await writeFile(file, JSON.stringify({ port: 0, hubs: { chat: { anonymousConnectPolicy: 'allow' } } }));
    await command.prints(/emulator\.json was read again; changed: chat\./);
    await WebSocketClient.connect(service, { token: null });
    await writeFile(file, '{');
    await command.prints(/ERROR .*emulator\.json is not JSON.* The last good settings stay in force\./);
    expect(await command.interrupt()).toBe(0);
    await rm(folder, { recursive: true });
  });

  it.each([
    ['stdout', /WARN port changed/],
    ['stderr', /was read again; changed: chat\./],
  ] as const)('goes on when nobody reads its %s any more', async (stream, sign) => {
    const folder = await mkdtemp(join(tmpdir(), 'emulator-'));
    const [pipe, file] = [join(folder, 'pipe'), join(folder, 'emulator.json')];
    await promisify(execFile)('mkfifo', [pipe]);
    const port = await freePort();
    await writeFile(file, JSON.stringify({ port }));
    const command = runInto(stream, pipe, '--config', file);
    const reader = await open(pipe, 'r');
    // It runs: what it says first goes to the standard output.
    await (stream === 'stdout' ? reader.read() : endpointOf(command));
    await reader.close();
    await writeFile(file, JSON.stringify({ port: 1, hubs: { chat: { anonymousConnectPolicy: 'allow' } } }));
    await command.prints(sign);
    await WebSocketClient.connect({ endpoint: `http://localhost:${port}` }, { token: null });
    expect(await command.interrupt()).toBe(0);
    await rm(folder, { recursive: true });
  });

  it.each([
    ['stdout', /WARN The emulator listens on 0\.0\.0\.0/],
    ['stderr', /Connection string/],
  ] as const)('goes on when the disk of its %s is full', async (stream, sign) => {
    const port = await freePort();
    const flags = ['--port', String(port), '--host', '0.0.0.0', '--hub-name', 'chat', '--allow-anonymous'];
    const command = runInto(stream, '/dev/full', ...flags);
    await command.prints(sign);
    await WebSocketClient.connect({ endpoint: `http://localhost:${port}` }, { token: null });
    expect(await command.interrupt()).toBe(0);
  });

  it('ends with code 1, and without a stack, for an unknown flag', async () => {
    const command = run('--prot', '1');
    expect(await command.exit()).toBe(1);
    expect(command.output).toMatch(/unknown option '--prot'[^]*Did you mean --port\?[^]*--help/);
    expect(command.output).not.toContain('    at ');
  });
});

describe('what the command answers without a process of its own', () => {
  async function answerTo(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const written = { stdout: '', stderr: '' };
    const code = await runCommand(args, {
      version: '1.2.3',
      stdout: { write: (text) => (written.stdout += text) },
      stderr: { write: (text) => (written.stderr += text) },
      stopped: Promise.resolve(),
    });
    return { code, ...written };
  }

  it.each<[string, string[], RegExp]>([
    [
      'a broken setting',
      ['--hub-name', 'a', '--event-handler', 'url-template=x'],
      /hubs\.a\.eventHandlers\[0\]\.urlTemplate: must be/,
    ],
    ['a missing file', ['--config', '/none/emulator.json'], /\/none\/emulator\.json cannot be read/],
    [
      'a host of another machine',
      ['--port', '0', '--host', '192.0.2.1'],
      /192\.0\.2\.1 is not an address of this machine/,
    ],
  ])('code 1 for %s', async (_name, args, message) => {
    expect(await answerTo(...args)).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(message) });
  });

  it('code 1 when its port is in use, and names it', async () => {
    const { code, stderr } = await answerTo('--port', String(upstream.port));
    expect([code, stderr]).toEqual([1, expect.stringContaining(`Port ${upstream.port} is in use`)]);
  });

  it('a warning when other machines reach it', async () => {
    const { code, stderr } = await answerTo('--port', '0', '--host', '0.0.0.0');
    expect([code, stderr]).toEqual([0, expect.stringContaining('WARN The emulator listens on 0.0.0.0')]);
  });

  it('its version and its help', async () => {
    expect(await answerTo('--version')).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
    expect(await answerTo('--help')).toEqual({
      code: 0,
      stdout: expect.stringContaining('--event-handler <key=value...>'),
      stderr: '',
    });
  });
});
