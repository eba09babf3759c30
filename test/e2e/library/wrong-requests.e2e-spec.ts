import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OnConnect, OnDisconnected, OnGroupJoined, OnUserEvent, WebPubSubHub } from '../../../src/index.js';
import {
  ATTACHMENTS,
  eventRequest,
  PLATFORMS,
  startHubApp,
  type EventSettings,
  type HubApp,
  type RawRequest,
} from '../../support/start-hub-app.js';

@WebPubSubHub('chat')
class ChatHub {
  @OnConnect()
  connect() {
    return { userId: 'ann' };
  }

  @OnDisconnected()
  left(): void {}

  @OnGroupJoined()
  joined(): void {}

  @OnUserEvent(['message', 'note'])
  note() {
    return 'ok';
  }
}

const MAX_BODY_BYTES = 1_048_576 + 65_536;
const STATE = Buffer.from('{"room":"blue"}').toString('base64');

const event = (type: string, settings: Partial<EventSettings> = {}): RawRequest => eventRequest({ type, ...settings });
const without = (...names: string[]) => ({ headers: Object.fromEntries(names.map((name) => [name, undefined])) });
const json = (body: string) => ({ contentType: 'application/json', body });

/** Name, request, status, and what the one-line reason says. */
const WRONG_REQUESTS: [string, RawRequest, number, RegExp][] = [
  ['GET without an origin', { method: 'GET', path: '/eventhandler' }, 405, /POST/],
  ['OPTIONS without an origin', { method: 'OPTIONS', path: '/eventhandler' }, 405, /POST/],
  ['PUT of an event', event('user.message', { method: 'PUT' }), 405, /POST/],
  ['PATCH of an event', event('user.message', { method: 'PATCH' }), 405, /POST/],
  ['DELETE', { method: 'DELETE', path: '/eventhandler' }, 405, /POST/],
  [
    'a POST without any header of events',
    { body: '{}', headers: { 'content-type': 'application/json' } },
    400,
    /not an event/,
  ],
  ['no ce-awpsversion', event('user.message', without('ce-awpsversion')), 400, /not an event/],
  ['no ce-type', event('user.message', without('ce-type')), 400, /not an event/],
  ['a foreign ce-type', event('user.message', { headers: { 'ce-type': 'com.example.made' } }), 400, /not an event/],
  [
    'a user event without a name',
    event('user.message', { headers: { 'ce-type': 'azure.webpubsub.user.' } }),
    400,
    /not an event/,
  ],
  [
    'an origin of another service',
    event('user.message', { headers: { 'webhook-request-origin': 'evil.example' } }),
    403,
    /origin/,
  ],
  [
    'an origin that only ends alike',
    event('user.message', { headers: { 'webhook-request-origin': 'x-demo.webpubsub.azure.com.evil' } }),
    403,
    /origin/,
  ],
  ['no origin', event('user.message', without('webhook-request-origin')), 403, /origin/i],
  ['no ce-connectionId', event('user.message', without('ce-connectionid')), 400, /ce-connectionId/],
  ['no signature', event('user.message', without('ce-signature')), 401, /ce-signature/],
  ['an empty signature', event('user.message', { headers: { 'ce-signature': '' } }), 401, /signature/],
  [
    'a wrong signature',
    event('user.message', { headers: { 'ce-signature': `sha256=${'0'.repeat(64)}` } }),
    401,
    /signature/,
  ],
  [
    'the signature of another connection',
    event('user.message', { headers: { 'ce-connectionid': 'conn-2' } }),
    401,
    /signature/,
  ],
  ['no ce-hub', event('user.message', without('ce-hub')), 400, /ce-hub/],
  ['an unknown hub', event('user.message', { hub: 'other' }), 404, /hub/],
  ['a user event nobody handles', event('user.other'), 404, /handle/],
  ['a user event called connect', event('user.connect'), 404, /handle/],
  ['no content type', event('user.message', without('content-type')), 415, /content type/],
  ['an unknown content type', event('user.message', { contentType: 'application/xml' }), 415, /content type/],
  [
    'a connect that is no JSON by its content type',
    event('sys.connect', { contentType: 'text/plain' }),
    415,
    /content type/,
  ],
  ['a compressed body', event('user.message', { headers: { 'content-encoding': 'gzip' } }), 415, /compressed/],
  [
    'a body that was compressed on the way',
    event('user.message', { headers: { 'transfer-encoding': 'gzip, chunked' } }),
    415,
    /compressed/,
  ],
  ['a body that is too large', event('user.message', { body: Buffer.alloc(MAX_BODY_BYTES + 1) }), 413, /larger/],
  [
    'a chunked body that is too large',
    event('user.message', { body: Buffer.alloc(MAX_BODY_BYTES + 1), headers: { 'transfer-encoding': 'chunked' } }),
    413,
    /larger/,
  ],
  ['a connect body that is not JSON', event('sys.connect', { body: '{"claims":' }), 400, /JSON/],
  ['an empty connect body', event('sys.connect', { body: '' }), 400, /JSON/],
  ['a connect body that is a list', event('sys.connect', { body: '[]' }), 400, /JSON object/],
  ['a connect body that is null', event('sys.connect', { body: 'null' }), 400, /JSON object/],
  ['a connected body that is not JSON', event('sys.connected', { body: 'x' }), 400, /JSON/],
  ['a disconnected body that is not JSON', event('sys.disconnected', { body: 'bye' }), 400, /JSON/],
  ['a group event without a group', event('gp.joined', { body: '{}' }), 400, /group/],
  ['a JSON user event that is not JSON', event('user.message', json('{')), 400, /JSON/],
  ['an empty JSON user event', event('user.message', json('')), 400, /JSON/],
  [
    'JSON that is not UTF-8',
    event('user.message', { contentType: 'application/json', body: Buffer.from([0x22, 0xff, 0x22]) }),
    400,
    /UTF-8/,
  ],
  [
    'a state header that is not base64',
    event('user.message', { headers: { 'ce-connectionstate': '%%%' } }),
    400,
    /ce-connectionState/,
  ],
  [
    'a state header that is no JSON',
    event('user.message', { headers: { 'ce-connectionstate': Buffer.from('{').toString('base64') } }),
    400,
    /ce-connectionState/,
  ],
  [
    'a state header that is a list',
    event('user.message', { headers: { 'ce-connectionstate': Buffer.from('[1]').toString('base64') } }),
    400,
    /ce-connectionState/,
  ],
];

