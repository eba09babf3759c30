import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.js';
import type { LoadResult } from '../load-generator.js';
import { ask, nextMessage, startPinned, stop } from '../pinned-process.js';
import { median } from '../statistics.js';
import { CONTENDERS } from './contenders.js';
import type { BenchSettings, BenchTable } from '../report.js';
import { CONNECTION_IDS, EVENT_CASES, type EventCase, eventRequest } from './events.js';

const NAMES = Object.keys(CONTENDERS);

export interface UpstreamRound {
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly cpuMicroseconds: number;
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Events per second that one core of upstream answers, by contender: each kind of event, at 1 and at 50 connections. */
export async function benchUpstream(settings: BenchSettings): Promise<BenchTable[]> {
  const events = EVENT_CASES.filter(({ name }) => !settings.only || name.includes(settings.only));
  for (const name of NAMES) await assertAnswersEach(name, events, settings);
  const tables: BenchTable[] = [];
  for (const event of events) {
    for (const connections of settings.connections) tables.push(await benchEvent(event, connections, settings));
  }
  return tables;
}

async function benchEvent(event: EventCase, connections: number, settings: BenchSettings): Promise<BenchTable> {
  const requests = CONNECTION_IDS.map((connectionId) => eventRequest(event, connectionId));
  const rounds = new Map<string, UpstreamRound[]>(NAMES.map((name) => [name, []]));
  for (let round = 0; round < settings.rounds; round++) {
    // Interleaved, and each time from another starting place, so that drift of the machine meets all alike.
    for (let index = 0; index < NAMES.length; index++) {
      const name = NAMES[(index + round) % NAMES.length];
      rounds.get(name)!.push(await measureUpstream(name, event, requests, connections, settings));
    }
  }
  const rate = (name: string): number => median(rounds.get(name)!.map((round) => round.perSecond));
  const [bare, express] = [rate('bare node:http'), rate('Express 5 + official middleware')];
  return {
    title: `Upstream: ${event.name}, ${connections} connection${connections > 1 ? 's' : ''}`,
    columns: ['server', 'events/s', 'vs bare', 'vs Express + official', 'p99 ms', 'CPU µs'],
    rows: NAMES.map((name) => [
      name,
      Math.round(rate(name)),
      rate(name) / bare,
      rate(name) / express,
      median(rounds.get(name)!.map((round) => round.p99Ms)),
      median(rounds.get(name)!.map((round) => round.cpuMicroseconds)),
    ]),
  };
}

/** One contender in fresh processes: it must answer as the others do, then it is warmed up, then measured. */
export async function measureUpstream(
  name: string,
  event: EventCase,
  requests: readonly Buffer[],
  connections: number,
  settings: BenchSettings,
): Promise<UpstreamRound> {
  const port = await freePort();
  const server = startPinned(script('./server.js'), [name, String(port)], 0, settings.node);
  const load = startPinned(script('../load-generator.js'), [], 1);
  try {
    await nextMessage(server);
    await assertAnswersAlike(name, port, event);
    const order = { port, connections, requests: requests.map((request) => request.toString('base64')) };
    await ask(load, { ...order, durationMs: settings.warmUpMs });
    const before = await ask<{ cpuMicroseconds: number }>(server, { report: true });
    const result = await ask<LoadResult>(load, { ...order, durationMs: settings.durationMs });
    const after = await ask<{ cpuMicroseconds: number }>(server, { report: true });
    if (result.failures > 0) throw new Error(`${name} refused ${result.failures} of ${result.requests} events`);
    return {
      perSecond: result.perSecond,
      p99Ms: result.p99Ms,
      cpuMicroseconds: (after.cpuMicroseconds - before.cpuMicroseconds) / result.requests,
    };
  } finally {
    await Promise.all([stop(server), stop(load)]);
  }
}

/** Before hours are spent on the others. */
async function assertAnswersEach(name: string, events: readonly EventCase[], settings: BenchSettings): Promise<void> {
  const port = await freePort();
  const server = startPinned(script('./server.js'), [name, String(port)], 0, settings.node);
  try {
    await nextMessage(server);
    for (const event of events) await assertAnswersAlike(name, port, event);
  } finally {
    await stop(server);
  }
}

/** A contender that answers something else has not done the work. */
async function assertAnswersAlike(name: string, port: number, event: EventCase): Promise<void> {
  const headers = new Headers();
  const request = eventRequest(event, CONNECTION_IDS[0]);
  const head = request.subarray(0, request.indexOf('\r\n\r\n')).toString('latin1').split('\r\n').slice(2);
  for (const line of head) {
    const [field, ...value] = line.split(': ');
    if (field !== 'Content-Length') headers.append(field, value.join(': '));
  }
  const response = await fetch(`http://127.0.0.1:${port}/eventhandler`, {
    method: 'POST',
    headers,
    body: new Uint8Array(event.body),
  });
  const body = Buffer.from(await response.arrayBuffer());
  const isRight = event.echo
    ? body.equals(event.echo)
    : (JSON.parse(body.toString()) as { userId: string }).userId === 'ann';
  if (response.status !== 200 || !isRight) throw new Error(`${name} answers ${response.status} ${body.toString()}`);
}
