import type { TrafficEntry, TrafficLog } from '../emulator/traffic-log.js';
import { LatencyHistogram } from './latency-histogram.js';

export const METRICS_WINDOW_SECONDS = 300;
const LATENCY_STEP_SECONDS = 5;
const LATENCY_STEPS = METRICS_WINDOW_SECONDS / LATENCY_STEP_SECONDS;

const COUNTERS = ['received', 'sent', 'rest', 'upstream', 'failed'] as const;
type Counter = (typeof COUNTERS)[number];

/** The last five minutes; arrays go from oldest to newest and end with the current second or step. */
export interface MetricsReport {
  /** Epoch milliseconds of the end. */
  readonly time: number;
  /** Per second: open connections; messages from and to clients; REST calls; upstream calls, and those that failed. */
  readonly perSecond: Readonly<Record<'connections' | Counter, readonly number[]>>;
  readonly latency: {
    readonly stepSeconds: number;
    /** Milliseconds of upstream calls; null in a step without calls. */
    readonly p50: readonly (number | null)[];
    readonly p95: readonly (number | null)[];
    readonly p99: readonly (number | null)[];
  };
  readonly window: Readonly<Record<Counter, number>> & {
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
  };
}

/** Counts what the traffic record hears, in rings of constant size: a flood costs no more memory than silence. */
export class TrafficMetrics {
  readonly #counts: Readonly<Record<'connections' | Counter, Float64Array>>;
  readonly #latencies = Array.from({ length: LATENCY_STEPS }, () => new LatencyHistogram());
  #second: number;
  #step: number;
  #connected = 0;

  constructor(
    traffic: TrafficLog,
    private readonly now: () => number,
    private readonly countConnections: () => number,
  ) {
    const ring = () => new Float64Array(METRICS_WINDOW_SECONDS);
    this.#counts = {
      connections: ring(),
      received: ring(),
      sent: ring(),
      rest: ring(),
      upstream: ring(),
      failed: ring(),
    };
    this.#second = Math.floor(now() / 1000);
    this.#step = Math.floor(this.#second / LATENCY_STEP_SECONDS);
    traffic.subscribe((entry) => this.#count(entry));
  }

  read(): MetricsReport {
    this.#advance();
    this.#sampleConnections();
    const all = new LatencyHistogram();
    for (const histogram of this.#latencies) all.add(histogram);
    const perSecond = mapValues(this.#counts, (ring) => unroll(ring, this.#second));
    const steps = unroll(this.#latencies, this.#step);
    const series = (part: number) => steps.map((histogram) => histogram.percentile(part) ?? null);
    return {
      time: this.now(),
      perSecond,
      latency: { stepSeconds: LATENCY_STEP_SECONDS, p50: series(0.5), p95: series(0.95), p99: series(0.99) },
      window: {
        received: sum(perSecond.received),
        sent: sum(perSecond.sent),
        rest: sum(perSecond.rest),
        upstream: sum(perSecond.upstream),
        failed: sum(perSecond.failed),
        p50: all.percentile(0.5) ?? null,
        p95: all.percentile(0.95) ?? null,
        p99: all.percentile(0.99) ?? null,
      },
    };
  }

  #count(entry: TrafficEntry): void {
    this.#advance();
    switch (entry.door) {
      case 'client':
        if (entry.action === 'received') this.#increment('received', 1);
        else if (entry.action === 'sent') this.#increment('sent', 1);
        else if (entry.action === 'fanOut') this.#increment('sent', entry.receivers ?? 0);
        // Whether the hub counts the connection before or after its entry, in a moment it has.
        else if (entry.action === 'connected' || entry.action === 'disconnected') {
          queueMicrotask(() => this.#sampleConnections());
        }
        break;
      case 'rest':
        this.#increment('rest', 1);
        break;
      case 'upstream':
        if (entry.failure !== undefined) this.#increment('failed', 1);
        if (entry.attempt === 0) break;
        this.#increment('upstream', 1);
        this.#latencies[this.#step % LATENCY_STEPS].record(entry.durationMs);
        break;
    }
  }

  #increment(counter: Counter, by: number): void {
    this.#counts[counter][this.#second % METRICS_WINDOW_SECONDS] += by;
  }

  #sampleConnections(): void {
    this.#connected = this.countConnections();
    this.#counts.connections[this.#second % METRICS_WINDOW_SECONDS] = this.#connected;
  }

  /** Opens the seconds since the last entry; as many were connected all the time, for any change is an entry. */
  #advance(): void {
    const second = Math.max(this.#second, Math.floor(this.now() / 1000));
    const passed = second - this.#second;
    if (passed === 0) return;
    for (let opened = Math.max(1, passed - METRICS_WINDOW_SECONDS + 1); opened <= passed; opened++) {
      const place = (this.#second + opened) % METRICS_WINDOW_SECONDS;
      for (const counter of COUNTERS) this.#counts[counter][place] = 0;
      this.#counts.connections[place] = this.#connected;
    }
    this.#second = second;
    const step = Math.floor(second / LATENCY_STEP_SECONDS);
    for (let opened = Math.max(1, step - this.#step - LATENCY_STEPS + 1); opened <= step - this.#step; opened++) {
      this.#latencies[(this.#step + opened) % LATENCY_STEPS].clear();
    }
    this.#step = step;
  }
}

/** A ring from oldest to newest; `newest` is the running number of its last place. */
function unroll<T>(ring: ArrayLike<T>, newest: number): T[] {
  return Array.from({ length: ring.length }, (_, index) => ring[(newest + 1 + index) % ring.length]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mapValues<K extends string, V, R>(record: Readonly<Record<K, V>>, map: (value: V) => R): Record<K, R> {
  return Object.fromEntries(Object.entries<V>(record).map(([key, value]) => [key, map(value)])) as Record<K, R>;
}
