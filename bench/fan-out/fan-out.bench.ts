import { fileURLToPath } from 'node:url';
import { ask, nextMessage, startPinned, stop } from '../pinned-process.js';
import type { BenchSettings, BenchTable } from '../report.js';
import { median, percentile } from '../statistics.js';
import type { FanOutOrder, FanOutResult } from './clients.js';

const MEMBERS = 1_000;
const BURST = 10;
/** A small group in a large hub. */
const FEW = 10;
const CONNECTIONS = 10_000;

/** What others are compared with: what one writes by hand, and the least that Node.js allows. */
const BARE = 'bare ws.send loop';
const SHARED = 'one frame, socket.write to each';

/** Who spreads the messages. */
export interface FanOutContender {
  readonly name: string;
  readonly target: FanOutOrder['target'];
  readonly subprotocol?: string;
}

const CONTENDERS: readonly FanOutContender[] = [
  { name: BARE, target: 'bare' },
  { name: SHARED, target: 'shared' },
  { name: 'simple', target: 'emulator' },
  { name: 'json', target: 'emulator', subprotocol: 'json.webpubsub.azure.v1' },
  { name: 'json reliable', target: 'emulator', subprotocol: 'json.reliable.webpubsub.azure.v1' },
  { name: 'protobuf', target: 'emulator', subprotocol: 'protobuf.webpubsub.azure.v1' },
  { name: 'protobuf reliable', target: 'emulator', subprotocol: 'protobuf.reliable.webpubsub.azure.v1' },
  { name: 'MQTT', target: 'emulator', subprotocol: 'mqtt' },
];

export interface FanOutRound {
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly p99Ms: number;
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * Messages delivered per second to a group: one publication at a time, and in bursts. The loops to compare
 * with have no groups: they send to as many as the group has members, and know nobody else.
 */
export async function benchFanOut(settings: BenchSettings): Promise<BenchTable[]> {
  return [
    await benchGroup('one at a time', MEMBERS, 0, 1, settings),
    await benchGroup(`bursts of ${BURST}`, MEMBERS, 0, BURST, settings),
    // To connect so many takes longer than the rest.
    await benchGroup('one at a time, among 10,000 connections, one round', FEW, CONNECTIONS - FEW, 1, {
      ...settings,
      rounds: 1,
    }),
  ];
}

async function benchGroup(
  mode: string,
  members: number,
  bystanders: number,
  burst: number,
  settings: BenchSettings,
): Promise<BenchTable> {
  const rounds = new Map<string, FanOutRound[]>(CONTENDERS.map(({ name }) => [name, []]));
  for (let round = 0; round < settings.rounds; round++) {
    // Each time from another starting place, so that drift of the machine meets all alike.
    for (let index = 0; index < CONTENDERS.length; index++) {
      const contender = CONTENDERS[(index + round) % CONTENDERS.length];
      if (settings.only && !contender.name.includes(settings.only) && contender.target === 'emulator') continue;
      rounds.get(contender.name)!.push(await measureFanOut(contender, { members, bystanders, burst }, settings));
    }
  }
  const figure = (name: string, pick: (round: FanOutRound) => number): number => median(rounds.get(name)!.map(pick));
  const [bare, shared] = [BARE, SHARED].map((name) => figure(name, (round) => round.perSecond));
  return {
    title: `Fan-out to ${members.toLocaleString('en')} clients, 100 B, ${mode}`,
    columns: ['protocol', 'messages/s', 'vs bare', 'vs one frame', 'messages/CPU s', 'p99 ms'],
    rows: CONTENDERS.map(({ name }) => [
      name,
      Math.round(figure(name, (round) => round.perSecond)),
      figure(name, (round) => round.perSecond) / bare,
      figure(name, (round) => round.perSecond) / shared,
      Math.round(figure(name, (round) => round.perCpuSecond)),
      figure(name, (round) => round.p99Ms),
    ]),
  };
}

/** One contender, one group: how many of its messages arrive. */
export async function measureFanOut(
  { target, subprotocol }: FanOutContender,
  crowd: Pick<FanOutOrder, 'members' | 'bystanders' | 'otherGroups' | 'burst'>,
  settings: BenchSettings,
): Promise<FanOutRound> {
  const server = startPinned(script('./server.js'), [target], 0, settings.node);
  const clients = startPinned(script('./receivers.js'), [], 1);
  try {
    const [{ port }] = await Promise.all([nextMessage<{ port: number }>(server), nextMessage(clients)]);
    const order: FanOutOrder = {
      ...crowd,
      ...(target !== 'emulator' && { bystanders: 0 }),
      ...{ port, target, durationMs: settings.warmUpMs },
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
