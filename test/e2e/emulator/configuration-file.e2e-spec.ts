import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EmulatorLogger } from '../../../src/emulator/emulator-logger.js';
import type { EmulatorOptions } from '../../../src/emulator/emulator-options.js';
import { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { refusalOf, WebSocketClient } from '../../support/connect-client.js';

let folder: string;
let file: string;
let emulator: WebPubSubEmulator | undefined;
let log: RecordingLogger;

/** Waits for what is logged: the only sign that a file was read again. */
class RecordingLogger implements EmulatorLogger {
  readonly lines: string[] = [];
  #wake: (() => void)[] = [];

  log(message: string): void {
    this.lines.push(message);
    for (const wake of this.#wake.splice(0)) wake();
  }

  warn(message: string): void {
    this.log(`WARN ${message}`);
  }

  error(message: string): void {
    this.log(`ERROR ${message}`);
  }

  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = this.lines.find((candidate) => pattern.test(candidate));
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'emulator-'));
  file = join(folder, 'emulator.json');
  log = new RecordingLogger();
});

afterEach(async () => {
  await emulator?.close();
  emulator = undefined;
  await rm(folder, { recursive: true });
});

async function start(content?: object | string, options: EmulatorOptions = {}): Promise<WebPubSubEmulator> {
  if (content !== undefined) await write(content);
  emulator = await WebPubSubEmulator.startFromFile(file, { port: 0, logger: log, ...options });
  return emulator;
}

function write(content: object | string): Promise<void> {
  return writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
}

const allowing = (...hubs: string[]) => ({
  hubs: Object.fromEntries(hubs.map((hub) => [hub, { anonymousConnectPolicy: 'allow' }])),
});

/** 101, or the status of the refusal: the hubs' policy shows which settings are in force. */
async function statusOf(hub: string): Promise<number> {
  const connecting = WebSocketClient.connect(emulator!, { hub, token: null });
  const outcome = await connecting.then(
    () => 101,
    () => undefined,
  );
  return outcome ?? (await refusalOf(connecting)).status;
}

