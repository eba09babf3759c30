import { once } from 'node:events';
import { createServer, IncomingMessage, type Server } from 'node:http';
import { connect, Socket, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  mayBodyRest,
  orHostBody,
  readRequestBody,
  SlowBodies,
  takeArrivedBody,
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

describe('orHostBody', () => {
  const length = { 'content-length': '5' };

  it.each<[string, Record<string, string>, BodyOutcome, unknown, BodyOutcome]>([
    ['what stands beside an empty stream', length, read(''), 'hello', read('hello')],
    ['what a parser made of it', { ...JSON_TYPE, 'content-length': '7' }, read(''), { a: 1 }, read('{"a":1}')],
    ['for lost what is nowhere', length, read(''), undefined, { kind: 'lost' }],
    ['the stream, if it gave anything', length, read('hello'), 'other', read('hello')],
    ['nothing, where nothing is declared', {}, read(''), { a: 1 }, read('')],
    ['nothing, where an empty body is declared', { 'content-length': '0' }, read(''), {}, read('')],
    ['other outcomes as they are', length, { kind: 'aborted' }, 'hello', { kind: 'aborted' }],
  ])('takes %s', (_name, headers, outcome, body, taken) => {
    expect(orHostBody(outcome, requestWith(headers), { body })).toEqual(taken);
  });
});

describe('takeArrivedBody', () => {
  let server: Server;
  let received: (body: Buffer | undefined, request: IncomingMessage) => void;

  beforeEach(async () => {
    server = createServer((request) => void setImmediate(() => received(takeArrivedBody(request), request)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** What is found when the request has been read whose bytes come in one write. */
  async function taken(bytes: string): Promise<{ body: Buffer | undefined; request: IncomingMessage }> {
    const { port } = server.address() as AddressInfo;
    const arrival = new Promise<{ body: Buffer | undefined; request: IncomingMessage }>((resolve) => {
      received = (body, request) => resolve({ body, request });
    });
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(bytes);
    return arrival;
  }

  const post = (headers: string, body: string) => `POST / HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${body}`;

  it('takes what came in one write with the head, and the stream ends', async () => {
    const { body, request } = await taken(post('Content-Length: 5', 'hello'));
    expect(body?.toString()).toBe('hello');
    if (!request.readableEnded) await once(request, 'end');
    expect(request.complete).toBe(true);
  });

  it('takes a body that is more than a stream likes to hold', async () => {
    const text = 'x'.repeat(40_000);
    const { body } = await taken(post(`Content-Length: ${text.length}`, text));
    expect(body?.toString()).toBe(text);
  });

  it.each([
    ['has not come in full', post('Content-Length: 6', 'hello')],
    ['has not begun to come', post('Content-Length: 5', '')],
    ['is empty', post('Content-Length: 0', '')],
    ['has no length', post('Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n')],
  ])('leaves a body that %s to be waited for', async (_, bytes) => {
    const { body, request } = await taken(bytes);
    expect(body).toBeUndefined();
    expect(request.readableFlowing).toBeNull();
  });

  it('leaves a body that somebody else listens to', async () => {
    const request = new IncomingMessage(new Socket());
    request.httpVersionMajor = 1;
    request.headers = { 'content-length': '5' };
    request.push('hello');
    request.on('data', () => undefined);
    request.pause();
    expect(takeArrivedBody(request)).toBeUndefined();
  });

  it('leaves a body whose sender has gone', () => {
    const request = new IncomingMessage(new Socket());
    request.httpVersionMajor = 1;
    request.headers = { 'content-length': '5' };
    request.push('hello');
    request.destroy();
    expect(takeArrivedBody(request)).toBeUndefined();
  });
});

describe('mayBodyRest', () => {
  /** Of a server with so many listeners. */
  function requestOf(httpVersionMajor: number, listeners: number): IncomingMessage {
    const server = createServer();
    for (let count = 0; count < listeners; count++) server.on('request', () => undefined);
    return Object.assign(new IncomingMessage(Object.assign(new Socket(), { server })), { httpVersionMajor });
  }

  it.each([
    [true, 'nobody else reads', requestOf(1, 1)],
    [true, 'is of no server', Object.assign(new IncomingMessage(new Socket()), { httpVersionMajor: 1 })],
    [false, 'comes over HTTP/2', requestOf(2, 1)],
    [false, 'another listener of the server may read', requestOf(1, 2)],
    [false, 'somebody reads', requestOf(1, 1).resume()],
  ])('says %s of one that %s', (mayRest, _, request) => {
    expect(mayBodyRest(request)).toBe(mayRest);
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

  it.each<[string, BodyOutcome, string[], Partial<IncomingMessage>]>([
    ['nothing, which has ended already', read(''), [], { complete: true }],
    ['what somebody has read to its end', { kind: 'lost' }, ['ab'], { complete: true }],
    ['what ends since its sender has given up, as it does in HTTP/2', { kind: 'aborted' }, [], { aborted: true }],
  ])('knows what has become of %s', async (_, outcome, chunks, state) => {
    const request = Object.assign(requestWith({}), state);
    for (const chunk of chunks) request.push(chunk);
    request.push(null);
    request.resume();
    await once(request, 'end');
    const outcomes: BodyOutcome[] = [];
    readRequestBody(request, 10, new SlowBodies(1_000), (each) => outcomes.push(each));
    expect(outcomes).toEqual([outcome]);
  });

  it('knows of what somebody reads that a part is lost', () => {
    const request = requestWith({});
    request.push('ab');
    request.read();
    const outcomes: BodyOutcome[] = [];
    readRequestBody(request, 10, new SlowBodies(1_000), (each) => outcomes.push(each));
    expect(outcomes).toEqual([{ kind: 'lost' }]);
  });

  it('takes nothing of a sender that gives up while it is read, as streams of HTTP/2 then end', async () => {
    const { request, outcomes, ended } = reading(10);
    request.push('ab');
    Object.assign(request, { aborted: true });
    request.push(null);
    await ended;
    expect(outcomes).toEqual([{ kind: 'aborted' }]);
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
