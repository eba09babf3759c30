// `npm run soak -- [--clients 2000] [--seconds 60]`: clients of every subprotocol, messages both ways, while sockets are
// cut, upstream is restarted and the settings are reloaded. Ends with 1 when a promise was broken.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { signAccessToken } from '../../src/protocol/access-token.js';
import { freePort } from '../free-port.js';
import { ask, nextMessage, startPinned, stop } from '../pinned-process.js';
import { DIALECTS, type Dialect } from './dialects.js';
import { SoakClient } from './soak-client.js';

const { values } = parseArgs({
  options: { clients: { type: 'string', default: '2000' }, seconds: { type: 'string', default: '60' } },
});
const CLIENTS = Number(values.clients);
const DURATION_MS = Number(values.seconds) * 1000;
const HUB = 'soak';
const KEY = 'soak-key-0123456789abcdef0123456789abcdef';
const GROUPS = 20;
const PUBLISH_EVERY_MS = 20;
const CUT_EVERY_MS = 25;
const EVENT_EVERY_MS = 5;
/** Upstream's last retry comes 9 s after the first attempt. */
const SETTLE_MS = 30_000;
/** What may stay: caches and the heap's own slack. */
const MAX_GROWTH_BYTES = 24 * 1024 * 1024;

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Memory {
  readonly heapUsed: number;
  readonly rss: number;
  readonly external: number;
}

const folder = mkdtempSync(join(tmpdir(), 'soak-'));
const settingsFile = join(folder, 'emulator.json');
const upstreamPort = await freePort();
writeSettings({});
const service = startPinned(script('./service.js'), [settingsFile], 0, process.execPath, ['--expose-gc']);
const { connectionString, endpoint } = await nextMessage<{ connectionString: string; endpoint: string }>(service);
let upstream = await startUpstream();

