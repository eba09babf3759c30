import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_ACCESS_KEY } from '../../../src/emulator/access-keys.js';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { signConnectionId } from '../../../src/protocol/signature.js';
import { connectJsonClient, JSON_SUBPROTOCOL, refusalOf, WebSocketClient } from '../../support/connect-client.js';
import { FakeClock } from '../../support/fake-clock.js';
import { startEmulator } from '../../support/start-emulator.js';
import { TunnelClient, type ReceivedTunnelMessage } from '../../support/tunnel-client.js';

const SECONDARY = 'secondary-key-for-tests-0123456789abc';

/** Events of clients, from the emulator's settings through a tunnel to what the tool answers, and back [tunnel 5]. */

let clock: FakeClock;
let emulator: WebPubSubEmulator;
let lines: string[];
const tools: TunnelClient[] = [];

beforeEach(async () => {
  clock = new FakeClock(Date.now());
  lines = [];
  const write = (line: string): void => void lines.push(line);
  emulator = await startEmulator({
    clock,
    secondaryAccessKey: SECONDARY,
    logger: { log: write, warn: write, error: write },
    hubs: {
      Sample_ChatApp: {
        eventHandlers: [
          {
            urlTemplate: 'tunnel:///eventhandler/{event}',
            userEventPattern: '*',
            systemEvents: ['connect', 'connected', 'disconnected'],
          },
        ],
      },
    },
  });
});

afterEach(async () => {
  for (const tool of tools.splice(0)) tool.drop();
  await emulator.close();
});

async function startTool(serverId = 's1'): Promise<TunnelClient> {
  const tool = await TunnelClient.connect({
    endpoint: emulator.endpoint,
    hub: 'Sample_ChatApp',
    accessKey: DEFAULT_ACCESS_KEY,
    serverId,
  });
  tools.push(tool);
  return tool;
}

function headersOf(request: ReceivedTunnelMessage): Record<string, string[]> {
  return request.fields['Headers'] as Record<string, string[]>;
}

function options(userId: string) {
  return { hub: 'Sample_ChatApp', userId, subprotocols: JSON_SUBPROTOCOL };
}

/** Waits until the emulator waits for the time of another attempt. */
async function failedAttempts(count: number): Promise<void> {
  const failures = () =>
    emulator.traffic.entries().filter((entry) => entry.door === 'upstream' && entry.failure !== undefined).length;
  while (failures() < count) {
    await new Promise<void>((resolve) => {
      const end = emulator.traffic.subscribe(() => {
        end();
        resolve();
      });
    });
  }
}

