import { describe, expect, it } from '@jest/globals';
import { LatencyHistogram } from '../../../src/inspector/latency-histogram.js';

describe('a latency histogram', () => {
  it('knows percentiles within five percent', () => {
    const histogram = new LatencyHistogram();
    for (let durationMs = 1; durationMs <= 1000; durationMs++) histogram.record(durationMs);
    for (const [part, exact] of [
      [0.5, 500],
      [0.95, 950],
      [0.99, 990],
      [1, 1000],
    ] as const) {
      const answer = histogram.percentile(part)!;
      expect(answer).toBeGreaterThanOrEqual(exact);
      expect(answer).toBeLessThanOrEqual(exact * 1.05);
    }
  });

  it('counts what is shorter or longer than its bins', () => {
    const histogram = new LatencyHistogram();
    histogram.record(0);
    histogram.record(10_000_000);
    expect(histogram.count).toBe(2);
    expect(histogram.percentile(0.5)).toBeCloseTo(0.1);
    expect(histogram.percentile(1)).toBeGreaterThan(100_000);
  });

  it('has no percentile while it is empty, and again after it was cleared', () => {
    const histogram = new LatencyHistogram();
    expect(histogram.percentile(0.5)).toBeUndefined();
    histogram.record(1);
    histogram.clear();
    expect(histogram.percentile(0.5)).toBeUndefined();
  });

  it('adds another', () => {
    const [one, other] = [new LatencyHistogram(), new LatencyHistogram()];
    one.record(1);
    other.record(100);
    one.add(other);
    expect(one.count).toBe(2);
    expect(one.percentile(1)).toBeGreaterThanOrEqual(100);
  });
});