try {
  // The first wave fills caches and pools; what a second, longer one leaves behind beyond that is a leak.
  await playWave(Math.min(CLIENTS, 500), 5_000, false);
  const before = await ask<Memory>(service, {});
  const problems = await playWave(CLIENTS, DURATION_MS, true);
  const after = await settledMemory(before);
  const growth = after.heapUsed + after.external - before.heapUsed - before.external;
  console.log(`memory: ${mebibytes(before)} before, ${mebibytes(after)} after`);
  if (growth > MAX_GROWTH_BYTES)
    problems.push(`the emulator keeps ${Math.round(growth / 1024 / 1024)} MiB more than before`);
  for (const problem of problems) console.error(`BROKEN: ${problem}`);
  console.log(problems.length === 0 ? 'soak: every promise kept' : `soak: ${problems.length} promises broken`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  await Promise.all([stop(service), stop(upstream)]);
  rmSync(folder, { recursive: true });
}

/** Connects, talks, disturbs, waits for the rest, and returns what went wrong. */
async function playWave(count: number, durationMs: number, isDisturbed: boolean): Promise<string[]> {
  const clients = Array.from({ length: count }, (_, index) => {
    const dialect = DIALECTS[index % DIALECTS.length];
    const group = `group-${index % GROUPS}`;
    return new SoakClient(dialect, clientUrl(dialect, group), `soak${index}`, group);
  });
  for (let index = 0; index < count; index += 50) {
    await Promise.all(clients.slice(index, index + 50).map((client) => client.connect()));
  }
  const publisher = new WebPubSubServiceClient(connectionString, HUB, { allowInsecureConnection: true });
  const published = Array.from({ length: GROUPS }, () => 0);
  const sending: Promise<void>[] = [];
  const end = Date.now() + durationMs;
  const timers = [
    setInterval(() => clients[Math.floor(Math.random() * count)].raiseEvent(), EVENT_EVERY_MS),
    setInterval(() => isDisturbed && clients[Math.floor(Math.random() * count)].cut(), CUT_EVERY_MS),
  ];
  const disturbances = isDisturbed ? disturb(durationMs) : Promise.resolve();
  for (let turn = 0; Date.now() < end; turn++) {
    const group = turn % GROUPS;
    // One after the other within a group: two calls at a time may overtake each other on their way to the service.
    sending[group] = (sending[group] ?? Promise.resolve()).then(() =>
      publisher.group(`group-${group}`).sendToAll(`#${published[group]++}`, { contentType: 'text/plain' }),
    );
    await pause(PUBLISH_EVERY_MS);
  }
  timers.forEach(clearInterval);
  await Promise.all([...sending, disturbances]);
  const problems = await settle(clients, published);
  await Promise.all(clients.map((client) => client.stop()));
  const cuts = clients.reduce((sum, client) => sum + client.cuts, 0);
  const heard = clients.reduce((sum, client) => sum + client.numbers.length, 0);
  const answered = clients.reduce((sum, client) => sum + client.answered, 0);
  console.log(`${count} clients, ${cuts} sockets cut, ${heard} messages received, ${answered} events answered`);
  return problems;
}

/** Restarts upstream at a third of the time, reloads the settings at two thirds. */
async function disturb(durationMs: number): Promise<void> {
  await pause(durationMs / 3);
  await stop(upstream);
  await pause(1_500);
  upstream = await startUpstream();
  await pause(durationMs / 3);
  writeSettings({ webSocketKeepAliveIntervalInSeconds: 30 });
}

async function settle(clients: readonly SoakClient[], published: readonly number[]): Promise<string[]> {
  const isSettled = (): boolean =>
    clients.every(
      (client, index) =>
        client.unanswered.size === 0 &&
        (!client.dialect.isReliable || client.numbers.length >= published[index % GROUPS]),
    );
  for (let waited = 0; waited < SETTLE_MS && !isSettled(); waited += 100) await pause(100);
  return clients.flatMap((client, index) => {
    const problems: string[] = [];
    const { name, isReliable } = client.dialect;
    if (client.unanswered.size > 0) problems.push(`client ${index} (${name}): ${client.unanswered.size} acks missing`);
    const expected = published[index % GROUPS];
    const isWhole = client.numbers.length === expected && client.numbers.every((number, place) => number === place);
    if (isReliable && !isWhole) {
      problems.push(`client ${index} (${name}): ${client.numbers.length} of ${expected} messages, or out of order`);
    }
    const isAscending = client.numbers.every((number, place) => place === 0 || number > client.numbers[place - 1]);
    if (!isAscending) problems.push(`client ${index} (${name}): messages out of order or twice`);
    return problems;
  });
}

/** Connections that were cut and never came back, as unreliable ones do, end by themselves; that takes its time. */
async function settledMemory(before: Memory): Promise<Memory> {
  let memory = await ask<Memory>(service, {});
  for (let attempt = 0; attempt < 8 && memory.heapUsed > before.heapUsed * 1.1; attempt++) {
    await pause(5_000);
    memory = await ask<Memory>(service, {});
  }
  return memory;
}

function clientUrl(dialect: Dialect, group: string): string {
  const path = `${dialect.path}/${HUB}`;
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const membership = dialect.join ? { role: [`webpubsub.joinLeaveGroup.${group}`] } : { 'webpubsub.group': [group] };
  const token = signAccessToken({ aud: endpoint + path, exp, ...membership }, KEY);
  return `${endpoint.replace('http', 'ws')}${path}?access_token=${token}`;
}

function writeSettings(more: object): void {
  const urlTemplate = `http://127.0.0.1:${upstreamPort}/eventhandler`;
  const eventHandlers = [{ urlTemplate, userEventPattern: '*', systemEvents: ['connected', 'disconnected'] }];
  const settings = { port: 0, accessKey: KEY, hubs: { [HUB]: { eventHandlers, ...more } } };
  writeFileSync(settingsFile, JSON.stringify(settings));
}

async function startUpstream() {
  const child = startPinned(script('./upstream.js'), [connectionString, String(upstreamPort)], 0);
  await nextMessage(child);
  return child;
}

function mebibytes({ heapUsed, external, rss }: Memory): string {
  const round = (bytes: number): number => Math.round(bytes / 1024 / 1024);
  return `${round(heapUsed + external)} MiB in use (${round(rss)} resident)`;
}
