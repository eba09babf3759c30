import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { connectJsonClient, WebSocketClient, type ConnectOptions } from '../../support/connect-client.js';
import { RecordingUpstream, type RecordedAnswer } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

let emulator: WebPubSubEmulator;
let upstream: RecordingUpstream;

beforeAll(async () => {
  upstream = await RecordingUpstream.start();
  emulator = await startEmulator({
    hubs: {
      chat: {
        eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: 'message', systemEvents: ['disconnected'] }],
      },
    },
  });
});

afterAll(() => upstream.close());

beforeEach(() => {
  upstream.onEvent = () => ({ status: 204 });
});

function connectSimple(options: ConnectOptions = {}): Promise<WebSocketClient> {
  return WebSocketClient.connect(emulator, options);
}

describe('a simple client in sendEvent mode [client-websocket 4]', () => {
  it.each([
    ['text', 'hé', 'text/plain; charset=utf-8'],
    ['bytes', Buffer.from([0, 255]), 'application/octet-stream'],
  ])('raises the event message with %s', async (_fact, frame, contentType) => {
    const client = await connectSimple({ userId: 'ann' });
    client.send(frame);
    const event = await nextMessageEvent();
    expect(event.headers).toMatchObject({ 'ce-eventname': 'message', 'content-type': contentType, 'ce-userid': 'ann' });
    expect(event.headers['ce-subprotocol']).toBeUndefined();
    expect(event.body).toEqual(Buffer.from(frame));
  });

  it.each([
    ['text', { headers: { 'Content-Type': 'text/plain' }, body: 'x' }, 'x', false],
    ['JSON as text', { headers: { 'Content-Type': 'application/json' }, body: '{"a": 1}' }, '{"a": 1}', false],
    ['binary', { headers: { 'Content-Type': 'application/octet-stream' }, body: 'x' }, 'x', true],
    ['an empty text for metadata alone', { headers: { 'x-webpubsub-metadata-k': 'v' } }, '', false],
  ] as [string, RecordedAnswer, string, boolean][])(
    '[3] receives an answer as a bare frame: %s',
    async (_fact, answer, text, isBinary) => {
      upstream.onEvent = () => answer;
      const client = await connectSimple();
      client.send('ask');
      expect(await client.nextFrame()).toEqual({ payload: Buffer.from(text), isBinary });
      await nextMessageEvent();
    },
  );

  it('receives nothing for an empty answer, and no frame when it connects', async () => {
    const client = await connectSimple({ groups: ['g'] });
    client.send('ask');
    await nextMessageEvent();
    upstream.onEvent = () => ({ headers: { 'Content-Type': 'text/plain' }, body: 'marker' });
    client.send('ask');
    await nextMessageEvent();
    expect(await client.nextText()).toBe('marker');
    expect(client.untaken).toBe(0);
  });

  it('handles one frame after the other', async () => {
    let running = 0;
    let atOnce = 0;
    upstream.onEvent = async (request) => {
      atOnce = Math.max(atOnce, ++running);
      await new Promise((done) => setImmediate(done));
      running--;
      return { headers: { 'Content-Type': 'text/plain' }, body: request.body };
    };
    const client = await connectSimple();
    const sent = Array.from({ length: 20 }, (_, index) => `${index}`);
    for (const text of sent) client.send(text);
    const received = [];
    for (const _ of sent) received.push(await client.nextText());
    for (const _ of sent) await nextMessageEvent();
    expect([received, atOnce]).toEqual([sent, 1]);
  });

  it.each([
    ['refuses', { status: 401, body: 'secret' }],
    ['answers in an unknown content type', { headers: { 'Content-Type': 'image/png' }, body: 'x' }],
  ] as [string, RecordedAnswer][])('is closed with 1011 when the handler %s', async (_fact, answer) => {
    upstream.onEvent = () => answer;
    const client = await connectSimple();
    client.send('ask');
    expect(await client.closed()).toEqual({ code: 1011, reason: 'Internal server error' });
    await nextMessageEvent();
  });

  it('is closed with 1011 when nobody handles the event', async () => {
    const client = await connectSimple({ hub: 'nobody' });
    client.send('ask');
    expect(await client.closed()).toMatchObject({ code: 1011 });
  });

  it('stays open when only a listener hears the event, and receives nothing', async () => {
    const heard: unknown[] = [];
    const unsubscribe = emulator.on('message', (event) => heard.push(event), { hub: 'listened' });
    const client = await connectSimple({ hub: 'listened', groups: ['g'] });
    client.send('one');
    client.send('two');
    const sender = await connectJsonClient(emulator, { hub: 'listened', roles: ['webpubsub.sendToGroup'] });
    while (heard.length < 2) await new Promise((done) => setImmediate(done));
    sender.send({ type: 'sendToGroup', group: 'g', dataType: 'text', data: 'marker' });
    expect(await client.nextText()).toBe('marker');
    unsubscribe();
  });

  it('cancels the pending request when it disconnects', async () => {
    let cancelled: (hasAnswered: boolean) => void;
    const isCancelled = new Promise<boolean>((resolve) => (cancelled = resolve));
    upstream.onEvent = () => (response) => response.once('close', () => cancelled(!response.writableEnded));
    const client = await connectSimple();
    client.send('ask');
    await nextMessageEvent();
    client.socket.close();
    expect(await isCancelled).toBe(true);
  });
});

describe('a simple client in sendToGroup mode [client-websocket 4]', () => {
  const query = { webpubsub_mode: 'sendToGroup', group: 'g' };
  const roles = ['webpubsub.sendToGroup.g'];

  it('publishes frames as they are, without joining', async () => {
    const member = await connectJsonClient(emulator, { groups: ['g'] });
    const client = await connectSimple({ userId: 'ann', roles, query });
    client.send('x');
    client.send(Buffer.from([255]));
    const message = { type: 'message', from: 'group', group: 'g', fromUserId: 'ann' };
    expect(await member.next()).toEqual({ ...message, dataType: 'text', data: 'x' });
    expect(await member.next()).toEqual({ ...message, dataType: 'binary', data: '/w==' });
    expect(client.untaken).toBe(0);
  });

  it.each([
    ['receives its own message as a bare frame', {}, 'own'],
    ['does not receive its own message with noEcho', { noEcho: 'true' }, 'marker'],
  ])('%s', async (_fact, more, received) => {
    const client = await connectSimple({ roles, groups: ['g'], query: { ...query, ...more } });
    const member = await connectJsonClient(emulator, { roles, groups: ['g'] });
    client.send('own');
    expect(await member.next()).toMatchObject({ data: 'own' });
    member.send({ type: 'sendToGroup', group: 'g', dataType: 'text', data: 'marker' });
    expect(await client.nextText()).toBe(received);
  });

  it('is closed with 1008 without the role', async () => {
    const client = await connectSimple({ query });
    client.send('x');
    expect(await client.closed()).toEqual({
      code: 1008,
      reason: 'The connection is not authorized for raw sendToGroup mode.',
    });
  });
});

async function nextMessageEvent(): ReturnType<RecordingUpstream['nextEvent']> {
  for (;;) {
    const event = await upstream.nextEvent();
    if (event.headers['ce-eventname'] === 'message') return event;
  }
}
