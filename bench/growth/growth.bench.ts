import { writeFileSync } from 'node:fs';
import { measureFanOut } from '../fan-out/fan-out.bench.js';
import { withRoundTrips } from '../emulator/emulator.bench.js';
import type { RoundTripResult } from '../emulator/round-trip.clients.js';
import { ask } from '../pinned-process.js';
import type { BenchSettings, BenchTable } from '../report.js';
import { EVENT_CASES, eventRequest } from '../upstream/events.js';
import { measureUpstream } from '../upstream/upstream.bench.js';
import { drawCurves, type Curve } from './curves.svg.js';

const SIZES = [10, 100, 1_000, 10_000];
/** What ten connections take is less than what the heap wavers by. */
const MANY = SIZES.slice(1);
/** Clients that talk, however many there are. */
const TALKING = 10;
const JSON_CLIENTS = { name: 'json', target: 'emulator', subprotocol: 'json.webpubsub.azure.v1' } as const;
/** Until the code has been compiled and the pools are there. */
const WARM_UP_CLIENTS = 500;
const MORE_CLIENTS = 500;
const COST_PLOT = 'docs/images/bench-growth.svg';
const MEMORY_PLOT = 'docs/images/bench-growth-memory.svg';

/** What one unit of work costs as the numbers around it grow; flat lines are what one hopes for. */
export async function benchGrowth(settings: BenchSettings): Promise<BenchTable[]> {
  const costs: Curve[] = [
    await curve('message delivered to a group of N', (size) =>
      measureDelivery({ members: size, bystanders: 0, burst: 1 }, settings),
    ),
    await curve('message delivered to a group of 10 among N connections', (size) =>
      measureDelivery({ members: TALKING, bystanders: size - TALKING, burst: 1 }, settings),
    ),
    await curve('message delivered to a group of 10 among N groups', (size) =>
      measureDelivery({ members: TALKING, bystanders: Math.ceil(size / 100), otherGroups: size, burst: 1 }, settings),
    ),
    await curve('event handled by the library, from N connections', (size) => measureEvent(size, settings)),
    await curve('round trip through the emulator, 10 of N clients talking', (size) => measureRoundTrip(size, settings)),
    await curve('client accepted while N are connected', (size) => measureHandshake(size, settings)),
  ];
  const memory = [await curve('idle connection, one of N', (size) => measureMemory(size, settings), MANY)];
  writeFileSync(COST_PLOT, drawCurves('Cost of one unit of work as N grows', 'µs', costs));
  writeFileSync(MEMORY_PLOT, drawCurves('Memory in use for one connection as N grows', 'KiB', memory));
  return [
    tableOf(`Growth (also drawn in ${COST_PLOT})`, 'µs for a', costs),
    tableOf(`Growth (also drawn in ${MEMORY_PLOT})`, 'KiB for an', memory),
  ];
}

function tableOf(title: string, unit: string, curves: readonly Curve[]): BenchTable {
  return {
    title,
    columns: [unit, ...curves[0].points.map(({ size }) => `N = ${size.toLocaleString('en')}`)],
    rows: curves.map(({ name, points }) => [name as string | number].concat(points.map(({ cost }) => cost))),
  };
}

async function curve(
  name: string,
  measure: (size: number) => Promise<number>,
  sizes: readonly number[] = SIZES,
): Promise<Curve> {
  const points: Curve['points'][number][] = [];
  for (const size of sizes) points.push({ size, cost: await measure(size) });
  return { name, points };
}

async function measureDelivery(crowd: Parameters<typeof measureFanOut>[1], settings: BenchSettings): Promise<number> {
  const { perSecond } = await measureFanOut(JSON_CLIENTS, crowd, settings);
  return 1e6 / perSecond;
}

async function measureEvent(size: number, settings: BenchSettings): Promise<number> {
  const connectionIds = Array.from({ length: size }, (_, index) => `growth-connection-${index}-0123456789`);
  const requests = connectionIds.map((connectionId) => eventRequest(EVENT_CASES[0], connectionId));
  const name = 'ours, Express, server';
  const { cpuMicroseconds } = await measureUpstream(name, EVENT_CASES[0], requests, 50, settings);
  return cpuMicroseconds;
}

async function measureRoundTrip(size: number, settings: BenchSettings): Promise<number> {
  let perSecond = Number.NaN;
  await withRoundTrips(settings, async (clients, port) => {
    await ask(clients, { port, open: size });
    await ask(clients, { port, talking: TALKING, durationMs: settings.warmUpMs });
    const order = { port, talking: TALKING, durationMs: settings.durationMs };
    ({ perSecond } = await ask<RoundTripResult>(clients, order));
  });
  return 1e6 / perSecond;
}

async function measureHandshake(size: number, settings: BenchSettings): Promise<number> {
  let elapsedMs = Number.NaN;
  await withRoundTrips(settings, async (clients, port) => {
    await ask(clients, { port, open: WARM_UP_CLIENTS + size });
    const started = performance.now();
    await ask(clients, { port, open: MORE_CLIENTS });
    elapsedMs = performance.now() - started;
  });
  return (elapsedMs * 1000) / MORE_CLIENTS;
}

async function measureMemory(size: number, settings: BenchSettings): Promise<number> {
  let bytes = Number.NaN;
  await withRoundTrips(settings, async (clients, port, server) => {
    await ask(clients, { port, open: WARM_UP_CLIENTS });
    const before = await ask<{ usedBytes: number }>(server, {});
    await ask(clients, { port, open: size });
    const after = await ask<{ usedBytes: number }>(server, {});
    bytes = after.usedBytes - before.usedBytes;
  });
  return bytes / size / 1024;
}
