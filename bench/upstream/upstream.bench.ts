import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.js';
import type { LoadResult } from '../load-generator.js';
import { ask, cpuMicrosecondsOf, nextMessage, startPinned, stop } from '../pinned-process.js';
import { measureAlone, middle, rateCells, type Running, takeTurns } from '../take-turns.js';
import { CONTENDERS } from './contenders.js';
import type { BenchSettings, BenchTable } from '../report.js';
import { CONNECTION_IDS, EVENT_CASES, type EventCase, eventRequest } from './events.js';

const NAMES = Object.keys(CONTENDERS);
/** What others are compared with. */
const BARE = 'bare node:http';
const EXPRESS = 'Express 5 + official middleware';

/** Events in one window. */
export interface UpstreamSample {
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
  const load = await startLoad(requests);
  try {
    const samples = await takeTurns(NAMES, (name) => startUpstream(name, event, load, connections, settings), settings);
    return {
      title: `Upstream: ${event.name}, ${connections} connection${connections > 1 ? 's' : ''}`,
      columns: ['server', 'events/s', 'vs bare', 'vs Express + official', 'p99 ms', 'CPU µs'],
      rows: NAMES.map((name) =>
        rateCells(samples, name, [BARE, EXPRESS]).concat([
          middle(samples, name, ({ p99Ms }) => p99Ms),
          middle(samples, name, ({ cpuMicroseconds }) => cpuMicroseconds),
        ]),
      ),
    };
  } finally {
    await stop(load);
  }
}

/** One contender by itself, in fresh processes. */
export async function measureUpstream(
  name: string,
  event: EventCase,
  requests: readonly Buffer[],
  connections: number,
  settings: BenchSettings,
): Promise<UpstreamSample> {
  const load = await startLoad(requests);
  try {
    return await measureAlone(await startUpstream(name, event, load, connections, settings), settings);
  } finally {
    await stop(load);
  }
}

/** The sender of events; one does for all contenders. */
async function startLoad(requests: readonly Buffer[]): Promise<ChildProcess> {
  const load = startPinned(script('../load-generator.js'), [], 1);
  await ask(load, { requests: requests.map((request) => request.toString('base64')) });
  return load;
}

/** A contender in a process of its own. It must answer as the others do. */
async function startUpstream(
  name: string,
  event: EventCase,
  load: ChildProcess,
  connections: number,
  settings: BenchSettings,
): Promise<Running<UpstreamSample>> {
  const port = await freePort();
  const server = startPinned(script('./server.js'), [name, String(port)], 0, settings.node);
  try {
    await nextMessage(server);
    await assertAnswersAlike(name, port, event);
  } catch (error) {
    await stop(server);
    throw error;
  }
  return {
    async measure(durationMs) {
      const before = await cpuMicrosecondsOf(server);
      const { requests, perSecond, p99Ms, failures } = await ask<LoadResult>(load, { port, connections, durationMs });
      if (failures > 0) throw new Error(`${name} refused ${failures} of ${requests} events`);
      return { perSecond, p99Ms, cpuMicroseconds: ((await cpuMicrosecondsOf(server)) - before) / requests };
    },
    stop: () => stop(server),
  };
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
