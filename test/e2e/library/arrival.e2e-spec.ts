import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { EventData, OnMessage, OnUserEvent, WebPubSubHub, WebPubSubModule } from '../../../src/index.js';
import { UpstreamEndpoint } from '../../../src/library/upstream/upstream.endpoint.js';
import { endlessRequest, http2Frames } from '../../support/http2-frames.js';
import { RawConnection, requestBytes } from '../../support/raw-http.js';
import {
  ATTACHMENTS,
  CONNECTION_STRING,
  eventRequest,
  PLATFORMS,
  startHubApp,
  type EventSettings,
  type HubApp,
} from '../../support/start-hub-app.js';

/** More than a system takes at once for a receiver that does not read. */
const LARGE = Buffer.alloc(8 * 1024 * 1024, 'a');

const requests = new AsyncLocalStorage<string>();

/** What handlers were called with, and in which context, in order. */
const handled: { readonly text: string; readonly requestId: string | undefined }[] = [];
let releases: (() => void)[] = [];

@WebPubSubHub('chat')
class ArrivalHub {
  @OnMessage()
  message(@EventData() text: string) {
    handled.push({ text, requestId: requests.getStore() });
    return `echo ${text.length}`;
  }

  @OnUserEvent('slow')
  async slow(@EventData() text: string) {
    await new Promise<void>((resolve) => releases.push(resolve));
    return `slow ${text}`;
  }

  @OnUserEvent('large')
  async large() {
    await new Promise<void>((resolve) => releases.push(resolve));
    return LARGE;
  }
}

const bytesOf = (settings: Partial<EventSettings> = {}): Buffer =>
  requestBytes(eventRequest({ type: 'user.message', ...settings }));

async function waitFor(isSo: () => boolean): Promise<void> {
  while (!isSo()) await nextTurn();
}

beforeEach(() => {
  handled.splice(0);
  releases = [];
});

describe.each(PLATFORMS)('events that arrive on %s', (platform) => {
  describe.each(ATTACHMENTS)('attached at the %s', (attach) => {
    let app: HubApp;
    let server: Server;
    beforeEach(async () => {
      app = await startHubApp({ platform, options: { attach }, providers: [ArrivalHub] });
      server = app.app.getHttpServer() as Server;
    });
    afterEach(() => app.close());

    it.each<[string, (request: IncomingMessage) => unknown]>([
      ['listens', (request) => request.on('data', () => undefined)],
      ['lets it flow', (request) => request.resume()],
      ['reads', (request) => request.on('readable', () => request.read())],
    ])('are handled whole though another listener of the server %s', async (_name, read) => {
      server.on('request', read);
      for (const length of [5, 300_000]) {
        const connection = await RawConnection.open(app.port);
        connection.write(bytesOf({ body: 'x'.repeat(length) }));
        expect(await connection.answer()).toMatchObject({ status: 200, body: `echo ${length}` });
      }
    });

    it('are handled in the context of their own requests, however their bodies come', async () => {
      const emit = server.emit.bind(server) as (...values: unknown[]) => boolean;
      server.emit = (name: string, ...values: unknown[]) => {
        if (name !== 'request') return emit(name, ...values);
        const id = (values[0] as IncomingMessage).headers['x-id'] as string;
        return requests.run(id, () => emit(name, ...values));
      };
      const identified = (body: string) => bytesOf({ body, headers: { 'x-id': body } });
      const late = identified('late');
      const connection = await RawConnection.open(app.port);
      connection.write(Buffer.concat([identified('first'), identified('second'), late.subarray(0, -2)]));
      for (const length of [5, 6]) expect(await connection.answer()).toMatchObject({ body: `echo ${length}` });
      connection.write(Buffer.concat([late.subarray(-2), identified('last')]));
      for (let count = 0; count < 2; count++) expect(await connection.answer()).toMatchObject({ body: 'echo 4' });
      expect(handled).toEqual(['first', 'second', 'late', 'last'].map((id) => ({ text: id, requestId: id })));
    });

    it.each(['first', 'second'])(
      'are all answered when they wait behind one another and the application closes, the %s first',
      async (first) => {
        const connection = await RawConnection.open(app.port);
        const slow = ['one', 'two'].map((body) => bytesOf({ type: 'user.slow', body }));
        connection.write(Buffer.concat([...slow, bytesOf()]));
        await waitFor(() => releases.length === 2 && handled.length === 1);
        const closing = app.close();
        await waitFor(() => !server.listening);
        for (const release of first === 'first' ? releases : releases.toReversed()) {
          release();
          await nextTurn();
        }
        expect((await connection.answersUntilClosed()).map(({ body }) => body)).toEqual([
          ...['slow one', 'slow two'],
          'echo 5',
        ]);
        await closing;
      },
    );

    it('are answered to the last byte when the application closes, though their sender reads slowly', async () => {
      const connection = await RawConnection.open(app.port);
      connection.write(bytesOf({ type: 'user.large' }));
      connection.socket.pause();
      await waitFor(() => releases.length === 1);
      const closing = app.close();
      await waitFor(() => !server.listening);
      releases[0]();
      for (let turn = 0; turn < 50; turn++) await nextTurn();
      connection.socket.resume();
      const answer = await connection.answer();
      expect(answer?.body).toHaveLength(LARGE.length);
      await closing;
    });

    it('are forgotten when their answers wait for one that its sender does not wait for', async () => {
      const connection = await RawConnection.open(app.port);
      connection.write(Buffer.concat([bytesOf({ type: 'user.slow' }), bytesOf(), bytesOf()]));
      await waitFor(() => releases.length === 1 && handled.length === 2);
      await connection.reset();
      releases[0]();
      // As long as an event is in flight this waits.
      await expect(app.app.get(UpstreamEndpoint, { strict: false }).drain(2 ** 30)).resolves.toBeUndefined();
    });
  });
});

describe.each(ATTACHMENTS)('events that arrive over HTTP/2, attached at the %s', (attach) => {
  let host: INestApplication;
  beforeAll(async () => {
    const imports = [WebPubSubModule.forRoot({ connectionString: CONNECTION_STRING, attach })];
    const testing = await Test.createTestingModule({ imports, providers: [ArrivalHub] }).compile();
    // Its server is of HTTP/2, which the type of the adapter does not say.
    host = testing.createNestApplication(new FastifyAdapter({ http2: true } as object), { logger: false });
    await host.listen(0, '127.0.0.1');
  });
  afterAll(() => host.close());

  it.each([
    ['with the head, as an error', 8, true],
    ['with the head, as no error', 0, true],
    ['later, as an error', 8, false],
    ['later, as no error', 0, false],
  ])('are not handled when their senders give them up %s', async (_name, code, isAtOnce) => {
    const { port } = (host.getHttpServer() as Server).address() as AddressInfo;
    const begun = once(host.getHttpServer() as Server, 'request');
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    const { headers } = eventRequest({ type: 'user.message' });
    const half = endlessRequest('/eventhandler', headers as Record<string, string>, 'half of it');
    if (isAtOnce) {
      socket.write(Buffer.concat([half, http2Frames.reset(code)]));
    } else {
      socket.write(half);
      await begun;
      socket.write(http2Frames.reset(code));
    }
    const [request] = (await begun) as [IncomingMessage];
    if (!request.readableEnded) await once(request, 'end');
    socket.end(http2Frames.ping());
    socket.resume();
    await once(socket, 'close');
    expect(handled).toEqual([]);
  });

  it('leave nothing behind that the application would wait for', async () => {
    await expect(host.get(UpstreamEndpoint, { strict: false }).drain(2 ** 30)).resolves.toBeUndefined();
  });
});
