import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BadRequestException, ForbiddenException, UsePipes, ValidationPipe } from '@nestjs/common';
import { IsString } from 'class-validator';
import {
  ConnectionStates,
  ConnectRequest,
  EventData,
  MqttConnectException,
  OnConnect,
  OnMessage,
  OnUserEvent,
  States,
  UserEventRequest,
  UserEventResponse,
  WebPubSubHub,
} from '../../../src/index.js';
import { UpstreamEndpoint } from '../../../src/library/upstream/upstream.endpoint.js';
import { expectCleanPrototypes, nested } from '../../support/hostile-values.js';
import { RawConnection, requestBytes, type WireAnswer } from '../../support/raw-http.js';
import {
  ATTACHMENTS,
  eventRequest,
  PLATFORMS,
  startHubApp,
  type EventSettings,
  type HubApp,
  type RawRequest,
} from '../../support/start-hub-app.js';

/** What handlers were called with, in order. */
const handled: unknown[] = [];
let release: () => void = () => undefined;

class Named {
  @IsString()
  name!: string;
}

@WebPubSubHub('chat')
class AttackedHub {
  @OnConnect()
  connect(request: ConnectRequest) {
    handled.push('connect');
    if (request.query['refuse']) throw new ForbiddenException('no\r\nX-Evil: 1');
    if (request.query['mqtt']) throw new MqttConnectException(135, 'no\r\nX-Evil: 1');
    const merged: Record<string, unknown> = {};
    Object.assign(merged, request.claims, request.query, request.headers);
    return { userId: request.claims['sub']?.[0], groups: Object.keys(merged).sort() };
  }

  @OnMessage()
  message(@EventData() text: string) {
    handled.push(text);
    return `echo ${text}`;
  }

  @OnUserEvent('slow')
  async slow(@EventData() text: string) {
    await new Promise<void>((resolve) => (release = resolve));
    handled.push(text);
    return `slow ${text}`;
  }

  @OnUserEvent('json')
  json({ data, metadata }: UserEventRequest) {
    const merged = Object.assign({}, data, metadata) as Record<string, unknown>;
    return { isPolluted: merged['polluted'] === true, keys: Object.keys(merged) };
  }

  @UsePipes(new ValidationPipe({ transform: true, whitelist: true }))
  @OnUserEvent('dto')
  dto(@EventData() data: Named) {
    return { isNamed: data instanceof Named, keys: Object.keys(data), isPolluted: 'polluted' in data };
  }

  @OnUserEvent('states')
  states(@States() states: ConnectionStates) {
    for (const name of ['__proto__', 'constructor', 'a\r\nX-Evil: 1', '\0', '\ud800', 'Zoë']) states.set(name, name);
    return Object.keys(states.toJSON());
  }

  @OnUserEvent('reply')
  reply(@EventData() what: string) {
    return hostileReplies[what]();
  }
}

/** Replies that were checked when they were made, and then changed. */
const hostileReplies: Record<string, () => unknown> = {
  'a metadata key': () => changed({ metadata: { 'a\r\nX-Evil: 1\r\nb': '1' } }),
  'a metadata value': () => changed({ metadata: { a: '1\r\nX-Evil: 1' } }),
  'NUL in metadata': () => changed({ metadata: { a: '1\0' } }),
  'metadata beyond latin1': () => changed({ metadata: { a: '李' } }),
  'an MQTT property name': () => changed({ mqtt: { userProperties: [{ name: 'a: 1\r\nX-Evil', value: '1' }] } }),
  'an MQTT property value': () => changed({ mqtt: { userProperties: [{ name: 'a', value: '1\r\nX-Evil: 1' }] } }),
  'an MQTT content type': () => changed({ mqtt: { contentType: 'text/plain\r\nX-Evil: 1', userProperties: [] } }),
  'an MQTT property that is none': () => changed({ mqtt: { userProperties: [null] } }),
  'MQTT properties that are no list': () => changed({ mqtt: { userProperties: 5 } }),
  'text that is none': () => changed({ data: 5 }),
  'text that is an object': () => changed({ data: { toString: null } }),
  'bytes that are none': () => changed({ data: 'text', dataType: 'binary' }),
  'a data type that is none': () => changed({ dataType: '__proto__' }),
  'JSON that is none': () => ({ cycle: hostileReplies }),
  'JSON that throws': () => ({
    toJSON() {
      throw new Error('no');
    },
  }),
  'a getter that throws': () =>
    Object.defineProperty({}, 'mark', {
      get() {
        throw new Error('no');
      },
    }),
  'a then that throws': () =>
    // oxlint-disable-next-line no-thenable
    Object.defineProperty({}, 'then', {
      get() {
        throw new Error('no');
      },
    }),
  // oxlint-disable-next-line no-thenable
  'a then that never answers properly': () => ({ then: (done: (value: unknown) => void) => done(Symbol('no')) }),
  'a status that is none': () => {
    throw Object.assign(new BadRequestException('no'), { getStatus: () => 99 });
  },
  'an error that is none': () => {
    // oxlint-disable-next-line no-throw-literal, only-throw-error
    throw null;
  },
};

