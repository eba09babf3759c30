import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RecordingUpstream, type Answer } from '../../support/record-upstream.js';
import { EMPTY_CONNECT, StartedRouter } from '../../support/start-event-router.js';

const TEXT = { kind: 'text', text: 'hi' } as const;
const MIB = 1024 * 1024;
const TOO_LONG = 16 * MIB + 1;

function json(value: unknown, status = 200): Answer {
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) };
}

describe('what upstream answers', () => {
  let upstream: RecordingUpstream;
  let started: StartedRouter;

  beforeEach(async () => {
    upstream = await RecordingUpstream.start();
    started = new StartedRouter({
      eventHandlers: [
        {
          urlTemplate: `${upstream.url}/eventhandler?code=s3cr3t`,
          userEventPattern: '*',
          systemEvents: ['connect', 'connected'],
        },
      ],
    });
  });

  afterEach(async () => {
    await started.close();
    await upstream.close();
  });

  it('is recorded without the secrets of its URL that a redirection repeats', async () => {
    upstream.onEvent = () => ({ status: 302, headers: { Location: '/login?code=s3cr3t&back=/eventhandler' } });
    await started.router.connect(started.connection(), EMPTY_CONNECT);
    expect(started.traffic.at(-1)?.response?.headers['location']).toEqual(['/login?code=***&back=/eventhandler']);
    expect(JSON.stringify(started.traffic)).not.toContain('s3cr3t');
  });

  describe('to connect [upstream-events 6.1]', () => {
    it.each<[string, Answer, object]>([
      ['204', { status: 204 }, {}],
      [
        'fields',
        json({ userId: 'acme:nora', roles: [], groups: ['blue'], subprotocol: 'json.webpubsub.azure.v1' }),
        { userId: 'acme:nora', roles: [], groups: ['blue'], subprotocol: 'json.webpubsub.azure.v1' },
      ],
      ['nothing but null', json(null), {}],
    ])('%s: accepted', async (_, answer, fields) => {
      upstream.onEvent = () => answer;
      expect(await started.router.connect(started.connection(), EMPTY_CONNECT)).toEqual({
        kind: 'accepted',
        ...fields,
      });
    });

    it.each<[string, Answer, number, RegExp]>([
      ['401', { status: 401 }, 401, /access key/],
      [
        '401 with a text',
        { status: 401, headers: { 'Content-Type': 'text/plain' }, body: 'who are you?' },
        401,
        /^who are you\?$/,
      ],
      ['404', { status: 404 }, 404, /urlTemplate/],
      ['429, asked once', { status: 429 }, 429, /does not try again/],
      ['a redirect, not followed [assumed]', { status: 307, headers: { Location: '/elsewhere' } }, 500, /no redirect/],
      ['JSON that is none', { status: 200, body: '{' }, 500, /not JSON/],
      ['an invalid group', json({ groups: [''] }), 500, /groups/],
      ['null among roles', json({ roles: [null] }), 500, /roles/],
      ['a body beyond 16 MiB', { status: 200, body: Buffer.alloc(TOO_LONG, 0x20) }, 500, /16 MiB/],
    ])('%s: refused', async (_, answer, status, reason) => {
      upstream.onEvent = () => answer;
      const outcome = await started.router.connect(started.connection(), EMPTY_CONNECT);
      expect(outcome).toEqual({ kind: 'refused', status, reason: expect.stringMatching(reason) });
      expect(upstream.events).toHaveLength(1);
      expect(started.warnings).toHaveLength(1);
      expect(started.traffic.at(-1)).toMatchObject({ attempt: 1, failure: expect.any(String) });
    });

    it('with a CONNACK for an MQTT client: refused with it [upstream-events 6.6]', async () => {
      upstream.onEvent = () => json({ mqtt: { code: 138, reason: 'blocked' } }, 403);
      const client = started.connection('d1', { mqtt: { physicalConnectionId: 'p1' } });
      expect(await started.router.connect(client, { ...EMPTY_CONNECT, mqtt: { protocolVersion: 5 } })).toMatchObject({
        kind: 'refused',
        status: 403,
        mqtt: { code: 138, reason: 'blocked' },
      });
    });
  });

  describe('to a user event [upstream-events 6.3]', () => {
    it.each<[string, Answer, object]>([
      ['204', { status: 204 }, { status: 204 }],
      [
        'text with metadata',
        { headers: { 'Content-Type': 'text/plain', 'X-WebPubSub-Metadata-Trace': 't-1' }, body: 'Grüße' },
        { status: 200, data: { kind: 'text', text: 'Grüße' }, metadata: { trace: 't-1' } },
      ],
      ['JSON', json({ accepted: true }), { status: 200, data: { kind: 'json', json: '{"accepted":true}' } }],
      [
        'bytes',
        { body: Buffer.from([0, 255]) },
        { status: 200, data: { kind: 'binary', bytes: Buffer.from([0, 255]) } },
      ],
    ])('%s: handled', async (_, answer, fields) => {
      upstream.onEvent = () => answer;
      expect(await started.router.userEvent(started.connection(), { name: 'message', data: TEXT })).toEqual({
        kind: 'handled',
        ...fields,
      });
      expect(started.warnings).toEqual([]);
    });

    it.each<[string, Answer, object, RegExp]>([
      ['400', { status: 400 }, { status: 400 }, /did not understand/],
      [
        'a page',
        { headers: { 'Content-Type': 'text/html' }, body: '<p>' },
        { status: 200 },
        /content type is "text\/html"/,
      ],
      [
        'JSON that is none',
        { headers: { 'Content-Type': 'application/json' }, body: 'hi' },
        { status: 200 },
        /not JSON/,
      ],
      ['16 MiB and a byte', { body: Buffer.alloc(TOO_LONG) }, {}, /more than 16 MiB/],
      [
        'more than 16 MiB without a length',
        (response) => {
          const chunk = Buffer.alloc(MIB);
          const write = (): void => {
            while (!response.destroyed && response.write(chunk));
            if (!response.destroyed) response.once('drain', write);
          };
          write();
        },
        {},
        /more than 16 MiB/,
      ],
    ])('%s: failed', async (_, answer, fields, reason) => {
      upstream.onEvent = () => answer;
      const outcome = await started.router.userEvent(started.connection(), { name: 'message', data: TEXT });
      expect(outcome).toEqual({ kind: 'failed', ...fields, reason: expect.stringMatching(reason) });
      expect(upstream.events).toHaveLength(1);
      expect(started.warnings).toEqual([expect.stringMatching(reason)]);
      expect(started.traffic.at(-1)?.failure).toMatch(reason);
    });

    it('of exactly 16 MiB: handled', async () => {
      upstream.onEvent = () => ({ body: Buffer.alloc(16 * MIB, 0x61) });
      const outcome = await started.router.userEvent(started.connection(), { name: 'message', data: TEXT });
      expect(outcome.kind === 'handled' && outcome.data?.kind === 'binary' && outcome.data.bytes.length).toBe(16 * MIB);
    });

    it('to an MQTT client: payload, content type and user properties, of a failure too [upstream-events 6.6]', async () => {
      const headers = { 'Content-Type': 'text/csv', 'mqtt-unit': 'C' };
      const client = started.connection('d1', { mqtt: { physicalConnectionId: 'p1' } });
      const event = { name: 'measured', data: TEXT, mqtt: { userProperties: [] } };
      const userProperties = [{ name: 'unit', value: 'C' }];
      upstream.onEvent = () => ({ headers, body: 'a;b' });
      expect(await started.router.userEvent(client, event)).toEqual({
        kind: 'handled',
        status: 200,
        data: { kind: 'binary', bytes: Buffer.from('a;b') },
        mqtt: { contentType: 'text/csv', userProperties },
      });
      upstream.onEvent = () => ({ status: 400, headers, body: 'no' });
      expect(await started.router.userEvent(client, event)).toMatchObject({
        kind: 'failed',
        status: 400,
        mqtt: { contentType: 'text/csv', payload: Buffer.from('no'), userProperties },
      });
    });
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['a status that is none', 'HTTP/1.1 abc\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['chunks that are none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['less than it promised', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab'],
  ])('%s: failed after four attempts, never a crash [upstream-events 8.1]', async (_, bytes) => {
    upstream.onEvent = () => (_response, socket) => socket.end(bytes);
    const outcome = await started.router.userEvent(started.connection(), { name: 'message', data: TEXT });
    expect(outcome).toMatchObject({ kind: 'failed', reason: expect.any(String) });
    expect(upstream.events).toHaveLength(4);
  });

  it('keeps secrets out of logs and of the traffic record', async () => {
    upstream.onEvent = () => ({ status: 401 });
    await started.router.userEvent(started.connection(), { name: 'message', data: TEXT });
    expect(JSON.stringify([started.warnings, started.traffic])).not.toMatch(/s3cr3t/);
    expect(upstream.events[0]?.url).toMatch(/s3cr3t/);
  });
});
