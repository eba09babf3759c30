import { describe, expect, it } from '@jest/globals';
import { TrafficLog } from '../../../src/emulator/traffic-log.js';

function record(log: TrafficLog, frame = ''): void {
  log.record({ door: 'client', hub: 'chat', action: 'received', summary: 'x', frame });
}

const idsOf = (log: TrafficLog): number[] => log.entries().map(({ id }) => id);

describe('the traffic record', () => {
  it('keeps the newest entries', () => {
    const log = new TrafficLog(() => 0, 3);
    for (let count = 0; count < 10; count++) record(log);
    expect(idsOf(log)).toEqual([8, 9, 10]);
  });

  it('keeps no more bytes than it may, the newest entry always', () => {
    const log = new TrafficLog(() => 0, 100, 1_000);
    for (let count = 0; count < 30; count++) record(log, 'x'.repeat(100));
    expect(idsOf(log).length).toBeLessThanOrEqual(10);
    expect(idsOf(log).at(-1)).toBe(30);
    record(log, 'x'.repeat(5_000));
    expect(idsOf(log)).toEqual([31]);
    record(log);
    expect(idsOf(log).at(-1)).toBe(32);
  });

  it('finds an entry by its id while it is kept', () => {
    const log = new TrafficLog(() => 0, 3);
    for (let count = 0; count < 10; count++) record(log);
    expect(log.find(10)?.id).toBe(10);
    expect(log.find(1)).toBeUndefined();
    expect(log.find(11)).toBeUndefined();
    expect(log.find(Number.NaN)).toBeUndefined();
    log.clear();
    expect(log.find(10)).toBeUndefined();
    record(log);
    expect(log.find(11)?.id).toBe(11);
  });

  it('feeds whoever listens, until told to stop', () => {
    const log = new TrafficLog(() => 5);
    const heard: number[] = [];
    const stop = log.subscribe(({ id, time }) => heard.push(id, time));
    record(log);
    stop();
    record(log);
    expect(heard).toEqual([1, 5]);
  });
});
