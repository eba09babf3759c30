import { fileURLToPath } from 'node:url';
import { ask, cpuMicrosecondsOf, nextMessage, startPinned, stop } from '../pinned-process.js';
import type { BenchSettings, BenchTable } from '../report.js';
import { percentile } from '../statistics.js';
import { measureAlone, middle, rateCells, type Running, takeTurns } from '../take-turns.js';
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

/** Messages in one window. */
export interface FanOutSample {
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly p99Ms: number;
}

type Crowd = Pick<FanOutOrder, 'members' | 'bystanders' | 'otherGroups' | 'burst'>;

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
  // The others would have nothing to be compared with.
  const isChosen = ({ name, target }: FanOutContender) =>
    target !== 'emulator' || !settings.only || name.includes(settings.only);
  const contenders = new Map(CONTENDERS.filter(isChosen).map((contender) => [contender.name, contender]));
  const names = [...contenders.keys()];
  const start = (name: string) => startFanOut(contenders.get(name)!, { members, bystanders, burst }, settings);
  const samples = await takeTurns(names, start, settings);
  return {
    title: `Fan-out to ${members.toLocaleString('en')} clients, 100 B, ${mode}`,
    columns: ['protocol', 'messages/s', 'vs bare', 'vs one frame', 'messages/CPU s', 'p99 ms'],
    rows: names.map((name) =>
      rateCells(samples, name, [BARE, SHARED]).concat([
        Math.round(middle(samples, name, ({ perCpuSecond }) => perCpuSecond)),
        middle(samples, name, ({ p99Ms }) => p99Ms),
      ]),
    ),
  };
}

/** One contender by itself. */
export async function measureFanOut(
  contender: FanOutContender,
  crowd: Crowd,
  settings: BenchSettings,
): Promise<FanOutSample> {
  return measureAlone(await startFanOut(contender, crowd, settings), settings);
}

/** A contender in a process of its own, and all its clients in another. */
async function startFanOut(
  { target, subprotocol }: FanOutContender,
  crowd: Crowd,
  settings: BenchSettings,
): Promise<Running<FanOutSample>> {
  const server = startPinned(script('./server.js'), [target], 0, settings.node);
  const clients = startPinned(script('./receivers.js'), [], 1);
  const end = async (): Promise<void> => {
    await Promise.all([stop(server), stop(clients)]);
  };
  try {
    const [{ port }] = await Promise.all([nextMessage<{ port: number }>(server), nextMessage(clients)]);
    const order = {
      ...crowd,
      ...(target !== 'emulator' && { bystanders: 0 }),
      ...{ port, target },
      ...(subprotocol && { subprotocol }),
    };
    await ask(clients, { open: order });
    return {
      async measure(durationMs) {
        const before = await cpuMicrosecondsOf(server);
        const result = await ask<FanOutResult>(clients, { run: { ...order, durationMs } });
        return {
          perSecond: result.delivered / result.seconds,
          perCpuSecond: result.delivered / (((await cpuMicrosecondsOf(server)) - before) / 1e6),
          p99Ms: percentile(result.roundMs, 99),
        };
      },
      stop: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}
