import * as api from '@opentelemetry/api';
import { describe, expect, it, jest } from '@jest/globals';
import { loadEventObserver } from '../../../../src/library/observability/load-event-observer.js';

describe('loading the observer of events', () => {
  it('finds none when OpenTelemetry is not installed', async () => {
    const missing = () => Promise.reject(Object.assign(new Error('no package'), { code: 'ERR_MODULE_NOT_FOUND' }));
    expect(await loadEventObserver({}, missing)).toBeUndefined();
  });

  it('does not look for OpenTelemetry when it is off', async () => {
    const load = jest.fn(() => Promise.resolve(api));
    expect(await loadEventObserver({ observability: 'off' }, load)).toBeUndefined();
    expect(load).not.toHaveBeenCalled();
  });

  it.each([undefined, 'auto'] as const)(
    'finds OpenTelemetry by itself when the option is %s',
    async (observability) => {
      expect(await loadEventObserver({ observability })).toBeDefined();
    },
  );
});
