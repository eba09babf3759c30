import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { connectJsonClient, refusalOf, WebSocketClient } from '../../support/connect-client.js';
import { expressMiddleware } from '../../support/express-middleware-upstream.js';
import { INTEROP_HUB, type InteropUpstream } from '../../support/interop-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

let emulator: WebPubSubEmulator;
let upstream: InteropUpstream;
const warnings: string[] = [];

beforeAll(async () => {
  const logger = { log() {}, warn: (line: string) => void warnings.push(line), error() {} };
  emulator = await startEmulator({ logger });
  upstream = await expressMiddleware.start(emulator.connectionString);
  emulator.setHub(INTEROP_HUB, {
    eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: '*', systemEvents: ['connect'] }],
  });
});

afterAll(() => upstream.close());

/** The official middleware writes them without a content type. */
describe('words with which @azure/web-pubsub-express refuses an event', () => {
  it('are in the log when it refuses a client', async () => {
    const refusal = await refusalOf(WebSocketClient.connect(emulator, { hub: INTEROP_HUB, query: { refuse: '1' } }));
    expect(refusal.status).toBe(401);
    expect(warnings.splice(0)).toEqual([
      expect.stringMatching(/ answered 401: "not today"; if no handler meant that: /),
    ]);
  });

  it('are in the log when it refuses a user event', async () => {
    const client = await connectJsonClient(emulator, { hub: INTEROP_HUB });
    client.send({ type: 'event', event: 'refuse', dataType: 'text', data: 'x', ackId: 1 });
    expect(await client.next()).toMatchObject({ type: 'ack', ackId: 1, success: false });
    expect(warnings.splice(0)).toEqual([expect.stringMatching(/ answered 400: "refused"$/)]);
  });
});