const VALIDATION = { 'webhook-request-origin': 'demo.webpubsub.azure.com', 'ce-awpsversion': '1.0' };

describe.each(PLATFORMS)('wrong requests on %s', (platform) => {
  describe.each(ATTACHMENTS)('attached at the %s', (attach) => {
    let app: HubApp;

    beforeAll(async () => {
      app = await startHubApp({ platform, providers: [ChatHub], options: { attach } });
    });
    afterAll(() => app.close());

    it.each(WRONG_REQUESTS)('answers %s with a status and one line', async (_name, request, status, reason) => {
      const response = await app.send(request);
      expect(response.status).toBe(status);
      expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
      expect(response.text).toMatch(reason);
      expect(response.text).not.toMatch(/[\r\n]/);
    });

    it('answers HEAD with 405 and no body', async () => {
      const response = await app.send({ method: 'HEAD' });
      expect([response.status, response.text]).toEqual([405, '']);
    });

    it('names the methods it takes along with 405', async () => {
      expect((await app.send({ method: 'PUT' })).headers.allow).toBe('POST, OPTIONS, GET');
    });

    it('looks at the method before anything else, then at what the headers say, then at the body', async () => {
      const all = {
        'webhook-request-origin': 'evil.example',
        'ce-signature': 'x',
        'ce-hub': 'other',
        'content-type': 'a/b',
      };
      const body = '{';
      const statuses: number[] = [];
      for (const repaired of [[], ['webhook-request-origin'], ['ce-signature'], ['ce-hub'], ['content-type']]) {
        for (const name of repaired) delete (all as Record<string, string>)[name];
        statuses.push((await app.sendEvent({ type: 'user.message', headers: all, ...json(body) })).status);
      }
      expect(statuses).toEqual([403, 401, 404, 415, 400]);
    });

    it.each([
      ['OPTIONS', '/eventhandler'],
      ['OPTIONS', '/eventhandler/validate?code=s3cr3t'],
      ['GET', '/eventhandler/'],
    ])('answers validation by %s %s [upstream-events 3]', async (method, path) => {
      const response = await app.send({ method, path, headers: VALIDATION });
      expect([response.status, response.headers['webhook-allowed-origin'], response.text]).toEqual([
        200,
        'demo.webpubsub.azure.com',
        '',
      ]);
    });

    it('refuses validation by a foreign origin with 403', async () => {
      const response = await app.send({ method: 'OPTIONS', headers: { 'webhook-request-origin': 'evil.example' } });
      expect([response.status, response.headers['webhook-allowed-origin']]).toEqual([403, undefined]);
    });

    it('validates when one of several origins is allowed', async () => {
      const headers = { 'webhook-request-origin': 'other.webpubsub.azure.com, Demo.WebPubSub.Azure.com' };
      expect((await app.send({ method: 'OPTIONS', headers })).status).toBe(200);
    });

    it.each([
      ['a system event that nobody handles', event('sys.connected')],
      ['a system event of the future', event('sys.suspended', { body: '' })],
      ['a group event of the future', event('gp.renamed')],
      ['a connected event with an empty body', event('sys.connected', { body: '' })],
      ['an empty state header', event('gp.joined', { body: '{"group":"a"}', headers: { 'ce-connectionstate': '' } })],
    ])('answers %s with 204', async (_name, request) => {
      const response = await app.send(request);
      expect([response.status, response.text, response.headers['content-type']]).toEqual([204, '', undefined]);
    });

    it('accepts hub, content type and origin in any case, and a full state', async () => {
      const response = await app.sendEvent({
        type: 'user.NOTE',
        hub: 'CHAT',
        contentType: 'Text/Plain;Charset=UTF-8',
        headers: { 'webhook-request-origin': 'DEMO.webpubsub.azure.com', 'ce-connectionstate': STATE },
      });
      expect([response.status, response.text]).toEqual([200, 'ok']);
    });

    it('accepts a body of the largest size', async () => {
      const response = await app.sendEvent({ type: 'user.note', body: Buffer.alloc(MAX_BODY_BYTES, 'x') });
      expect([response.status, response.text]).toEqual([200, 'ok']);
    });

    it('accepts a signature list with blanks, upper case, or in two lines [upstream-events 7]', async () => {
      const { headers } = event('user.note');
      const signature = headers!['ce-signature'] as string;
      const foreign = `sha256=${'a'.repeat(64)}`;
      for (const value of [
        `${foreign}, ${signature}`,
        [foreign, signature],
        signature.toUpperCase().replace('SHA256', 'sha256'),
      ]) {
        expect((await app.sendEvent({ type: 'user.note', headers: { 'ce-signature': value } })).status).toBe(200);
      }
    });

    it('leaves paths alone that only begin alike', async () => {
      const response = await app.send({ ...event('user.note'), path: '/eventhandlers' });
      expect([response.status, JSON.parse(response.text)]).toMatchObject([
        404,
        { message: 'Cannot POST /eventhandlers' },
      ]);
    });

    it('takes every path below its own', async () => {
      for (const path of ['/eventhandler/', '/eventhandler/note', '/eventhandler/a/b?code=1', '/eventhandler?x=/y']) {
        expect([path, (await app.sendEvent({ type: 'user.note', path })).status]).toEqual([path, 200]);
      }
    });

    it('uses a connection again after it refused an event without reading the body', async () => {
      const client = new RawClient(app.port);
      for (let round = 0; round < 3; round++) {
        client.write(event('user.message', { headers: { 'ce-signature': 'x' }, body: Buffer.alloc(100_000, 'x') }));
        expect(await client.readStatus()).toBe(401);
      }
      client.write(event('user.note'));
      expect(await client.readStatus()).toBe(200);
      client.close();
    });

    it('answers before a body that is too large has been sent, and closes the connection', async () => {
      const client = new RawClient(app.port);
      const { headers } = event('user.message', { headers: { 'content-length': String(MAX_BODY_BYTES * 100) } });
      client.write({ headers });
      expect(await client.readStatus()).toBe(413);
      client.end();
      await client.closed;
    });

    it('answers Expect: 100-continue with the event', async () => {
      const client = new RawClient(app.port);
      const request = event('user.note', { headers: { expect: '100-continue' } });
      client.write({ ...request, body: undefined, headers: { ...request.headers, 'content-length': '5' } });
      expect(await client.readStatus()).toBe(100);
      client.writeBytes('hello');
      expect(await client.readStatus()).toBe(200);
      client.close();
    });

    it('goes on after a client that left in the middle of its body', async () => {
      const client = new RawClient(app.port);
      const request = event('user.note');
      client.write({ ...request, body: 'hel', headers: { ...request.headers, 'content-length': '5' } });
      client.close();
      await client.closed;
      expect((await app.sendEvent({ type: 'user.note' })).status).toBe(200);
    });
  });
});

