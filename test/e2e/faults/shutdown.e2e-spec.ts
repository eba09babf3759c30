import type { Server } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { OnMessage, OnUserEvent, WebPubSubHub } from '../../../src/index.js';
import { UpstreamEndpoint } from '../../../src/library/upstream/upstream.endpoint.js';
import { startEventApplication, type EventApplication } from '../../support/event-application.js';
import { RawConnection, requestBytes } from '../../support/raw-http.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { ATTACHMENTS, eventRequest, PLATFORMS, startHubApp, type EventSettings } from '../../support/start-hub-app.js';
import { transpileSource, type TranspiledSource } from '../../support/transpiled-source.js';

const connectionsOf = (server: Server) => promisify(server.getConnections.bind(server))();
const bytesOf = (settings: EventSettings): Buffer => requestBytes(eventRequest(settings));

describe('a process that is told to end while events are in flight', () => {
  let source: TranspiledSource;
  let application: EventApplication | undefined;
  beforeAll(async () => {
    source = await transpileSource();
  });
  afterEach(() => application?.process.interrupt('SIGKILL'));
  afterAll(() => source.remove());

  it.each([
    ['express', 'server', false],
    ['express', 'route', true],
    ['fastify', 'server', true],
    ['fastify', 'route', false],
  ] as const)(
    'answers each of them, on %s attached at the %s, forceCloseConnections %s, and ends though connections are idle',
    async (platform, attach, isForced) => {
      application = await startEventApplication(source, { platform, attach, isForced });
      const { process: child, port } = application;
      const idle = await RawConnection.open(port);
      expect(await idle.write(bytesOf({ type: 'user.message', body: 'before' })).answer()).toMatchObject({
        status: 200,
      });
      // For one that has never sent a request Node waits without an end, unless it is told not to.
      const silent = isForced ? [await RawConnection.open(port)] : [];
      const late = await RawConnection.open(port);
      expect(await late.write(bytesOf({ type: 'user.message', body: 'late' })).answer()).toMatchObject({ status: 200 });
      const slow = await Promise.all([1, 2, 3].map(() => RawConnection.open(port)));
      for (const [index, connection] of slow.entries()) {
        connection.write(bytesOf({ type: 'user.slow', body: `number ${index}` }));
        await child.prints(new RegExp(`handling number ${index}`));
      }
      // Its headers have been accepted; that they have arrived shows in the answer to the event before.
      const half = await RawConnection.open(port);
      const bytes = bytesOf({ type: 'user.message', body: 'half' });
      half.write(Buffer.concat([bytesOf({ type: 'user.message', body: 'first' }), bytes.subarray(0, -2)]));
      expect(await half.answer()).toMatchObject({ body: 'echo first' });

      const exited = child.interrupt('SIGTERM');
      await child.prints(/closing/);
      half.write(bytes.subarray(-2));
      expect(await half.answer()).toMatchObject({ status: 200, body: 'echo half' });
      for (const [index, connection] of slow.entries()) {
        expect(await connection.answer()).toMatchObject({
          status: 200,
          body: `slow number ${index}`,
          headers: { connection: 'close' },
        });
      }
      // Nest sends itself the signal again when everything is closed.
      expect(await exited).toBe('SIGTERM');
      for (const connection of [idle, late, ...silent]) expect(await connection.answersUntilClosed()).toEqual([]);
      expect(child.output).not.toContain('unhandled');
    },
  );
});

describe.each(PLATFORMS)('an application that closes on %s', (platform) => {
  let handling = 0;
  let finish: () => void = () => undefined;

  @WebPubSubHub('chat')
  class ClosingHub {
    @OnMessage()
    message() {
      return 'done';
    }

    @OnUserEvent('hang')
    async hang() {
      handling++;
      await new Promise<void>((resolve) => (finish = resolve));
      return 'too late';
    }
  }

  it.each(ATTACHMENTS)(
    'attached at the %s answers what outlasts its patience, so that nothing keeps the server open',
    async (attach) => {
      handling = 0;
      const logger = new RecordingLogger();
      const app = await startHubApp({
        platform,
        options: { attach },
        providers: [ClosingHub],
        application: { logger },
      });
      const hanging = await RawConnection.open(app.port);
      hanging.write(bytesOf({ type: 'user.hang' }));
      while (handling === 0) await new Promise((resolve) => setImmediate(resolve));
      const half = await RawConnection.open(app.port);
      const bytes = bytesOf({ type: 'user.message', body: 'half' });
      half.write(Buffer.concat([bytesOf({ type: 'user.message' }), bytes.subarray(0, -2)]));
      expect(await half.answer()).toMatchObject({ status: 200 });
      const open = await RawConnection.open(app.port);
      expect(await open.write(bytesOf({ type: 'user.message' })).answer()).toMatchObject({ status: 200 });

      const drained = app.app.get(UpstreamEndpoint, { strict: false }).drain(20);
      expect(await open.write(bytesOf({ type: 'user.message' })).answersUntilClosed()).toMatchObject([{ status: 503 }]);
      await drained;
      // The service comes again after both.
      expect(await hanging.answersUntilClosed()).toMatchObject([{ status: 503, headers: { connection: 'close' } }]);
      expect(await half.answersUntilClosed()).toMatchObject([{ status: 408, headers: { connection: 'close' } }]);
      expect(logger.lines).toEqual([
        'error The application closes, and after 0.02 s has no answer yet to the event "hang" of hub "chat". The service ' +
          'gets 503 and sends such events again. Has a handler not ended?',
      ]);
      finish();
      await app.close();
    },
  );

  it.each(ATTACHMENTS)('attached at the %s waits for no event whose sender has gone', async (attach) => {
    handling = 0;
    const logger = new RecordingLogger();
    const app = await startHubApp({ platform, options: { attach }, providers: [ClosingHub], application: { logger } });
    const connections = [await RawConnection.open(app.port), await RawConnection.open(app.port)];
    for (const connection of connections) {
      // The second waits for its turn behind the first.
      connection.write(Buffer.concat([bytesOf({ type: 'user.hang' }), bytesOf({ type: 'user.hang' })]));
    }
    while (handling < 4) await new Promise((resolve) => setImmediate(resolve));
    const server = app.app.getHttpServer() as Server;
    for (const { socket } of connections) socket.destroy();
    while ((await connectionsOf(server)) > 0) await new Promise((resolve) => setImmediate(resolve));
    await app.close();
    expect(logger.lines).toEqual([]);
  });

  it('may be closed twice', async () => {
    const app = await startHubApp({ platform, providers: [ClosingHub] });
    await expect(Promise.all([app.close(), app.close()])).resolves.toHaveLength(2);
    await expect(app.close()).resolves.toBeUndefined();
  });
});
