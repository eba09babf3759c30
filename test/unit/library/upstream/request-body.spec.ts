import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import {
  readRequestBody,
  SlowBodies,
  takeHostBody,
  type BodyOutcome,
  type BodyReading,
} from '../../../../src/library/upstream/request-body.js';

function requestWith(headers: Record<string, string>): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  Object.assign(request.headers, headers);
  return request;
}

/** As a body parser leaves it. */
function consumedRequest(headers: Record<string, string>): IncomingMessage {
  const request = requestWith(headers);
  request.push('consumed');
  request.read();
  return request;
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const read = (body: string | Buffer): BodyOutcome => ({ kind: 'read', body: Buffer.from(body) });

describe('takeHostBody', () => {
  it.each<[string, Record<string, string>, unknown, BodyOutcome]>([
    ['a parsed object', JSON_TYPE, { a: 1 }, read('{"a":1}')],
    ['a parsed null', JSON_TYPE, null, read('null')],
    ['a parsed number', JSON_TYPE, 5, read('5')],
    ['a parsed string', { ...JSON_TYPE, 'content-length': '4' }, 'hi', read('"hi"')],
    ['a parsed string that looks like JSON', { ...JSON_TYPE, 'content-length': '3' }, '5', read('"5"')],
    ['JSON left as text', { ...JSON_TYPE, 'content-length': '4' }, '"hi"', read('"hi"')],
    ['JSON text of unknown length', JSON_TYPE, '{"a":1}', read('{"a":1}')],
    ['a string of unknown length that is no JSON text', JSON_TYPE, 'hi', read('"hi"')],
    ['text', { 'content-type': 'text/plain' }, 'hi', read('hi')],
    ['bytes', { 'content-type': 'application/octet-stream' }, Buffer.from([1]), read(Buffer.from([1]))],
    ['nothing, of an empty body', { 'content-length': '0' }, undefined, read('')],
    ['nothing, of a body', { 'content-length': '5' }, undefined, { kind: 'lost' }],
    ['an object of no JSON', { 'content-type': 'text/plain', 'content-length': '5' }, {}, { kind: 'lost' }],
  ])('takes %s', (_name, headers, body, outcome) => {
    expect(takeHostBody(consumedRequest(headers), { body })).toEqual(outcome);
  });

  it('prefers the raw bytes', () => {
    const rawBody = Buffer.from('{ "a":1 }');
    expect(takeHostBody(requestWith(JSON_TYPE), { rawBody, body: { a: 1 } })).toEqual(read(rawBody));
  });

  it('leaves a stream that nobody has read', () => {
    expect(takeHostBody(requestWith(JSON_TYPE), { body: {} })).toBeUndefined();
  });
});

describe('readRequestBody', () => {
  function reading(maxBytes: number) {
    const request = requestWith({});
    const slowBodies = new SlowBodies(1_000);
    const outcomes: BodyOutcome[] = [];
    const ended = new Promise<void>((resolve) =>
      readRequestBody(request, maxBytes, slowBodies, (outcome) => {
        outcomes.push(outcome);
        slowBodies.close();
        resolve();
      }),
    );
    return { request, outcomes, ended };
  }

  it('joins chunks', async () => {
    const { request, outcomes, ended } = reading(10);
    for (const chunk of ['ab', 'c', 'de']) request.push(chunk);
    request.push(null);
    await ended;
    expect(outcomes).toEqual([read('abcde')]);
  });

  it('stops at the limit, once', async () => {
    const { request, outcomes, ended } = reading(3);
    for (const chunk of ['ab', 'cd', 'ef']) request.push(chunk);
    await ended;
    request.push(null);
    request.destroy();
    expect(outcomes).toEqual([{ kind: 'tooLarge' }]);
  });

  it('notices that the sender has gone', async () => {
    const { request, outcomes, ended } = reading(3);
    request.destroy(new Error('gone'));
    await ended;
    expect(outcomes).toEqual([{ kind: 'aborted' }]);
  });
});

describe('SlowBodies', () => {
  it('gives up on those that were begun too long ago', async () => {
    const slowBodies = new SlowBodies(20, 5);
    const kept = { isGivenUp: false };
    await new Promise<void>((resolve) => {
      const slow: BodyReading = {
        slot: -1,
        begunAt: 0,
        giveUp: () => {
          slowBodies.delete(slow);
          resolve();
        },
      };
      const finished: BodyReading = { slot: -1, begunAt: 0, giveUp: () => void (kept.isGivenUp = true) };
      slowBodies.add(finished);
      slowBodies.add(slow);
      slowBodies.delete(finished);
    });
    expect(kept.isGivenUp).toBe(false);
    slowBodies.close();
  });
});
