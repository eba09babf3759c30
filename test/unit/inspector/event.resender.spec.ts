import { describe, expect, it } from '@jest/globals';
import type { UpstreamRequest, UpstreamResponse } from '../../../src/emulator/core/upstream-transport.js';
import { silentLogger } from '../../../src/emulator/emulator-logger.js';
import { TrafficLog, type UpstreamTraffic } from '../../../src/emulator/traffic-log.js';
import { blankRequest } from '../../../src/emulator/upstream/secrets.js';
import { EventResender } from '../../../src/inspector/event.resender.js';
import { FakeClock } from '../../support/fake-clock.js';

const request: UpstreamRequest = {
  method: 'POST',
  url: 'http://localhost:8080/eventhandler?code=hush',
  headers: { Authorization: 'Bearer token', 'ce-id': '4' },
  body: Buffer.from('hi'),
};

function setUp(send: (request: UpstreamRequest, signal: AbortSignal) => Promise<UpstreamResponse>) {
  const clock = new FakeClock();
  const traffic = new TrafficLog(() => clock.now());
  const transport = {
    carries: (url: URL) => url.protocol === 'http:',
    send: (_hub: string, sent: UpstreamRequest, signal: AbortSignal) => send(sent, signal),
  };
  const context = { accessKeys: { primary: 'k' }, clock, logger: silentLogger, traffic };
  traffic.record({
    door: 'upstream',
    hub: 'chat',
    eventName: 'message',
    connectionId: 'c1',
    attempt: 3,
    durationMs: 1,
    request: blankRequest(request),
  });
  const [entry] = traffic.entries() as [UpstreamTraffic];
  return { clock, traffic, entry, resender: new EventResender(context, [transport]) };
}

describe('sending an event again', () => {
  it('sends what was sent, secrets included, and records it without them', async () => {
    const sent: UpstreamRequest[] = [];
    const { traffic, entry, resender } = setUp(async (again) => {
      sent.push(again);
      return { status: 204, headers: {}, body: Buffer.alloc(0) };
    });
    await resender.resend(entry);
    expect(sent).toEqual([request]);
    expect(traffic.entries()[1]).toMatchObject({
      eventName: 'message',
      connectionId: 'c1',
      attempt: 1,
      resentFrom: 1,
      response: { status: 204 },
    });
    expect(JSON.stringify(traffic.entries())).not.toMatch(/hush|Bearer token/);
  });

  it('records in words why it failed', async () => {
    const { traffic, entry, resender } = setUp(async () => ({ status: 404, headers: {}, body: Buffer.alloc(0) }));
    await resender.resend(entry);
    expect(traffic.entries()[1]).toMatchObject({ failure: expect.stringContaining('answered 404') });
  });

  it('records that nobody answered', async () => {
    const { traffic, entry, resender } = setUp(async () => {
      throw new Error('Nothing listens there.');
    });
    await resender.resend(entry);
    expect(traffic.entries()[1]).toMatchObject({ failure: 'Nothing listens there.' });
  });

  it('gives up after 100 s', async () => {
    const { clock, traffic, entry, resender } = setUp(
      (_request, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        }),
    );
    const resending = resender.resend(entry);
    clock.advance(100_000);
    await resending;
    expect(traffic.entries()[1]).toMatchObject({
      failure: expect.stringContaining('within 100 s'),
      durationMs: 100_000,
    });
    expect(clock.pending).toBe(0);
  });

  it('says that nothing carries requests to an address', async () => {
    const { traffic, entry, resender } = setUp(async () => ({ status: 204, headers: {}, body: Buffer.alloc(0) }));
    await resender.resend({ ...entry, request: { ...request, url: 'tunnel:///eventhandler' } });
    expect(traffic.entries()[1]).toMatchObject({ failure: expect.stringContaining('Nothing carries requests') });
  });
});
