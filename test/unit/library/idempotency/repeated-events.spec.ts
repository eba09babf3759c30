import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { IdempotencyStore } from '../../../../src/library/idempotency/idempotency-store.interface.js';
import { InMemoryIdempotencyStore } from '../../../../src/library/idempotency/in-memory-idempotency.store.js';
import { type EventAnswer, RepeatedEvents } from '../../../../src/library/idempotency/repeated-events.js';

const EVENT = { source: '/hubs/chat/client/c1', connectionId: 'c1', eventId: '7' };
const ANSWER: EventAnswer = {
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'ce-connectionState': 'e30=', 'set-cookie': ['a=1', 'b=2'] },
  body: Buffer.from([0, 1, 255]),
};

/** A handler that counts its runs, and gives these answers in turn. */
function handlerOf(...answers: (EventAnswer | Error)[]) {
  let runs = 0;
  const run = async () => {
    const answer = answers[Math.min(runs++, answers.length - 1)];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { run, runs: () => runs };
}

describe('RepeatedEvents [upstream-events 6.4, 8.1]', () => {
  it('answers a repeated event as the first, whole, without running the handler again', async () => {
    const events = new RepeatedEvents();
    const handler = handlerOf(ANSWER, { status: 204, headers: {} });
    await events.answerOnce(EVENT, handler.run);
    expect(await events.answerOnce(EVENT, handler.run)).toEqual(ANSWER);
    expect(handler.runs()).toBe(1);
  });

  it('forgets a handler that never ends, as it would have forgotten its answer', async () => {
    const events = new RepeatedEvents({ ttlMs: 20 });
    void events.answerOnce(EVENT, () => new Promise(() => {}));
    const handler = handlerOf(ANSWER);
    // What comes before waits for the first.
    while (handler.runs() === 0) {
      void events.answerOnce(EVENT, handler.run);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await events.answerOnce(EVENT, handler.run)).toEqual(ANSWER);
    expect(handler.runs()).toBe(1);
  });

  it('remembers an answer without a body', async () => {
    const events = new RepeatedEvents();
    const handler = handlerOf({ status: 204, headers: {} });
    await events.answerOnce(EVENT, handler.run);
    expect(await events.answerOnce(EVENT, handler.run)).toEqual({ status: 204, headers: {} });
    expect(handler.runs()).toBe(1);
  });

  it.each([
    ['source', { ...EVENT, source: '/hubs/other/client/c1' }],
    ['connection', { ...EVENT, connectionId: 'c2' }],
    ['id', { ...EVENT, eventId: '8' }],
  ])('takes an event with another %s for another event', async (_, other) => {
    const events = new RepeatedEvents();
    const handler = handlerOf(ANSWER);
    await events.answerOnce(EVENT, handler.run);
    await events.answerOnce(other, handler.run);
    expect(handler.runs()).toBe(2);
  });

  it.each([[400], [401], [403], [404], [429]])('remembers the refusal %d, which is not retried', async (status) => {
    const events = new RepeatedEvents();
    const handler = handlerOf({ status, headers: {} }, ANSWER);
    await events.answerOnce(EVENT, handler.run);
    expect(await events.answerOnce(EVENT, handler.run)).toMatchObject({ status });
  });

  it.each([[408], [500], [503]])('runs the handler again after %d, which the service retries', async (status) => {
    const events = new RepeatedEvents();
    const handler = handlerOf({ status, headers: {} }, ANSWER);
    expect(await events.answerOnce(EVENT, handler.run)).toMatchObject({ status });
    expect(await events.answerOnce(EVENT, handler.run)).toEqual(ANSWER);
  });

  it('runs the handler again after an error', async () => {
    const events = new RepeatedEvents();
    const handler = handlerOf(new Error('broken'), ANSWER);
    await expect(events.answerOnce(EVENT, handler.run)).rejects.toThrow('broken');
    expect(await events.answerOnce(EVENT, handler.run)).toEqual(ANSWER);
  });

  it('lets a repeated event wait for the first that still runs', async () => {
    const events = new RepeatedEvents();
    const first = deferred<EventAnswer>();
    let runs = 0;
    const run = () => {
      runs++;
      return first.promise;
    };
    const answers = [events.answerOnce(EVENT, run), events.answerOnce(EVENT, run), events.answerOnce(EVENT, run)];
    first.resolve(ANSWER);
    expect(await Promise.all(answers)).toEqual([ANSWER, ANSWER, ANSWER]);
    expect(runs).toBe(1);
  });

  it('runs the handler for one of those that waited when the first failed', async () => {
    const events = new RepeatedEvents();
    const handler = handlerOf({ status: 500, headers: {} }, ANSWER);
    const answers = [1, 2, 3].map(() => events.answerOnce(EVENT, handler.run));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([500, 200, 200]);
    expect(handler.runs()).toBe(2);
  });

  it('shares answers with another instance through the store', async () => {
    const store = new InMemoryIdempotencyStore();
    const handler = handlerOf(ANSWER);
    await new RepeatedEvents({ store }).answerOnce(EVENT, handler.run);
    expect(await new RepeatedEvents({ store }).answerOnce(EVENT, handler.run)).toEqual(ANSWER);
    expect(handler.runs()).toBe(1);
  });

  it('waits while another instance runs the handler', async () => {
    const shared = new InMemoryIdempotencyStore();
    const asked: string[] = [];
    const first = deferred<EventAnswer>();
    const store: IdempotencyStore = {
      claim: async (key, ttlMs) => {
        const claim = await shared.claim(key, ttlMs);
        asked.push(claim.kind);
        if (claim.kind === 'running') first.resolve(ANSWER);
        return claim;
      },
      complete: (key, answer, ttlMs) => shared.complete(key, answer, ttlMs),
      release: (key) => shared.release(key),
    };
    const running = new RepeatedEvents({ store }).answerOnce(EVENT, () => first.promise);
    const handler = handlerOf({ status: 204, headers: {} });
    expect(await new RepeatedEvents({ store }).answerOnce(EVENT, handler.run)).toEqual(ANSWER);
    await running;
    expect(handler.runs()).toBe(0);
    expect(asked).toContain('running');
  });

  it('runs the handler when the store fails, and says so without its details', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const failing = async () => Promise.reject(new Error('redis://user:password@host'));
    const events = new RepeatedEvents({ store: { claim: failing, complete: failing, release: failing } });
    expect(await events.answerOnce(EVENT, handlerOf(ANSWER).run)).toEqual(ANSWER);
    expect(String(warn.mock.calls[0]?.[0])).toContain('may run twice');
    expect(String(warn.mock.calls[0]?.[0])).not.toContain('password');
    warn.mockRestore();
  });
});

