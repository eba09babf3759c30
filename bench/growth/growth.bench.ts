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
/** Clients that talk, however many there are. */
const TALKING = 10;
const JSON_CLIENTS = { name: 'json', target: 'emulator', subprotocol: 'json.webpubsub.azure.v1' } as const;
const PLOT = 'docs/images/bench-growth.svg';

/** What one unit of work costs as the numbers around it grow; flat lines are what one hopes for. */
export async function benchGrowth(settings: BenchSettings): Promise<BenchTable[]> {
  const curves: Curve[] = [
    await curve('message delivered to a group of N', async (size) => {
      const { perSecond } = await measureFanOut(JSON_CLIENTS, size, 0, 1, settings);
      return 1e6 / perSecond;
    }),
    await curve('message delivered to a group of 10 among N connections', async (size) => {
      const { perSecond } = await measureFanOut(JSON_CLIENTS, TALKING, size - TALKING, 1, settings);
      return 1e6 / perSecond;
    }),
    await curve('event handled by the library, from N connections', async (size) => {
      const connectionIds = Array.from({ length: size }, (_, index) => `growth-connection-${index}-0123456789`);
      const requests = connectionIds.map((connectionId) => eventRequest(EVENT_CASES[0], connectionId));
      const { cpuMicroseconds } = await measureUpstream(
        'ours, Express, server',
        EVENT_CASES[0],
        requests,
        50,
        settings,
      );
      return cpuMicroseconds;
    }),
    await curve('round trip through the emulator, 10 of N clients talking', (size) => measureRoundTrip(size, settings)),
  ];
  writeFileSync(PLOT, drawCurves('Cost of one unit of work as N grows', 'µs', curves));
  return [
    {
      title: `Growth (also drawn in ${PLOT})`,
      columns: ['µs for a', ...SIZES.map((size) => `N = ${size.toLocaleString('en')}`)],
      rows: curves.map(({ name, points }) => [name as string | number].concat(points.map(({ cost }) => cost))),
    },
  ];
}

async function curve(name: string, measure: (size: number) => Promise<number>): Promise<Curve> {
  const points: Curve['points'][number][] = [];
  for (const size of SIZES) points.push({ size, cost: await measure(size) });
  return { name, points };
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
