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

/** Who spreads the messages. */
export interface FanOutContender {
  readonly name: string;
  readonly target: 'bare' | 'emulator';
  readonly subprotocol?: string;
}

const CONTENDERS: readonly FanOutContender[] = [
  { name: 'bare ws.send loop', target: 'bare' },
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
 * Messages delivered per second to a group: one publication at a time, and in bursts. The bare loop has no groups: it sends
 * to as many as the group has members, and knows nobody else.
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
    for (const contender of CONTENDERS) {
      if (settings.only && !contender.name.includes(settings.only) && contender.target !== 'bare') continue;
      rounds.get(contender.name)!.push(await measureFanOut(contender, { members, bystanders, burst }, settings));
    }
  }
  const figure = (name: string, pick: (round: FanOutRound) => number): number => median(rounds.get(name)!.map(pick));
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
      ...(target === 'bare' && { bystanders: 0 }),
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
