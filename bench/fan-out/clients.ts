// The receivers of a fan-out and its publisher, in one process.
import { signAccessToken } from '../../src/protocol/access-token.js';
import { encodeMqttConnect, encodeSendToGroup } from './frames.js';
import { RawWebSocket } from '../raw-web-socket.js';
import { Publications } from './publications.js';

export const BENCH_KEY = 'bench-key-0123456789abcdef0123456789abcdef';
export const HUB = 'bench';
/**
 * Publications under way: one that is being handed out, one that waits for it. So the server never has to wait, nor ever finds
 * two of them that it could gather.
 */
const IN_FLIGHT = 2;
/** A reliable client acknowledges; the service keeps 1,000 messages at most. */
const ACKNOWLEDGE_EVERY = 250;

export interface FanOutOrder {
  readonly port: number;
  /** Others than the emulator know no hubs, groups and subprotocols. */
  readonly target: 'bare' | 'shared' | 'emulator';
  readonly members: number;
  /** Connections that are not in the group. */
  readonly bystanders: number;
  /** In which those are; default 1. A token holds a hundred. */
  readonly otherGroups?: number;
  readonly subprotocol?: string;
  readonly burst: number;
  readonly durationMs: number;
}

export interface FanOutResult {
  readonly delivered: number;
  readonly seconds: number;
  /** From one publication until everyone had it. */
  readonly roundMs: readonly number[];
}

let receivers: RawWebSocket[] = [];
let publisher: RawWebSocket | undefined;

export async function openClients(order: FanOutOrder): Promise<void> {
  const subprotocol = order.target === 'emulator' ? order.subprotocol : undefined;
  const isSimple = order.target === 'emulator' && !subprotocol;
  publisher = await openClient(order, [], isSimple ? '&webpubsub_mode=sendToGroup&group=all' : '');
  receivers = await openInTens(order.members, () => openClient(order, ['all']));
  const { bystanders, otherGroups = 1 } = order;
  let joined = 0;
  await openInTens(bystanders, () => {
    const groups = Array.from({ length: Math.ceil(otherGroups / bystanders) }, () => `group${joined++ % otherGroups}`);
    return openClient(order, groups);
  });
}

let mqttClients = 0;

async function openClient({ target, port, subprotocol }: FanOutOrder, groups: string[], query = '') {
  if (target !== 'emulator') return RawWebSocket.open(port, '/');
  const isMqtt = subprotocol === 'mqtt';
  const path = `/${isMqtt ? 'clients/mqtt' : 'client'}/hubs/${HUB}`;
  const aud = `http://127.0.0.1:${port}${path}`;
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const token = signAccessToken({ aud, exp, role: ['webpubsub.sendToGroup'], 'webpubsub.group': groups }, BENCH_KEY);
  const client = await RawWebSocket.open(port, `${path}?access_token=${token}${query}`, subprotocol);
  client.onClose = () => {
    throw new Error(`A client of ${subprotocol ?? target} was cut off.`);
  };
  if (subprotocol) {
    const accepted = greetingOf(client);
    if (isMqtt) client.send(2, encodeMqttConnect(`bench${mqttClients++}`));
    await accepted;
  }
  return client;
}

/** A `connected` message or a CONNACK, which else would be counted among what is published. */
function greetingOf(client: RawWebSocket): Promise<void> {
  return new Promise((resolve) => {
    client.onFrame = () => resolve();
    if (client.frames > 0) resolve();
  });
}

/** Over these connections: sequence ids go on from run to run. */
let published = 0;

export async function runFanOut(order: FanOutOrder): Promise<FanOutResult> {
  const { burst, durationMs } = order;
  const frame = encodeSendToGroup(order.target === 'emulator' ? order.subprotocol : undefined, 'all', 'a'.repeat(100));
  const before = published;
  const publications = new Publications(receivers, burst);
  const started = performance.now();
  const publishUntilEnd = async (): Promise<void> => {
    while (performance.now() - started < durationMs) {
      const arrived = publications.begin();
      publisher!.send(frame.opcode, frame.payload, burst);
      const received = before + (await arrived) * burst;
      // Counted over all runs: a window may be too short for even one.
      if (frame.acknowledge && received % ACKNOWLEDGE_EVERY < burst) {
        const acknowledgement = frame.acknowledge(received);
        for (const receiver of receivers) receiver.send(frame.opcode, acknowledgement);
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, publishUntilEnd));
  const seconds = (performance.now() - started) / 1000;
  published = before + publications.count * burst;
  return { delivered: publications.count * burst * receivers.length, seconds, roundMs: publications.roundMs };
}

async function openInTens(count: number, open: () => Promise<RawWebSocket>): Promise<RawWebSocket[]> {
  const opened: RawWebSocket[] = [];
  while (opened.length < count) {
    opened.push(...(await Promise.all(Array.from({ length: Math.min(10, count - opened.length) }, open))));
  }
  return opened;
}