function changed(fields: object): UserEventResponse {
  return Object.assign(new UserEventResponse('text', 'text'), fields);
}

const event = (settings: Partial<EventSettings> = {}): RawRequest =>
  eventRequest({ type: 'user.message', ...settings });
const GOOD = requestBytes(event({ body: 'good' }));
const SMUGGLED = requestBytes(event({ body: 'smuggled' })).toString('latin1');

const PROTOTYPE_HEADERS = [
  ...['__proto__: a', 'constructor: b', 'toString: c', 'hasOwnProperty: d', 'x-webpubsub-metadata-__proto__: e'],
  ...['x-webpubsub-metadata-constructor: f', 'mqtt-__proto__: g'],
];

expectCleanPrototypes();

describe.each(PLATFORMS)('the edge for events on %s', (platform) => {
  describe.each(ATTACHMENTS)('attached at the %s', (attach) => {
    let app: HubApp;
    beforeAll(async () => {
      app = await startHubApp({ platform, options: { attach, maxBodyBytes: 1_300_000 }, providers: [AttackedHub] });
    });
    afterAll(() => app.close());
    beforeEach(() => void handled.splice(0));

    const open = (): Promise<RawConnection> => RawConnection.open(app.port);

    /** Nothing of what came before is left behind. */
    async function expectAlive(connection?: RawConnection): Promise<void> {
      const on = connection ?? (await open());
      expect(await on.write(GOOD).answer()).toMatchObject({ status: 200, body: 'echo good' });
    }

    const declared = (length: string, body: string): Buffer => {
      return requestBytes(event({ body, headers: { 'content-length': length } }));
    };

    it.each<[string, Buffer]>([
      ['two lengths', requestBytes(event({ body: 'hello' }), { more: ['Content-Length: 5', 'Content-Length: 3'] })],
      ['two lengths in a list', declared('5, 5', 'hello')],
      ['a length and chunks', chunked('5\r\nhello\r\n0\r\n\r\n', ['Content-Length: 3'])],
      ['chunks and a length', chunked('0\r\n\r\n', ['Content-Length: 30'])],
      ['two encodings', chunked('5\r\nhello\r\n0\r\n\r\n', ['Transfer-Encoding: identity'])],
      ['an encoding that is not chunks at last', encoded('chunked, identity')],
      ['an encoding that begins with a control', encoded('\x0bchunked')],
      ['an encoding nobody knows', encoded('xchunked')],
      ['an encoding in quotes', encoded('"chunked"')],
      ['a length with a sign', declared('+5', 'hello')],
      ['a negative length', declared('-1', 'hello')],
      ['a length in hex', declared('0x5', 'hello')],
      ['a length of two numbers', declared('5 5', 'hello')],
      ['a length no computer has', declared('99999999999999999999999', 'hello')],
      ['a length that is none', declared('five', 'hello')],
      ['a chunk that is too long for a number', chunked('fffffffffffffffff\r\nhello\r\n0\r\n\r\n')],
      ['a chunk of negative size', chunked('-5\r\nhello\r\n0\r\n\r\n')],
      ['a chunk longer than it says', chunked('3\r\nhello\r\n0\r\n\r\n')],
      ['a blank before the colon', requestBytes(event(), { more: ['Content-Length : 5'] })],
      ['a header without a name', requestBytes(event(), { more: [': 5'] })],
      ['a header without a colon', requestBytes(event(), { more: ['nothing'] })],
      ['NUL in a header', requestBytes(event(), { more: ['x-a: a\0b'] })],
      ['a lone CR in a header', requestBytes(event(), { more: ['x-a: a\rTransfer-Encoding: chunked'] })],
      ['a version that does not exist', requestBytes(event(), { line: 'POST /eventhandler HTTP/1.9' })],
      ['no version', requestBytes(event(), { line: 'POST /eventhandler' })],
      ['tabs in the request line', requestBytes(event(), { line: 'POST\t/eventhandler\tHTTP/1.1' })],
      ['a target with a control', requestBytes(event(), { line: 'POST /eventhandler\x01 HTTP/1.1' })],
      ['a method nobody knows', requestBytes(event(), { line: 'POSTS /eventhandler HTTP/1.1' })],
      ['a line of 100 kB', requestBytes(event(), { line: `POST /eventhandler?${'a'.repeat(100_000)} HTTP/1.1` })],
      ['a header of 100 kB', requestBytes(event(), { more: [`x-a: ${'a'.repeat(100_000)}`] })],
      ['100 kB of headers', requestBytes(event(), { more: Array.from({ length: 9_000 }, (_, n) => `x-${n}: a`) })],
      ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
      ['the beginning of HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
      ['blanks and line ends', Buffer.from('\r\n\r\n \r\n\r\n')],
    ])('refuses %s and closes, and nothing behind it is taken for an event', async (_name, bytes) => {
      const connection = await open();
      connection.write(bytes).write(SMUGGLED);
      const answers = await connection.answersUntilClosed();
      expect(answers).toHaveLength(1);
      expect([400, 431]).toContain(answers[0].status);
      expect(handled).not.toContain('smuggled');
      await expectAlive();
    });

    it.each<[string, Buffer]>([
      [
        'bare line feeds',
        Buffer.from(
          requestBytes(event({ body: 'hello' }))
            .toString('latin1')
            .replaceAll('\r\n', '\n'),
        ),
      ],
      ['a folded header', requestBytes(event({ body: 'hello' }), { more: ['x-a: a', ' Transfer-Encoding: chunked'] })],
      ['an upgrade', requestBytes(event({ body: 'hello' }), { more: ['Connection: Upgrade', 'Upgrade: websocket'] })],
      ['the whole URL', requestBytes(event({ body: 'hello', path: 'http://other.example/eventhandler' }))],
      ['trailers', chunked('5\r\nhello\r\n0\r\nce-type: azure.webpubsub.sys.connect\r\nce-hub: other\r\n\r\n')],
      ['chunk extensions', chunked('5;a=b;c="d"\r\nhello\r\n0\r\n\r\n')],
      [
        '1,000 more headers',
        requestBytes(event({ body: 'hello' }), { more: Array.from({ length: 1_000 }, () => 'a: b') }),
      ],
      ['headers called like members of objects', requestBytes(event({ body: 'hello' }), { more: PROTOTYPE_HEADERS })],
    ])('takes an event with %s for one event, or refuses it', async (_name, bytes) => {
      const connection = await open();
      const first = await connection.write(bytes).answer();
      if (first?.status === 200) {
        expect(first.body).toBe('echo hello');
        expect(handled).toEqual(['hello']);
        await expectAlive(connection);
      } else {
        expect([400, 431, undefined]).toContain(first?.status);
        expect(handled).toEqual([]);
        await connection.closed();
      }
      await expectAlive();
    });

    it.each([
      ['//eventhandler', 404],
      ['/%65venthandler', undefined],
      ['/eventhandler%2f', undefined],
      ['/eventhandler/../other', undefined],
      ['/./eventhandler', undefined],
      ['/eventhandler/%00', 200],
      ['/eventhandler/%zz', undefined],
      ['/eventhandler;a=b', undefined],
      ['/eventhandler?a=%zz&__proto__[polluted]=true', 200],
      ['/eventhandlers', 404],
      ['/eventhandler#fragment', undefined],
      ['*', undefined],
      ['eventhandler', undefined],
      ['http://', undefined],
      ['http://[/eventhandler', undefined],
    ])('answers %s once, and takes an unsigned event on no spelling of the path', async (path, status) => {
      const connection = await open();
      const signed = await connection.write(requestBytes(event({ body: 'hello', path }))).answer();
      if (status !== undefined) expect(signed?.status).toBe(status);
      const again = await open();
      const unsigned = event({ body: 'hello', path, headers: { 'ce-signature': undefined } });
      handled.splice(0);
      expect((await again.write(requestBytes(unsigned)).answer())?.status).toBeGreaterThanOrEqual(400);
      expect(handled).toEqual([]);
      await expectAlive();
    });

    it('answers pipelined events in their order, the slow one first', async () => {
      const connection = await open();
      connection.write(requestBytes(event({ type: 'user.slow', body: 'first' })));
      for (let index = 0; index < 50; index++) connection.write(requestBytes(event({ body: String(index) })));
      connection.write(requestBytes(event({ body: 'x', headers: { 'ce-signature': undefined } })));
      connection.write(GOOD);
      // The events behind the slow one are handled when they come, and answered when it is their turn.
      while (!handled.includes('good')) await new Promise((resolve) => setImmediate(resolve));
      expect(connection.received).toHaveLength(0);
      release();
      expect(await connection.answer()).toMatchObject({ body: 'slow first' });
      for (let index = 0; index < 50; index++) {
        expect(await connection.answer()).toMatchObject({ status: 200, body: `echo ${index}` });
      }
      expect(await connection.answer()).toMatchObject({ status: 401 });
      expect(await connection.answer()).toMatchObject({ status: 200, body: 'echo good' });
    });

    it('answers what came whole before garbage', async () => {
      const connection = await open();
      connection.write(Buffer.concat([GOOD, GOOD, Buffer.from('garbage\r\n\r\n')]));
      const statuses = (await connection.answersUntilClosed()).map(({ status }) => status);
      expect(statuses.at(-1)).toBe(400);
      expect(handled.length).toBeLessThanOrEqual(2);
      await expectAlive();
    });

    it('answers an event that comes byte by byte, and a sender that has closed its side', async () => {
      const connection = await open();
      await connection.writeByByte(GOOD);
      expect(await connection.answer()).toMatchObject({ status: 200, body: 'echo good' });
      const closing = await open();
      closing.write(GOOD).end();
      expect((await closing.answersUntilClosed()).map(({ body }) => body)).toEqual(['echo good']);
    });

    it('goes on after senders that leave at any moment', async () => {
      for (let cut = 1; cut < GOOD.length; cut += 37) {
        const connection = await open();
        connection.write(GOOD.subarray(0, cut));
        if (cut % 2 === 0) await connection.reset();
        else await connection.end().answersUntilClosed();
      }
      const waiting = await open();
      waiting.write(requestBytes(event({ type: 'user.slow', body: 'left' })));
      release = () => undefined;
      const untouched = release;
      while (release === untouched) await new Promise((resolve) => setImmediate(resolve));
      await waiting.reset();
      release();
      while (!handled.includes('left')) await new Promise((resolve) => setImmediate(resolve));
      await expectAlive();
    });

    it('forgets an event that was cut while it waited behind another', async () => {
      const ending = await startHubApp({ platform, options: { attach }, providers: [AttackedHub] });
      const connection = await RawConnection.open(ending.port);
      release = () => undefined;
      const untouched = release;
      const half = requestBytes(event({ body: 'half' })).subarray(0, -2);
      connection.write(Buffer.concat([requestBytes(event({ type: 'user.slow', body: 'slow' })), half]));
      while (release === untouched) await new Promise((resolve) => setImmediate(resolve));
      await connection.reset();
      release();
      // As long as an event is in flight this waits.
      await expect(ending.app.get(UpstreamEndpoint, { strict: false }).drain(2 ** 30)).resolves.toBeUndefined();
      await ending.close();
    });

    it('asks for the body when it is wanted, and does not when the event is refused', async () => {
      const connection = await open();
      const [head, body] = splitHead(requestBytes(event({ body: 'hello' }), { more: ['Expect: 100-continue'] }));
      expect(await connection.write(head).answer()).toMatchObject({ status: 100 });
      expect(await connection.write(body).answer()).toMatchObject({ status: 200, body: 'echo hello' });
      const refused = await open();
      const unsigned = event({ body: 'hello', headers: { 'ce-signature': undefined } });
      const [unsignedHead] = splitHead(requestBytes(unsigned, { more: ['Expect: 100-continue'] }));
      const first = await refused.write(unsignedHead).answer();
      expect([100, 401]).toContain(first?.status);
      if (first?.status === 100) expect(await refused.answer()).toMatchObject({ status: 401 });
      const other = await open();
      expect((await other.write(requestBytes(event(), { more: ['Expect: a miracle'] })).answer())?.status).toBe(417);
      expect(handled).toEqual(['hello']);
    });

    it('answers HTTP/1.0 and closes', async () => {
      const connection = await open();
      connection.write(requestBytes(event({ body: 'hello' }), { line: 'POST /eventhandler HTTP/1.0' }));
      expect((await connection.answersUntilClosed()).map(({ status, body }) => [status, body])).toEqual([
        [200, 'echo hello'],
      ]);
    });

    it('gives up a body that is larger than it may be, however it is sent', async () => {
      for (const bytes of [
        requestBytes(event({ headers: { 'content-length': '1300001' } })),
        chunked(`${(1_300_001).toString(16)}\r\n${'a'.repeat(1_300_001)}\r\n0\r\n\r\n`),
        chunked(`d\r\n${'a'.repeat(13)}\r\n`.repeat(100_001)),
      ]) {
        const connection = await open();
        connection.write(bytes);
        expect(await connection.answer()).toMatchObject({ status: 413 });
      }
      expect(handled).toEqual([]);
      await expectAlive();
    });

    it('keeps what JSON says of prototypes away from objects', async () => {
      const send = async (settings: EventSettings): Promise<WireAnswer> => {
        const connection = await open();
        return (await connection.write(requestBytes(eventRequest(settings))).answer())!;
      };
      const json = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"name":"ann"}';
      const contentType = 'application/json';
      const merged = await send({
        ...{ type: 'user.json', body: json, contentType },
        headers: { 'x-webpubsub-metadata-__proto__': 'x', 'x-webpubsub-metadata-constructor': 'y' },
      });
      expect(merged.status).toBe(200);
      const dto = await send({ type: 'user.dto', body: json, contentType });
      expect(JSON.parse(dto.body)).toEqual({ isNamed: true, keys: ['name'], isPolluted: false });
      const connect = await send({
        type: 'sys.connect',
        body: '{"claims":{"__proto__":["x"],"sub":["ann"]},"query":{"__proto__":{"polluted":true}},"headers":{"a":["b"]}}',
      });
      expect(JSON.parse(connect.body)).toEqual({ userId: 'ann', groups: ['a', 'sub'] });
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });

    it.each([nested(200_000), nested(200_000, '{"a":', '}').replace('{"a":}', '1'), nested(200_000).slice(1)])(
      'reads JSON that nests without an end, or refuses it',
      async (body) => {
        const contentType = 'application/json';
        for (const type of ['user.json', 'user.dto', 'sys.connect', 'sys.disconnected', 'gp.joined']) {
          const connection = await open();
          const answer = await connection.write(requestBytes(eventRequest({ type, body, contentType }))).answer();
          expect([200, 204, 400, 500]).toContain(answer?.status);
        }
        await expectAlive();
      },
    );

    it.each(Object.keys(hostileReplies))(
      'answers 500 or what is harmless when a handler replies with %s',
      async (what) => {
        const connection = await open();
        const answer = await connection.write(requestBytes(event({ type: 'user.reply', body: what }))).answer();
        expect(answer?.headers['x-evil']).toBeUndefined();
        expect([200, 204, 500]).toContain(answer?.status);
        if (answer?.status === 500) expect(answer.body).toBe('Internal server error');
        // The connection has not been lost by it, nor have answers been mixed up.
        await expectAlive(connection);
      },
    );

    it('writes states of any name as base64, and reasons of any text as a body', async () => {
      const connection = await open();
      const states = await connection.write(requestBytes(event({ type: 'user.states' }))).answer();
      expect(states?.headers['ce-connectionstate']).toMatch(/^[A-Za-z0-9+/]+=*$/);
      const again = event({
        type: 'user.states',
        headers: { 'ce-connectionstate': states?.headers['ce-connectionstate'] },
      });
      const unchanged = await connection.write(requestBytes(again)).answer();
      expect(unchanged?.headers['ce-connectionstate']).toBeUndefined();
      expect(unchanged?.body).toBe(states?.body);
      for (const query of ['refuse', 'mqtt']) {
        const body = JSON.stringify({ claims: {}, query: { [query]: ['1'] }, headers: {}, subprotocols: [] });
        const headers = query === 'mqtt' ? { 'ce-physicalconnectionid': 'p', 'ce-subprotocol': 'mqtt' } : {};
        const refused = await connection
          .write(requestBytes(eventRequest({ type: 'sys.connect', body, headers })))
          .answer();
        expect(refused?.headers['x-evil']).toBeUndefined();
        expect(refused?.status).toBeGreaterThanOrEqual(401);
        expect(refused?.body).toContain('X-Evil');
      }
    });
  });
});

function chunked(body: string, more: string[] = []): Buffer {
  const request = event({ headers: { 'transfer-encoding': 'chunked' }, body });
  return requestBytes(request, { more });
}

function encoded(encoding: string): Buffer {
  return requestBytes(event({ headers: { 'transfer-encoding': encoding }, body: '5\r\nhello\r\n0\r\n\r\n' }));
}

function splitHead(bytes: Buffer): [head: Buffer, body: Buffer] {
  const end = bytes.indexOf('\r\n\r\n') + 4;
  return [bytes.subarray(0, end), bytes.subarray(end)];
}
