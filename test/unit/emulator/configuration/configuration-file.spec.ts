import { EventEmitter, once } from 'node:events';
import { unwatchFile, watchFile } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConfigurationFile } from '../../../../src/emulator/configuration/configuration-file.js';
import type { EmulatorConfiguration } from '../../../../src/emulator/configuration/emulator-options.validator.js';

let folder: string;
let path: string;
let file: ConfigurationFile;
let lines: string[];
const reads = new EventEmitter();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'configuration-'));
  path = join(folder, 'emulator.json');
  lines = [];
});

afterEach(async () => {
  file.close();
  await rm(folder, { recursive: true });
});

async function open(content: EmulatorConfiguration, handedOver?: EmulatorConfiguration): Promise<void> {
  await write(content);
  const note = (line: string): void => {
    lines.push(line.replace(path, 'The file'));
    reads.emit('line', lines.at(-1));
  };
  const logger = { log: note, warn: (line: string) => note(`WARN ${line}`), error: note };
  file = new ConfigurationFile(path, logger, handedOver);
  await file.read();
}

/** In one step, so that no half of it is read. */
async function write(content: EmulatorConfiguration): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(content));
  await rename(`${path}.new`, path);
}

async function change(content: EmulatorConfiguration): Promise<void> {
  await Promise.all([once(reads, 'line'), write(content)]);
}

describe('a configuration file beside settings that go before it', () => {
  it('does not say that their hubs changed, in whatever spelling', async () => {
    await open({ hubs: { chat: {}, news: {} } }, { hubs: { Chat: { anonymousConnectPolicy: 'allow' } } });
    const setHub = jest.fn();
    file.watch(setHub);
    await change({ hubs: { chat: { anonymousConnectPolicy: 'deny' }, news: {} } });
    await change({ hubs: { news: { webSocketKeepAliveIntervalInSeconds: 5 } } });
    expect(lines).toEqual(['The file was read again; no hub changed.', 'The file was read again; changed: news.']);
    expect(setHub.mock.calls).toEqual([['news', { webSocketKeepAliveIntervalInSeconds: 5 }]]);
  });

  it('does not promise their fields for the next start', async () => {
    await open({ port: 1, maxConnections: 1 }, { port: 0 });
    file.watch(() => {});
    await change({ port: 2, maxConnections: 2 });
    expect(lines).toEqual([
      'The file was read again; no hub changed.',
      'WARN maxConnections changed; it takes effect at the next start.',
    ]);
  });
});

it('a configuration file that is closed is polled no longer', async () => {
  await open({});
  const look = (): void => {};
  // One poll for each path: everybody who asks for it gets the same.
  const poll = watchFile(path, { persistent: false }, look);
  file.watch(() => {});
  expect(poll.listenerCount('change')).toBe(2);
  file.close();
  expect(poll.listenerCount('change')).toBe(1);
  unwatchFile(path, look);
});
