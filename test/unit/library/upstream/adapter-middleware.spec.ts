import { describe, expect, it } from '@jest/globals';
import { HttpAdapterHost } from '@nestjs/core';
import { whenAdapterTakesMiddleware } from '../../../../src/library/upstream/adapter-middleware.js';

/** As before Nest 11.1.4, where nobody was told of the adapter. */
function earlierHost(adapter?: object): HttpAdapterHost {
  class EarlierHost {
    #adapter = adapter;
    get httpAdapter() {
      return this.#adapter;
    }
    set httpAdapter(given) {
      this.#adapter = given;
    }
  }
  return new EarlierHost() as unknown as HttpAdapterHost;
}

describe('whenAdapterTakesMiddleware', () => {
  it('waits until the host says that the adapter is there', () => {
    const host = new HttpAdapterHost();
    const steps: string[] = [];
    whenAdapterTakesMiddleware(host, () => steps.push('installed'));
    expect(steps).toEqual([]);
    host.httpAdapter = {} as never;
    expect(steps).toEqual(['installed']);
  });

  it('does not hear of it when it has ceased to wait', () => {
    const host = new HttpAdapterHost();
    const steps: string[] = [];
    whenAdapterTakesMiddleware(host, () => steps.push('installed'))();
    host.httpAdapter = {} as never;
    expect(steps).toEqual([]);
  });

  it('does not wait for an earlier release of Nest to say so', () => {
    const steps: string[] = [];
    whenAdapterTakesMiddleware(earlierHost({}), () => steps.push('installed'));
    expect(steps).toEqual(['installed']);
  });

  it('waits for the adapter itself there, for each who waits', () => {
    const host = earlierHost();
    const steps: string[] = [];
    whenAdapterTakesMiddleware(host, () => steps.push('first'));
    whenAdapterTakesMiddleware(host, () => steps.push('second'))();
    whenAdapterTakesMiddleware(host, () => steps.push('third'));
    const adapter = {};
    expect(host.httpAdapter).toBeUndefined();
    host.httpAdapter = adapter as never;
    expect(host.httpAdapter).toBe(adapter);
    expect(steps).toEqual(['first', 'third']);
    host.httpAdapter = {} as never;
    expect(steps).toEqual(['first', 'third']);
  });
});