describe('a configuration file', () => {
  it('has the names of the options; what is handed over goes before it', async () => {
    const key = 'key-of-the-file-with-32-bytes-or-more';
    const running = await start({ port: 1, accessKey: key, ...allowing('one') });
    expect(running.connectionString).toBe(`Endpoint=${running.endpoint};AccessKey=${key};Version=1.0;`);
    expect([await statusOf('one'), await statusOf('two')]).toEqual([101, 401]);
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{\n  "port": 1,\n  oops\n}', /emulator\.json is not JSON: the mistake is at line 3, column 3\.$/],
    ['nothing', '', /emulator\.json is not JSON: the mistake is at line 1, column 1\.$/],
    [
      'a wrong field',
      '{"hubs":{"a":{"eventHandlers":[{}]}}}',
      /emulator\.json: hubs\.a\.eventHandlers\[0\]\.urlTemplate: must be/,
    ],
  ])('with %s stops the start', async (_name, content, message) => {
    await expect(start(content)).rejects.toThrow(message);
  });

  it('that is missing stops the start', async () => {
    await expect(WebPubSubEmulator.startFromFile(join(folder, 'none.json'))).rejects.toThrow(
      /none\.json cannot be read: ENOENT/,
    );
  });

  it('may begin with a byte order mark', async () => {
    await start(`\uFEFF${JSON.stringify(allowing('one'))}`);
    expect(await statusOf('one')).toBe(101);
  });

  it('is followed: hubs come, change, and go', async () => {
    await start(allowing('one', 'two'));
    expect([await statusOf('one'), await statusOf('two'), await statusOf('three')]).toEqual([101, 101, 401]);
    await write(allowing('ONE', 'three'));
    expect(await log.says(/read again/)).toMatch(/changed: three, two\.$/);
    expect([await statusOf('one'), await statusOf('two'), await statusOf('three')]).toEqual([101, 401, 101]);
  });

  it('is followed when an editor puts a new file in its place', async () => {
    await start(allowing('one'));
    const next = join(folder, 'emulator.json.new');
    for (const hub of ['two', 'three']) {
      await writeFile(next, JSON.stringify(allowing(hub)));
      await rename(next, file);
      await log.says(new RegExp(`changed: ${hub}`));
      expect(await statusOf(hub)).toBe(101);
    }
  });

  it('is followed when it is a link, to where it leads', async () => {
    const target = join(folder, 'target.json');
    await writeFile(target, JSON.stringify(allowing('one')));
    await mkdir(join(folder, 'links'));
    file = join(folder, 'links', 'emulator.json');
    await symlink(target, file);
    await start();
    // The first change may be found by the look that follows the start.
    for (const hub of ['two', 'three']) {
      await writeFile(target, JSON.stringify(allowing(hub)));
      await log.says(new RegExp(`changed: ${hub}`));
      expect(await statusOf(hub)).toBe(101);
    }
  });

  it('is followed when a folder that it is linked through is exchanged, as Kubernetes does', async () => {
    for (const hub of ['one', 'two', 'three']) {
      await mkdir(join(folder, hub));
      await writeFile(join(folder, hub, 'emulator.json'), JSON.stringify(allowing(hub)));
    }
    await symlink('one', join(folder, '..data'));
    await symlink(join('..data', 'emulator.json'), file);
    await start();
    for (const hub of ['two', 'three']) {
      await symlink(hub, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
      await log.says(new RegExp(`changed: ${hub}`));
      expect(await statusOf(hub)).toBe(101);
    }
  });

  it('that comes back as it was is said to be read again', async () => {
    await start(allowing('one'));
    await rm(file);
    await log.says(/^ERROR .*cannot be read: ENOENT.*The last good settings stay in force\.$/);
    await write(allowing('one'));
    await log.says(/read again; no hub changed/);
    expect(await statusOf('one')).toBe(101);
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{"accessKey":"secret-secret-secret-secret-secret",', /^ERROR .*is not JSON/],
    [
      'a wrong field',
      '{"hubs":{"two":{"anonymousConnectPolicy":"x"}}}',
      /^ERROR .*hubs\.two\.anonymousConnectPolicy: must be/,
    ],
  ])('that is broken by %s leaves the last good settings in force, and is reported', async (_name, content, report) => {
    await start(allowing('one'));
    await write(content);
    expect(await log.says(report)).toMatch(/The last good settings stay in force\.$/);
    expect(log.lines.join()).not.toContain('secret');
    expect(await statusOf('one')).toBe(101);
    await write(allowing('two'));
    await log.says(/changed: two, one/);
    expect([await statusOf('one'), await statusOf('two')]).toEqual([401, 101]);
  });

  it('says what takes effect at the next start only', async () => {
    const running = await start({ ...allowing('one'), recoveryWindowMs: 1000 });
    const { port } = running;
    await write({ port: 1, maxConnections: 1, accessKey: 'k'.repeat(32), ...allowing('one'), recoveryWindowMs: 1000 });
    await log.says(/^WARN accessKey changed; it takes effect at the next start\./);
    await log.says(/^WARN maxConnections changed/);
    expect(log.lines.join()).not.toMatch(/recoveryWindowMs|kkk|port changed/);
    expect(running.port).toBe(port);
  });

  it('says nothing of the next start about what is back as it is in force', async () => {
    await start({ recoveryWindowMs: 1000, ...allowing('one') });
    await write({ recoveryWindowMs: 2000, maxConnections: 5, ...allowing('one') });
    await log.says(/^WARN maxConnections changed/);
    await write({ recoveryWindowMs: 1000, maxConnections: 6, ...allowing('two') });
    await log.says(/changed: two, one/);
    await write({ recoveryWindowMs: 1000, maxConnections: 6, ...allowing('three') });
    await log.says(/changed: three, two/);
    expect(log.lines.filter((line) => line.startsWith('WARN'))).toEqual([
      'WARN recoveryWindowMs changed; it takes effect at the next start.',
      'WARN maxConnections changed; it takes effect at the next start.',
      'WARN maxConnections changed; it takes effect at the next start.',
    ]);
  });

  it('does not touch hubs that were handed over', async () => {
    await start(allowing('one'), { hubs: { two: { anonymousConnectPolicy: 'allow' } } });
    await write({ hubs: { two: {} } });
    await log.says(/changed: one\.$/);
    expect([await statusOf('one'), await statusOf('two')]).toEqual([401, 101]);
  });

  it('does not touch hubs that were handed over under another spelling', async () => {
    await start({ hubs: { Chat: {} } }, { hubs: { chat: { anonymousConnectPolicy: 'allow' } } });
    expect(await statusOf('chat')).toBe(101);
    await write({ hubs: { Chat: { webSocketKeepAliveIntervalInSeconds: 5 } } });
    await log.says(/no hub changed/);
    expect(await statusOf('chat')).toBe(101);
    await write(allowing('other'));
    await log.says(/changed: other\.$/);
    expect(await statusOf('CHAT')).toBe(101);
  });

  it('with lists tells whether they changed by what is in them', async () => {
    await start({ inspectorHosts: ['devbox.local'], ...allowing('one') });
    await write({ inspectorHosts: ['devbox.local'], ...allowing('two') });
    await log.says(/changed: two, one/);
    await write({ inspectorHosts: ['devbox.local', 'other.local'], ...allowing('two') });
    await log.says(/no hub changed/);
    await log.says(/^WARN inspectorHosts/);
    const warnings = log.lines.filter((line) => line.startsWith('WARN'));
    expect(warnings).toEqual(['WARN inspectorHosts changed; it takes effect at the next start.']);
    expect(log.lines.indexOf(warnings[0])).toBeGreaterThan(log.lines.findIndex((line) => line.includes('no hub')));
  });

  it('is not followed after the end', async () => {
    const running = await start(allowing('one'));
    await running.close();
    await write('{');
    const next = await WebPubSubEmulator.start({ port: 0 });
    await next.close();
    expect(log.lines.filter((line) => line.startsWith('ERROR'))).toEqual([]);
  });
});