describe('InMemoryIdempotencyStore', () => {
  it('gives a key to one caller until it is released', async () => {
    const store = new InMemoryIdempotencyStore();
    expect(await store.claim('k', 1_000)).toEqual({ kind: 'claimed' });
    expect(await store.claim('k', 1_000)).toEqual({ kind: 'running' });
    await store.release('k');
    expect(await store.claim('k', 1_000)).toEqual({ kind: 'claimed' });
  });

  it('forgets after ttlMs', async () => {
    let now = 0;
    const store = new InMemoryIdempotencyStore({ now: () => now });
    await store.claim('k', 1_000);
    await store.complete('k', 'answer', 1_000);
    now = 999;
    expect(await store.claim('k', 1_000)).toEqual({ kind: 'completed', answer: 'answer' });
    now = 1_000;
    expect(await store.claim('k', 1_000)).toEqual({ kind: 'claimed' });
  });

  it('keeps no more than maxEntries, the newest', async () => {
    const store = new InMemoryIdempotencyStore({ maxEntries: 2 });
    for (const key of ['a', 'b', 'c']) await store.complete(key, key, 1_000);
    expect(store.size).toBe(2);
    expect(await store.claim('c', 1_000)).toEqual({ kind: 'completed', answer: 'c' });
    expect(await store.claim('a', 1_000)).toEqual({ kind: 'claimed' });
  });

  it('keeps no more than maxAnswerLength of answers', async () => {
    const store = new InMemoryIdempotencyStore({ maxAnswerLength: 10 });
    await store.complete('a', 'x'.repeat(6), 1_000);
    await store.complete('b', 'y'.repeat(6), 1_000);
    expect(await store.claim('b', 1_000)).toEqual({ kind: 'completed', answer: 'y'.repeat(6) });
    expect(await store.claim('a', 1_000)).toEqual({ kind: 'claimed' });
  });

  it('drops expired keys as new ones come', async () => {
    let now = 0;
    const store = new InMemoryIdempotencyStore({ now: () => now });
    for (const key of ['a', 'b', 'c']) await store.claim(key, 10);
    now = 10;
    await store.claim('d', 10);
    expect(store.size).toBe(1);
  });
});

function deferred<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}
