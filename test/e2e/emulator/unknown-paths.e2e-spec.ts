import { beforeEach, describe, expect, it } from '@jest/globals';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { refusalOf, WebSocketClient } from '../../support/connect-client.js';
import { startEmulator } from '../../support/start-emulator.js';

const NO_SOCKET_IO =
  'The emulator has no Socket.IO: connect with a WebSocket client to /client/hubs/{hub}, see docs/coverage.md.';

let emulator: WebPubSubEmulator;
let warnings: string[];

beforeEach(async () => {
  warnings = [];
  const logger = { log() {}, warn: (line: string) => void warnings.push(line), error() {} };
  emulator = await startEmulator({ logger });
});

function connect(path: string): Promise<{ status: number; body: string }> {
  return refusalOf(WebSocketClient.connect(emulator, { path }));
}

async function poll(path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(emulator.endpoint + path);
  return { status: response.status, body: await response.text() };
}

describe('a Socket.IO client', () => {
  it.each(['/socket.io/', '/clients/socketio/hubs/chat/'])('is told at %s that there is no Socket.IO', async (path) => {
    expect(await poll(`${path}?EIO=4&transport=polling`)).toEqual({ status: 404, body: NO_SOCKET_IO });
    expect(await connect(`${path}?EIO=4&transport=websocket`)).toEqual({ status: 404, body: NO_SOCKET_IO });
    expect(warnings).toEqual([`A Socket.IO client asks for "${path}". ${NO_SOCKET_IO}`]);
  });
});

describe('a WebSocket client where nothing is served', () => {
  it('is in the log, once for each path, of which there are 100 at most', async () => {
    const refusal = { status: 404, body: expect.stringMatching(/^Nothing is served at \/mqtt\./) };
    for (let attempt = 0; attempt < 3; attempt++) expect(await connect('/mqtt')).toEqual(refusal);
    expect(warnings).toEqual([
      'A WebSocket client asks for "/mqtt", where nothing is served: ' +
        'clients connect to /client/hubs/{hub}, those of MQTT to /clients/mqtt/hubs/{hub}.',
    ]);
    for (let path = 0; path < 120; path++) expect((await connect(`/${path}`)).status).toBe(404);
    expect(warnings).toHaveLength(100);
  });
});

it('requests where nothing is served are not in the log', async () => {
  expect(await poll('/favicon.ico')).toEqual({ status: 404, body: expect.stringMatching(/^Nothing is served/) });
  expect(warnings).toEqual([]);
});
