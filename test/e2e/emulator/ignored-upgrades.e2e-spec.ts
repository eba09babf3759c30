import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLogger } from '../../../src/emulator/emulator-logger.js';
import { EmulatorServer } from '../../../src/emulator/emulator.server.js';
import type { RequestEndpoint } from '../../../src/emulator/endpoint.js';
import { IgnoredUpgrades } from '../../../src/emulator/ignored-upgrades.js';
import { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { restToken } from '../../support/call-rest.js';
import { RawConnection } from '../../support/raw-http.js';
import { startEmulator } from '../../support/start-emulator.js';

/** What `java.net.http.HttpClient` and `curl --http2` send with each request over cleartext [RFC 9110 7.8]. */
const OFFER = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAA'];
const SEND = '/api/hubs/chat/:send?api-version=2024-12-01';

let emulator: WebPubSubEmulator;

beforeAll(async () => {
  emulator = await startEmulator();
});

function deferred(): { readonly done: Promise<void>; finish(): void } {
  let finish = () => {};
  const done = new Promise<void>((resolve) => (finish = resolve));
  return { done, finish };
}

function offering(line: string, headers: readonly string[] = [], body = '', version = '1.1'): Buffer {
  const head = [`${line} HTTP/${version}`, 'Host: localhost', ...OFFER, ...headers];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

function sending(body: string, headers: readonly string[] = []): Buffer {
  const token = restToken(`http://localhost/api/hubs/chat/:send`);
  const more = ['Content-Type: text/plain', `Content-Length: ${body.length}`, `Authorization: Bearer ${token}`];
  return offering(`POST ${SEND}`, [...more, ...headers], body);
}

/** What REST was sent, as the record of the traffic has it. */
function sentTo(service: WebPubSubEmulator): string[] {
  return service.traffic.entries().flatMap((entry) => (entry.door === 'rest' ? [String(entry.requestBody)] : []));
}

describe('a request that offers another protocol', () => {
  it.each([
    ['HTTP/2', 'h2c'],
    ['TLS', 'TLS/1.0'],
    ['a WebSocket, where there is none', 'websocket'],
  ])('to speak %s is answered as any other', async (_what, protocol) => {
    const connection = await RawConnection.open(emulator.port);
    const head = ['GET /api/health HTTP/1.1', 'Host: localhost', 'Connection: Upgrade', `Upgrade: ${protocol}`];
    const answer = await connection.write(`${head.join('\r\n')}\r\n\r\n`).answer();
    expect(answer?.status).toBe(200);
    expect(answer?.headers['upgrade']).toBeUndefined();
  });

  it('may have a body, and come again on the same connection', async () => {
    const service = await startEmulator();
    const connection = await RawConnection.open(service.port);
    for (const body of ['one', 'two', 'three']) {
      expect((await connection.write(sending(body)).answer())?.status).toBe(202);
    }
    expect(sentTo(service)).toEqual(['one', 'two', 'three']);
  });

  it('may come byte by byte, and before others that are sent without waiting', async () => {
    const service = await startEmulator();
    const connection = await RawConnection.open(service.port);
    await connection.writeByByte(Buffer.concat([sending('slow'), offering('HEAD /api/health')]));
    expect((await connection.answer())?.status).toBe(202);
    expect((await connection.answer({ ofHead: true }))?.status).toBe(200);
    connection.write(Buffer.concat([sending('one'), sending('two'), offering('GET /nothing'), sending('three')]));
    for (const status of [202, 202, 404, 202]) expect((await connection.answer())?.status).toBe(status);
    expect(sentTo(service)).toEqual(['slow', 'undefined', 'one', 'two', 'three']);
  });

  it('is told to continue before its body is read', async () => {
    const connection = await RawConnection.open(emulator.port);
    const [head, body] = sending('hello', ['Expect: 100-continue'])
      .toString('latin1')
      .split(/(?<=\r\n\r\n)/);
    expect((await connection.write(head).answer())?.status).toBe(100);
    expect((await connection.write(body).answer())?.status).toBe(202);
  });

  it('ends its connection in HTTP/1.0', async () => {
    const connection = await RawConnection.open(emulator.port);
    const answers = await connection.write(offering('GET /api/health', [], '', '1.0')).answersUntilClosed();
    expect(answers.map(({ status }) => status)).toEqual([200]);
  });

  it('is refused when its framing is not clear, and nothing behind it is taken', async () => {
    const service = await startEmulator();
    const behind = sending('smuggled');
    for (const headers of [
      ['Content-Length: 5', 'Content-Length: 3'],
      ['Content-Length: 3', 'Transfer-Encoding: chunked'],
      ['Transfer-Encoding: xchunked'],
    ]) {
      const connection = await RawConnection.open(service.port);
      const answers = await connection
        .write(offering(`POST ${SEND}`, headers, 'hello'))
        .write(behind)
        .answersUntilClosed();
      expect(answers.map(({ status }) => status)).toEqual([400]);
    }
    expect(sentTo(service)).not.toContain('smuggled');
  });

  it('keeps its length behind thousands of other headers', async () => {
    const service = await startEmulator();
    const others = Array.from({ length: 3_000 }, (_, index) => `x-${index}: a`);
    const body = 'GET /smuggled HTTP/1.1\r\n\r\n';
    const connection = await RawConnection.open(service.port);
    connection
      .write(offering(`POST ${SEND}`, [...others, `Content-Length: ${body.length}`], body))
      .write(sending('next'));
    expect((await connection.answer())?.status).toBe(401);
    expect((await connection.answer())?.status).toBe(202);
  });

  it('is cut off when the emulator closes', async () => {
    const service = await startEmulator();
    const connection = await RawConnection.open(service.port);
    const begun = sending('hello', ['Expect: 100-continue']).subarray(0, -'hello'.length);
    await connection.write(begun).answer();
    await service.close();
    expect(await connection.answer()).toBeUndefined();
  });

  it('leaves no listeners behind', async () => {
    const counts: Record<string, number>[] = [];
    const door: RequestEndpoint = {
      handles: () => true,
      handle({ socket }, response) {
        const listeners = socket.eventNames().map((name) => [String(name), socket.listenerCount(name)] as const);
        counts.push(Object.fromEntries(listeners));
        response.end();
      },
    };
    const server = new EmulatorServer({ requests: [door], upgrades: [] }, silentLogger, false);
    const connection = await RawConnection.open(await server.listen('127.0.0.1', 0));
    for (let index = 0; index < 20; index++) await connection.write(offering('GET /')).answer();
    await server.close();
    expect(counts).toHaveLength(20);
    expect(counts.at(-1)).toEqual(counts[0]);
  });

  it.each([
    ['/client/hubs/chat', 400],
    ['/clients/mqtt/hubs/chat', 400],
    ['/server/tunnel?hub=chat', 400],
  ])('is refused at %s with %i', async (path, status) => {
    const connection = await RawConnection.open(emulator.port);
    const answers = await connection.write(offering(`GET ${path}`)).answersUntilClosed();
    expect(answers.map((answer) => answer.status)).toEqual([status]);
  });
});

describe('IgnoredUpgrades', () => {
  const closing: (() => void)[] = [];

  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  async function serve(onRequest: RequestListener, onUpgrade = () => {}): Promise<RawConnection> {
    const server = createServer(onRequest);
    const ignored = new IgnoredUpgrades(server);
    server.on('upgrade', (request, _socket, head) => {
      ignored.putBack(request, head);
      onUpgrade();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return RawConnection.open((server.address() as AddressInfo).port);
  }

  it('leaves everything but the offer as it came, bytes beyond ASCII too', async () => {
    let seen: IncomingMessage | undefined;
    const connection = await serve((request, response) => {
      seen = request;
      response.end('Zoë');
    });
    const headers = ['x-name: Zo\xeb \xfe', 'X-Twice: 1', 'x-twice:2', 'Empty:', 'x-colon: a: b', 'Cookie: a; b'];
    const answer = await connection.write(offering('DELETE /a%20b?c=%00&d', headers)).answer();
    expect(answer?.body).toBe('Zoë');
    expect(seen).toMatchObject({ method: 'DELETE', url: '/a%20b?c=%00&d', httpVersion: '1.1' });
    expect(seen?.rawHeaders).toEqual([
      ...['Host', 'localhost', 'Connection', 'Upgrade, HTTP2-Settings', 'HTTP2-Settings', 'AAMAAABkAAQAoAAA'],
      ...['x-name', 'Zo\xeb \xfe', 'X-Twice', '1', 'x-twice', '2', 'Empty', '', 'x-colon', 'a: b', 'Cookie', 'a; b'],
    ]);
  });

  it('answers pipelined requests in their order, however long the first one takes', async () => {
    const first = deferred();
    const timeouts: (number | undefined)[] = [];
    const connection = await serve(
      (request, response) => {
        timeouts.push(request.socket.timeout);
        if (request.url === '/first') void first.done.then(() => response.end('first'));
        else response.end(request.url);
      },
      () => first.finish(),
    );
    connection.write('GET /first HTTP/1.1\r\nHost: localhost\r\n\r\n');
    connection.write(Buffer.concat([offering('GET /second'), offering('GET /third')]));
    const bodies = [await connection.answer(), await connection.answer(), await connection.answer()];
    expect(bodies.map((answer) => answer?.body)).toEqual(['first', '/second', '/third']);
    // The time an idle connection is kept is not what an answer may take.
    expect(timeouts.map((timeout) => timeout ?? 0)).toEqual([0, 0, 0]);
  });

  it('takes no request behind an answer that ends the connection', async () => {
    const urls: (string | undefined)[] = [];
    const first = deferred();
    const connection = await serve(
      (request, response) => {
        urls.push(request.url);
        void first.done.then(() => response.setHeader('Connection', 'close').end(request.url));
      },
      () => first.finish(),
    );
    connection.write('GET /first HTTP/1.1\r\nHost: localhost\r\n\r\n').write(offering('GET /second'));
    expect((await connection.answersUntilClosed()).map(({ body }) => body)).toEqual(['/first']);
    expect(urls).toEqual(['/first']);
  });
});
