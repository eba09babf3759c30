import { fileURLToPath } from 'node:url';
import { ask, nextMessage, startPinned, stop } from '../pinned-process.js';
import type { BenchSettings, BenchTable } from '../report.js';
import { median, percentile } from '../statistics.js';
import type { FanOutOrder, FanOutResult } from './clients.js';

const MEMBERS = 1_000;
const BURST = 10;

const CONTENDERS: readonly { name: string; target: 'bare' | 'emulator'; subprotocol?: string }[] = [
  { name: 'bare ws.send loop', target: 'bare' },
  { name: 'simple', target: 'emulator' },
  { name: 'json', target: 'emulator', subprotocol: 'json.webpubsub.azure.v1' },
  { name: 'json reliable', target: 'emulator', subprotocol: 'json.reliable.webpubsub.azure.v1' },
  { name: 'protobuf', target: 'emulator', subprotocol: 'protobuf.webpubsub.azure.v1' },
  { name: 'protobuf reliable', target: 'emulator', subprotocol: 'protobuf.reliable.webpubsub.azure.v1' },
];

interface Round {
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly p99Ms: number;
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Messages delivered per second to a group: one publication at a time, and in bursts. */
export async function benchFanOut(settings: BenchSettings): Promise<BenchTable[]> {
  return [
    await benchGroup('one message at a time', MEMBERS, 0, 1, settings),
    await benchGroup(`bursts of ${BURST}`, MEMBERS, 0, BURST, settings),
  ];
}

/** How the cost of a delivery follows the size of the group, and of the hub around a small group. */
export async function benchFanOutGrowth(settings: BenchSettings): Promise<BenchTable[]> {
  const sizes = [10, 100, 1_000, 10_000];
  const json = CONTENDERS[2];
  const rows: (string | number)[][] = [];
  for (const members of sizes) {
    const { perSecond, p99Ms } = await measure(json, members, 0, 1, settings);
    rows.push([`group of ${members.toLocaleString('en')}`, Math.round(perSecond), 1e6 / perSecond, p99Ms]);
  }
  for (const connections of sizes) {
    const { perSecond, p99Ms } = await measure(json, 10, connections - 10, 1, settings);
    rows.push([`group of 10 among ${connections.toLocaleString('en')}`, Math.round(perSecond), 1e6 / perSecond, p99Ms]);
  }
  return [
    {
      title: 'Fan-out, growth (json, one message at a time)',
      columns: ['group', 'messages/s', 'µs each', 'p99 ms'],
      rows,
    },
  ];
}

async function benchGroup(
  mode: string,
  members: number,
  bystanders: number,
  burst: number,
  settings: BenchSettings,
): Promise<BenchTable> {
  const rounds = new Map<string, Round[]>(CONTENDERS.map(({ name }) => [name, []]));
  for (let round = 0; round < settings.rounds; round++) {
    for (const contender of CONTENDERS) {
      if (settings.only && !contender.name.includes(settings.only) && contender.target !== 'bare') continue;
      rounds.get(contender.name)!.push(await measure(contender, members, bystanders, burst, settings));
    }
  }
  const figure = (name: string, pick: (round: Round) => number): number => median(rounds.get(name)!.map(pick));
  const bare = CONTENDERS[0].name;
  return {
    title: `Fan-out to ${members.toLocaleString('en')} clients, 100 B, ${mode}`,
    columns: ['protocol', 'messages/s', 'vs bare', 'messages/CPU s', 'vs bare', 'p99 ms'],
    rows: CONTENDERS.map(({ name }) => [
      name,
      Math.round(figure(name, (round) => round.perSecond)),
      figure(name, (round) => round.perSecond) / figure(bare, (round) => round.perSecond),
      Math.round(figure(name, (round) => round.perCpuSecond)),
      figure(name, (round) => round.perCpuSecond) / figure(bare, (round) => round.perCpuSecond),
      figure(name, (round) => round.p99Ms),
    ]),
  };
}

async function measure(
  contender: (typeof CONTENDERS)[number],
  members: number,
  bystanders: number,
  burst: number,
  settings: BenchSettings,
): Promise<Round> {
  const server = startPinned(script('./server.js'), [contender.target], 0, settings.node);
  const clients = startPinned(script('./receivers.js'), [], 1);
  try {
    const [{ port }] = await Promise.all([nextMessage<{ port: number }>(server), nextMessage(clients)]);
    const { target, subprotocol } = contender;
    const order: FanOutOrder = {
      ...{ port, target, members, bystanders, burst, durationMs: settings.warmUpMs },
      ...(subprotocol && { subprotocol }),
    };
    await ask(clients, { open: order });
    await ask(clients, { run: order });
    const before = await ask<{ cpuMicroseconds: number }>(server, {});
    const result = await ask<FanOutResult>(clients, { run: { ...order, durationMs: settings.durationMs } });
    const after = await ask<{ cpuMicroseconds: number }>(server, {});
    return {
      perSecond: result.delivered / result.seconds,
      perCpuSecond: result.delivered / ((after.cpuMicroseconds - before.cpuMicroseconds) / 1e6),
      p99Ms: percentile(result.roundMs, 99),
    };
  } finally {
    await Promise.all([stop(server), stop(clients)]);
  }
}