describe('events of a hub behind a tunnel', () => {
  it('travel without a validation, signed with each key, and are answered', async () => {
    const tool = await startTool();
    const connecting = connectJsonClient(emulator, options('Zoë 李'));
    const connect = await tool.next();
    expect(connect.fields).toMatchObject({ HttpMethod: 'POST', Url: 'tunnel:///eventhandler/connect' });
    const headers = headersOf(connect);
    expect(headers).toMatchObject({
      'ce-type': ['azure.webpubsub.sys.connect'],
      'ce-hub': ['sample_chatapp'],
      'WebHook-Request-Origin': ['localhost'],
      'ce-userId': [Buffer.from('Zoë 李').toString('latin1')],
    });
    expect(headers['ce-signature']).toEqual(
      [DEFAULT_ACCESS_KEY, SECONDARY].map((key) => signConnectionId(headers['ce-connectionId'][0], [key])),
    );
    expect(Object.keys(headers).map((name) => name.toLowerCase())).not.toContain('host');
    tool.answer(connect, { status: 200, headers: { 'ce-connectionstate': ['abc'] }, body: '{"groups":["lobby"]}' });
    const client = await connecting;
    const connected = await tool.next();
    expect(connected.fields['Url']).toBe('tunnel:///eventhandler/connected');
    tool.answer(connected, { status: 204 });

    client.send({ type: 'event', event: 'message', dataType: 'text', data: 'hello', ackId: 1 });
    const message = await tool.next();
    expect(message.fields['Url']).toBe('tunnel:///eventhandler/message');
    expect(headersOf(message)).toMatchObject({
      'Content-Type': ['text/plain; charset=utf-8'],
      'ce-connectionState': ['abc'],
    });
    expect(Buffer.from(message.content ?? []).toString()).toBe('hello');
    tool.answer(message, { status: 200, headers: { 'content-type': ['text/plain; charset=utf-8'] }, body: 'echo' });
    expect(await client.next()).toMatchObject({ type: 'message', from: 'server', data: 'echo' });
    expect(await client.next()).toMatchObject({ type: 'ack', ackId: 1, success: true });
  });

  it('a refusal of upstream is the client’s refusal', async () => {
    const tool = await startTool();
    const refusal = refusalOf(WebSocketClient.connect(emulator, options('ann')));
    tool.answer(await tool.next(), { status: 401 });
    expect((await refusal).status).toBe(401);
  });

  it('survive the loss of the tunnel: they are sent again through the one that returns', async () => {
    const tool = await startTool();
    const connecting = connectJsonClient(emulator, options('ann'));
    const first = await tool.next();
    tool.drop();
    await failedAttempts(1);
    const returned = await startTool();
    clock.advance(1_000);
    const second = await returned.next();
    expect(headersOf(second)['ce-id']).toEqual(headersOf(first)['ce-id']);
    returned.answer(second, { status: 204 });
    expect((await connecting).connectionId).toEqual(expect.any(String));
  });

  it('fail without a tunnel as with an unreachable handler, and the log names the command to start', async () => {
    const refusal = refusalOf(WebSocketClient.connect(emulator, options('ann')));
    for (const [attempt, delayMs] of [1_000, 3_000, 5_000].entries()) {
      await failedAttempts(attempt + 1);
      clock.advance(delayMs);
    }
    expect((await refusal).status).toBe(500);
    expect(lines.join('\n')).toContain('awps-tunnel run --hub sample_chatapp --upstream http://localhost:8080');
  });

  it('fail when the tool never answers', async () => {
    const tool = await startTool();
    const refusal = refusalOf(WebSocketClient.connect(emulator, options('ann')));
    await tool.next();
    clock.advance(100_000);
    expect((await refusal).status).toBe(500);
  });

  it('a refused local port is a 500 of the tool, and tried again', async () => {
    const tool = await startTool();
    const connecting = connectJsonClient(emulator, options('ann'));
    tool.answer(await tool.next(), { status: 500, body: 'connect ECONNREFUSED 127.0.0.1:8080' });
    await failedAttempts(1);
    clock.advance(1_000);
    tool.answer(await tool.next(), { status: 204 });
    expect((await connecting).connectionId).toEqual(expect.any(String));
  });

  it('the last ones still leave when the emulator ends, before the tunnel is closed', async () => {
    const tool = await startTool();
    const connecting = connectJsonClient(emulator, options('ann'));
    tool.answer(await tool.next(), { status: 204 });
    await connecting;
    tool.answer(await tool.next(), { status: 204 });
    const closing = emulator.close();
    const disconnected = await tool.next();
    expect(disconnected.fields['Url']).toBe('tunnel:///eventhandler/disconnected');
    tool.answer(disconnected, { status: 204 });
    expect(await tool.closed).toBe(1001);
    expect(tool.unread).toBe(0);
    await closing;
  });

  it('each attempt is recorded once', async () => {
    const tool = await startTool();
    const refusal = refusalOf(WebSocketClient.connect(emulator, options('ann')));
    tool.answer(await tool.next(), { status: 403 });
    await refusal;
    const calls = emulator.traffic.entries().filter((entry) => entry.door === 'upstream');
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ eventName: 'connect', request: { url: 'tunnel:///eventhandler/connect' } });
  });
});

it('the emulator’s tunnels can be listed and steered', async () => {
  const tool = await startTool('s9');
  const [{ connectionId, serverId }] = emulator.tunnels.list('sample_chatapp');
  expect(serverId).toBe('s9');
  expect(emulator.tunnels.notify(connectionId, 'hello')).toBe(true);
  expect((await tool.next()).type).toBe(5);
});
