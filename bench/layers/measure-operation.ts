import { getHeapStatistics } from 'node:v8';
import { median } from '../statistics.js';

export interface OperationCost {
  readonly nanoseconds: number;
  /** Allocated on the heap; the median of several short runs, none of which is long enough for a collection. */
  readonly bytes: number;
}

const TARGET_MS = 150;
const ROUNDS = 7;
const ALLOCATION_RUN = 200;

/** What one call costs: time from runs long enough to be timed, allocations from short ones. */
export async function measureOperation(operation: () => unknown): Promise<OperationCost> {
  let count = 64;
  for (let elapsedMs = 0; elapsedMs < TARGET_MS;) {
    count *= 2;
    elapsedMs = await time(operation, count);
  }
  const times: number[] = [];
  const allocations: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    times.push(((await time(operation, count)) * 1e6) / count);
    allocations.push(await allocate(operation));
  }
  return { nanoseconds: median(times), bytes: Math.max(0, median(allocations)) };
}

async function time(operation: () => unknown, count: number): Promise<number> {
  const started = performance.now();
  for (let index = 0; index < count; index++) {
    const result = operation();
    if (result instanceof Promise) await result;
  }
  return performance.now() - started;
}

async function allocate(operation: () => unknown): Promise<number> {
  (globalThis as { gc?: () => void }).gc?.();
  const before = getHeapStatistics().used_heap_size;
  for (let index = 0; index < ALLOCATION_RUN; index++) {
    const result = operation();
    if (result instanceof Promise) await result;
  }
  return (getHeapStatistics().used_heap_size - before) / ALLOCATION_RUN;
}
