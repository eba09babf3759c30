import { describe, expect, it } from '@jest/globals';
import { TrafficLog, type TrafficRecord } from '../../../src/emulator/traffic-log.js';

const FRAME = { door: 'client', hub: 'chat', action: 'received', summary: '' } as const;
const CALL = { door: 'rest', hub: 'chat', method: 'GET', path: '/', status: 200, durationMs: 1 } as const;
const EVENT = {
  ...({ door: 'upstream', hub: 'chat', eventName: 'e', attempt: 1, durationMs: 1 } as const),
  request: { method: 'POST', url: 'http://a.example', headers: {} },
} as const;

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

  it.each<[string, TrafficRecord]>([
    ['a path', { ...CALL, path: 'x'.repeat(400) }],
    ['headers', { ...CALL, requestHeaders: { ['x'.repeat(200)]: 'x'.repeat(200) } }],
    [
      'headers of an answer',
      { ...CALL, responseHeaders: { a: ['x'.repeat(200), 'x'.repeat(200)], b: 1, c: undefined } },
    ],
    ['claims', { ...CALL, tokenClaims: { a: 'x'.repeat(400) } }],
    ['the claims of a client', { ...FRAME, tokenClaims: { a: 'x'.repeat(400) } }],
    ['a summary', { ...FRAME, summary: 'x'.repeat(400) }],
    ['a URL', { ...EVENT, request: { ...EVENT.request, url: 'x'.repeat(400) } }],
    ['headers of an event', { ...EVENT, request: { ...EVENT.request, headers: { a: 'x'.repeat(400) } } }],
  ])('counts %s among its bytes', (_what, long) => {
    const log = new TrafficLog(() => 0, 100, 1_000);
    for (let count = 0; count < 30; count++) log.record({ ...long });
    expect(log.entries().length).toBeLessThanOrEqual(3);
    expect(log.lastId).toBe(30);
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
