import { describe, expect, it } from '@jest/globals';
import { TrafficLog, type UpstreamTraffic } from '../../../src/emulator/traffic-log.js';
import { viewValidation } from '../../../src/inspector/validation-view.js';

const url = 'http://localhost:8080/chat/validate';
const asked = { url, status: 'unknown' } as const;

function record(...entries: readonly Partial<UpstreamTraffic>[]): TrafficLog {
  let now = 1_000;
  const traffic = new TrafficLog(() => now++);
  for (const entry of entries) {
    const request = { method: 'OPTIONS', url, headers: {} } as const;
    traffic.record({
      door: 'upstream',
      hub: 'chat',
      eventName: 'validate',
      attempt: 1,
      request,
      durationMs: 1,
      ...entry,
    });
  }
  return traffic;
}

describe('the view of a validation', () => {
  it('tells of the last attempt that failed while there is no verdict', () => {
    const traffic = record({ failure: 'Nothing listens.' }, { attempt: 2, failure: 'It answered 503.' });
    expect(viewValidation(asked, traffic)).toEqual({
      url,
      status: 'failing',
      checkedAt: 1_001,
      problem: 'It answered 503.',
    });
  });

  const post = { method: 'POST', url, headers: {} } as const;
  const elsewhere = { method: 'OPTIONS', url: `${url}?code=***`, headers: {} } as const;
  it.each<[string, Partial<UpstreamTraffic>[]]>([
    ['nothing was asked', []],
    ['the last attempt did not fail', [{ failure: 'no' }, {}]],
    ['what failed was an event that a client called so', [{ failure: 'no', request: post }]],
    ['what failed was another event', [{ failure: 'no', eventName: 'connect' }]],
    ['another URL failed', [{ failure: 'no', request: elsewhere }]],
    ['somebody sent it again by hand', [{ failure: 'no', resentFrom: 1 }]],
  ])('stays unknown when %s', (_case, entries) => {
    expect(viewValidation(asked, record(...entries))).toEqual(asked);
  });

  it.each(['allowed', 'refused'] as const)('is the verdict once there is one: %s', (status) => {
    const state = { url, status, checkedAt: 5 };
    expect(viewValidation(state, record({ failure: 'no' }))).toBe(state);
  });
});
