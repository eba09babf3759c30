import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { UpstreamInterceptor } from '../../../src/emulator/core/upstream-interceptor.js';
import { UpstreamUnreachableError } from '../../../src/emulator/core/upstream-transport.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ALLOW_ANY_ORIGIN, RecordingUpstream } from '../../support/record-upstream.js';
import {
  EMPTY_CONNECT,
  StartedRouter,
  WaitSkippingClock,
  type StartedRouterOptions,
} from '../../support/start-event-router.js';

const TEXT = { kind: 'text', text: 'hi' } as const;

describe('attempts to reach upstream [upstream-events 8.1]', () => {
  let upstream: RecordingUpstream;
  let started: StartedRouter;

  beforeEach(async () => {
    upstream = await RecordingUpstream.start();
    start();
  });

  afterEach(async () => {
    await started.close();
    await upstream.close();
  });

  function start(options?: StartedRouterOptions): void {
    const systemEvents = ['connect', 'connected', 'disconnected'] as const;
    const handler = { urlTemplate: `${upstream.url}/eventhandler`, userEventPattern: '*', systemEvents };
    started = new StartedRouter({ eventHandlers: [handler] }, options);
  }

  function send(signal?: AbortSignal) {
    return started.router.userEvent(started.connection(), { name: 'message', data: TEXT }, signal);
  }

  function posts() {
    return started.traffic.filter(({ request }) => request.method === 'POST');
  }

  it.each([408, 500, 502, 503, 599])('are four after %i, 1, 3 and 5 s apart', async (status) => {
    upstream.onEvent = () => ({ status });
    expect(await send()).toMatchObject({ kind: 'failed', status, reason: expect.stringMatching(/asked 4 times/) });
    expect((started.clock as WaitSkippingClock).skipped).toEqual([1_000, 3_000, 5_000]);
    expect(posts().map(({ attempt, failure }) => [attempt, typeof failure])).toEqual([
      [1, 'string'],
      [2, 'string'],
      [3, 'string'],
      [4, 'string'],
    ]);
    expect(started.warnings).toHaveLength(1);
  });

  it.each([301, 400, 401, 404, 409, 429, 600])('are one after %i', async (status) => {
    upstream.onEvent = () => ({ status });
    expect(await send()).toMatchObject({ kind: 'failed', status });
    expect(upstream.events).toHaveLength(1);
  });

  it('repeat the same request', async () => {
    let count = 0;
    upstream.onEvent = () => ({ status: ++count < 3 ? 503 : 204 });
    expect(await send()).toEqual({ kind: 'handled', status: 204 });
    const [first, ...others] = upstream.events;
    expect(others).toHaveLength(2);
    for (const other of others) expect(other).toEqual(first);
    expect(started.warnings).toEqual([]);
  });

  it('are made for events that nobody waits for', async () => {
    let count = 0;
    upstream.onEvent = () => ({ status: ++count === 1 ? 500 : 204 });
    started.router.connected(started.connection());
    await upstream.nextEvent();
    expect((await upstream.nextEvent()).headers['ce-eventname']).toBe('connected');
  });

  it('are made after a broken connection', async () => {
    let count = 0;
    upstream.onEvent = () => (++count === 1 ? 'reset' : { status: 204 });
    expect(await send()).toMatchObject({ kind: 'handled' });
    expect(posts()).toMatchObject([{ attempt: 1, failure: expect.stringMatching(/broke/) }, { attempt: 2 }]);
  });

  it('to a port that does not speak HTTP say so', async () => {
    upstream.onEvent = () => (_response, socket) => socket.end('hello\r\n\r\n');
    const reason = expect.stringMatching(/something that is not HTTP\/1\.1; does port \d+ speak https\?$/);
    expect(await send()).toMatchObject({ kind: 'failed', reason });
  });

  it('to a port that speaks TLS say so', async () => {
    await upstream.close();
    const server = createTlsServer().listen(upstream.port, '127.0.0.1');
    await once(server, 'listening');
    try {
      const reason = expect.stringMatching(/does port \d+ speak https\?$/);
      expect(await send()).toMatchObject({ kind: 'failed', reason });
    } finally {
      server.close();
    }
  });

  it('are made while nothing listens, and say so', async () => {
    await send();
    await upstream.close();
    expect(await send()).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/Nothing listens at http:\/\/127/),
    });
    expect(posts().slice(1)).toHaveLength(4);
  });

  it('reach an upstream that has come back', async () => {
    await send();
    const { port } = upstream;
    await upstream.close();
    start({ clock: new FakeClock() });
    const sending = send();
    while (started.traffic.length === 0) await new Promise((resolve) => setImmediate(resolve));
    upstream = await RecordingUpstream.start(undefined, port);
    started.clock.advance(1_000);
    expect(await sending).toMatchObject({ kind: 'handled' });
  });

  it('end after 100 s, without another', async () => {
    upstream.onEvent = () => 'hang';
    const sending = send();
    await upstream.nextEvent();
    started.clock.advance(99_999);
    started.clock.advance(1);
    expect(await sending).toEqual({ kind: 'failed', reason: expect.stringMatching(/within 100 s/) });
    expect(upstream.events).toHaveLength(1);
  });

  it('end after 100 s while the answer is still coming [assumed]', async () => {
    upstream.onEvent = () => (response) => void response.writeHead(200).write('a');
    const sending = send();
    await upstream.nextEvent();
    started.clock.advance(100_000);
    expect(await sending).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/within 100 s/) });
  });

  it('end when the client goes away', async () => {
    let broken: Promise<unknown> = Promise.resolve();
    upstream.onEvent = () => (_, socket) => (broken = new Promise((resolve) => socket.once('close', resolve)));
    const leaving = new AbortController();
    const sending = send(leaving.signal);
    await upstream.nextEvent();
    leaving.abort();
    expect(await sending).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/client went away/) });
    await broken;
    expect(started.warnings).toEqual([]);
  });

  it('are not begun for a client that went away during the validation', async () => {
    let allow = (): void => {};
    upstream.onValidation = () => new Promise((resolve) => (allow = () => resolve(ALLOW_ANY_ORIGIN)));
    const leaving = new AbortController();
    const sending = send(leaving.signal);
    await upstream.nextValidation();
    leaving.abort();
    allow();
    expect(await sending).toMatchObject({ kind: 'failed' });
    expect(posts()).toMatchObject([{ attempt: 0, failure: expect.stringMatching(/client went away/) }]);
    expect(upstream.events).toEqual([]);
  });

  it('end when the client goes away between two of them', async () => {
    start({ clock: new FakeClock() });
    upstream.onEvent = () => ({ status: 500 });
    const leaving = new AbortController();
    const sending = send(leaving.signal);
    while (posts().length === 0) await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    expect(await sending).toMatchObject({ kind: 'failed' });
    expect(started.clock.pending).toBe(0);
    expect(upstream.events).toHaveLength(1);
  });

  describe('when the emulator closes', () => {
    it('are waited for', async () => {
      let answer = (): void => {};
      upstream.onEvent = () => new Promise((resolve) => (answer = () => resolve({ status: 204 })));
      started.router.disconnected(started.connection(), 'bye');
      await upstream.nextEvent();
      const closing = started.router.close();
      answer();
      await closing;
      expect(posts()).toMatchObject([{ eventName: 'disconnected', response: { status: 204 } }]);
    });

    it('are not repeated', async () => {
      start({ clock: new FakeClock() });
      upstream.onEvent = () => ({ status: 500 });
      started.router.disconnected(started.connection(), 'bye');
      while (posts().length === 0) await new Promise((resolve) => setImmediate(resolve));
      await started.router.close();
      expect(upstream.events).toHaveLength(1);
      expect(started.clock.pending).toBe(0);
    });

    it('are given up after a while', async () => {
      upstream.onEvent = () => 'hang';
      const sending = send();
      await upstream.nextEvent();
      await started.router.close();
      expect(await sending).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/emulator was closed/) });
    });

    it('are not begun any more', async () => {
      await started.router.close();
      expect(await send()).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/emulator was closed/) });
      expect(upstream.requests).toEqual([]);
    });
  });

  describe('under an interceptor', () => {
    function intercept(onEvent: UpstreamInterceptor): void {
      start({ interceptor: (call, next) => (call.purpose === 'event' ? onEvent(call, next) : next()) });
    }

    it('can be failed', async () => {
      intercept(async (call) => {
        call.noteFault('failed');
        throw new UpstreamUnreachableError('a fault switch broke the connection', { isRetryable: call.attempt < 2 });
      });
      expect(await send()).toEqual({ kind: 'failed', reason: 'a fault switch broke the connection' });
      expect(posts()).toMatchObject([
        { attempt: 1, fault: 'failed' },
        { attempt: 2, fault: 'failed' },
      ]);
      expect(upstream.events).toEqual([]);
    });

    it('can be answered in the place of upstream', async () => {
      intercept(async () => ({ status: 401, headers: {}, body: Buffer.alloc(0) }));
      expect(await started.router.connect(started.connection(), EMPTY_CONNECT)).toMatchObject({ status: 401 });
      expect(upstream.events).toEqual([]);
    });

    it('can be repeated: upstream sees the same event twice', async () => {
      intercept(async (call, next) => {
        await next();
        call.noteFault('repeated');
        return next();
      });
      expect(await send()).toMatchObject({ kind: 'handled' });
      const [first, second] = upstream.events;
      expect(second).toEqual(first);
      expect(posts()).toMatchObject([{ attempt: 1, fault: 'repeated' }]);
    });

    it('end with the deadline, however long they are delayed', async () => {
      let reach = (): void => {};
      const reached = new Promise<void>((resolve) => (reach = resolve));
      intercept(() => {
        reach();
        return new Promise(() => {});
      });
      const sending = send();
      await reached;
      started.clock.advance(100_000);
      expect(await sending).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/within 100 s/) });
    });

    it('see validations, which they can refuse', async () => {
      start({
        interceptor: async (call, next) =>
          call.purpose === 'validation' ? { status: 403, headers: {}, body: Buffer.alloc(0) } : next(),
      });
      expect(await send()).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/validation/) });
      expect(upstream.requests).toEqual([]);
    });
  });
});
