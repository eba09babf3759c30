import { fileURLToPath } from 'node:url';
import { ask, nextMessage, startPinned, stop } from '../pinned-process.js';
import type { BenchSettings, BenchTable } from '../report.js';
import { median } from '../statistics.js';
import type { RoundTripOrder, RoundTripResult } from './round-trip.clients.js';

const DOORS = ['library', 'emulator', 'testing', 'emulator, started'];
const IDLE_CONNECTIONS = [100, 1_000, 5_000];
const START_UPS = 5;

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Round trips through upstream, memory of idle connections, start-up. */
export async function benchEmulator(settings: BenchSettings): Promise<BenchTable[]> {
  return [await benchRoundTrips(settings), await benchIdleConnections(settings), await benchStartUp(settings)];
}

async function benchRoundTrips(settings: BenchSettings): Promise<BenchTable> {
  const rows: (string | number)[][] = [];
  for (const connections of [1, 50]) {
    const rounds: RoundTripResult[] = [];
    for (let round = 0; round < settings.rounds; round++) {
      await withRoundTrips(settings, async (clients, port) => {
        const order: RoundTripOrder = { port, open: connections, durationMs: settings.warmUpMs };
        await ask(clients, order);
        rounds.push(await ask<RoundTripResult>(clients, { port, durationMs: settings.durationMs }));
      });
    }
    rows.push([
      String(connections),
      Math.round(median(rounds.map(({ perSecond }) => perSecond))),
      median(rounds.map(({ p50Ms }) => p50Ms)),
      median(rounds.map(({ p99Ms }) => p99Ms)),
    ]);
  }
  return {
    title: 'Round trips client → emulator → upstream → client, 100 B text, emulator and upstream in one process',
    columns: ['connections', 'events/s', 'p50 ms', 'p99 ms'],
    rows,
  };
}

async function benchIdleConnections(settings: BenchSettings): Promise<BenchTable> {
  const rows: (string | number)[][] = [];
  await withRoundTrips(settings, async (clients, port, server) => {
    const before = await ask<{ rssBytes: number }>(server, {});
    let opened = 0;
    for (const connections of IDLE_CONNECTIONS) {
      await ask(clients, { port, open: connections - opened });
      opened = connections;
      const { rssBytes } = await ask<{ rssBytes: number }>(server, {});
      rows.push([connections.toLocaleString('en'), Math.round((rssBytes - before.rssBytes) / connections / 1024)]);
    }
  });
  return { title: 'Memory of idle connections', columns: ['connections', 'KiB each'], rows };
}

async function benchStartUp(settings: BenchSettings): Promise<BenchTable> {
  const rows: (string | number)[][] = [];
  for (const door of DOORS) {
    const runs: { milliseconds: number; rssBytes: number }[] = [];
    for (let run = 0; run < START_UPS; run++) {
      runs.push(await nextMessage(startPinned(script('./start-up.js'), [door], 0, settings.node)));
    }
    rows.push([
      door,
      median(runs.map(({ milliseconds }) => milliseconds)),
      Math.round(median(runs.map(({ rssBytes }) => rssBytes)) / 1024 / 1024),
    ]);
  }
  return { title: 'Start-up', columns: ['import of', 'ms', 'MiB'], rows };
}

type Child = ReturnType<typeof startPinned>;

/** The emulator with an echoing upstream, and a process of clients. */
export async function withRoundTrips(
  settings: BenchSettings,
  run: (clients: Child, port: number, server: Child) => Promise<void>,
): Promise<void> {
  const server = startPinned(script('./round-trip.server.js'), [], 0, settings.node, ['--expose-gc']);
  const clients = startPinned(script('./round-trip.clients.js'), [], 1);
  try {
    const [{ port }] = await Promise.all([nextMessage<{ port: number }>(server), nextMessage(clients)]);
    await run(clients, port, server);
  } finally {
    await Promise.all([stop(server), stop(clients)]);
  }
}