/** One keep-alive connection, written to by hand. */
class RawClient {
  readonly closed: Promise<void>;
  readonly #socket: net.Socket;
  #received = '';
  #onData: () => void = () => undefined;

  constructor(port: number) {
    this.#socket = net.connect(port, '127.0.0.1');
    this.closed = new Promise((resolve) => this.#socket.on('close', () => resolve()));
    this.#socket.on('data', (chunk) => {
      this.#received += chunk.toString('latin1');
      this.#onData();
    });
    this.#socket.on('error', () => undefined);
  }

  write({ method = 'POST', path = '/eventhandler', headers = {}, body }: RawRequest): void {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const lines = Object.entries({ host: 'localhost', ...length, ...headers }).filter(
      ([, value]) => value !== undefined,
    );
    this.#socket.write(
      `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${String(value)}\r\n`).join('')}\r\n`,
    );
    if (body !== undefined) this.#socket.write(body);
  }

  writeBytes(bytes: string): void {
    this.#socket.write(bytes);
  }

  end(): void {
    this.#socket.end();
  }

  /** Of the next response, which is read to its end. */
  async readStatus(): Promise<number> {
    for (;;) {
      const match = /^HTTP\/1\.1 (\d+)[^\r]*\r\n(.*?)\r\n\r\n/s.exec(this.#received);
      const length = match && Number(/content-length: (\d+)/i.exec(match[2])?.[1] ?? 0);
      if (match && this.#received.length >= match[0].length + length!) {
        this.#received = this.#received.slice(match[0].length + length!);
        return Number(match[1]);
      }
      if (this.#received.startsWith('HTTP/1.1 100 Continue\r\n\r\n')) {
        this.#received = this.#received.slice('HTTP/1.1 100 Continue\r\n\r\n'.length);
        return 100;
      }
      await new Promise<void>((resolve) => (this.#onData = resolve));
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
