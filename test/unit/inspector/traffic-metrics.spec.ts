import { beforeEach, describe, expect, it } from '@jest/globals';
import { TrafficLog, type UpstreamTraffic } from '../../../src/emulator/traffic-log.js';
import { METRICS_WINDOW_SECONDS, TrafficMetrics } from '../../../src/inspector/traffic-metrics.js';

let now: number;
let connected: number;
let log: TrafficLog;
let metrics: TrafficMetrics;

beforeEach(() => {
  now = 1_700_000_000_000;
  connected = 0;
  log = new TrafficLog(() => now);
  metrics = new TrafficMetrics(
    log,
    () => now,
    () => connected,
  );
});

function recordClient(action: 'received' | 'sent' | 'fanOut' | 'connected' | 'disconnected', receivers?: number): void {
  log.record({ door: 'client', hub: 'chat', action, summary: action, ...(receivers !== undefined && { receivers }) });
}

function recordUpstream(more: Partial<UpstreamTraffic> = {}): void {
  const request = { method: 'POST', url: 'http://localhost', headers: {} } as const;
  log.record({ door: 'upstream', hub: 'chat', eventName: 'message', attempt: 1, durationMs: 10, request, ...more });
}

describe('the metrics of the traffic', () => {
  it('count frames both ways, a fan-out once per receiver', () => {
    recordClient('received');
    recordClient('sent');
    recordClient('fanOut', 25);
    log.record({ door: 'rest', hub: 'chat', method: 'POST', path: '/', status: 202, durationMs: 1 });
    const { perSecond, window } = metrics.read();
    expect(window).toMatchObject({ received: 1, sent: 26, rest: 1, upstream: 0 });
    expect(perSecond.sent.at(-1)).toBe(26);
    expect(perSecond.sent).toHaveLength(METRICS_WINDOW_SECONDS);
  });

  it('count upstream calls, those that failed, and no call for an event that was never sent', () => {
    recordUpstream();
    recordUpstream({ failure: 'answered 500', durationMs: 100 });
    recordUpstream({ attempt: 0, failure: 'not validated' });
    const { window, latency } = metrics.read();
    expect(window).toMatchObject({ upstream: 2, failed: 2 });
    expect(window.p50).toBeCloseTo(10, 0);
    expect(window.p99).toBeGreaterThanOrEqual(100);
    expect(latency.p50.at(-1)).toBe(window.p50);
    expect(latency.p50.at(-2)).toBeNull();
  });

  it('put each second in its place and forget what is older than the window', () => {
    recordClient('received');
    now += 3_000;
    recordClient('received');
    expect(metrics.read().perSecond.received.slice(-4)).toEqual([1, 0, 0, 1]);
    now += (METRICS_WINDOW_SECONDS - 1) * 1000;
    expect(metrics.read().window.received).toBe(1);
    now += 1_000;
    expect(metrics.read().window.received).toBe(0);
  });

  it('forget everything after a silence longer than the window', () => {
    recordClient('received');
    recordUpstream();
    now += 10 * METRICS_WINDOW_SECONDS * 1000;
    expect(metrics.read().window).toMatchObject({ received: 0, upstream: 0, p50: null });
  });

  it.each(['before', 'after'])('follow the number of connections, counted %s the entry', async (order) => {
    const connect = async (): Promise<void> => {
      if (order === 'before') connected++;
      recordClient('connected');
      if (order === 'after') connected++;
      await Promise.resolve();
    };
    await connect();
    now += 2_000;
    await connect();
    now += 1_000;
    expect(metrics.read().perSecond.connections.slice(-5)).toEqual([0, 1, 1, 2, 2]);
  });

  it('do not mind a clock that goes back', () => {
    recordClient('received');
    now -= 60_000;
    recordClient('received');
    expect(metrics.read().window.received).toBe(2);
  });
});
