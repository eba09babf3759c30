import { describe, expect, it } from '@jest/globals';
import { EventExchange } from '../../../../src/library/upstream/event-exchange.js';
import { InFlightEvents } from '../../../../src/library/upstream/in-flight-events.js';

const exchange = (): EventExchange => new EventExchange({} as never, {} as never, undefined, -1, false);

describe('events in flight', () => {
  it('tell everyone who waits when there are none', async () => {
    const events = new InFlightEvents();
    const event = exchange();
    events.begin(event);
    const waiting = Promise.all([events.whenNone(2 ** 30), events.whenNone(2 ** 30)]);
    events.end(event);
    events.end(event);
    expect(await waiting).toEqual([undefined, undefined]);
    expect(events.list()).toEqual([]);
  });

  it('are not waited for beyond the patience', async () => {
    const events = new InFlightEvents();
    const event = exchange();
    events.begin(event);
    await events.whenNone(1);
    expect(events.list()).toEqual([event]);
  });
});
