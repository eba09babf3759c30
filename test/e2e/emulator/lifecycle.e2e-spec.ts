import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ACCESS_KEY } from '../../../src/emulator/access-keys.js';
import type { EmulatorLogger } from '../../../src/emulator/emulator-logger.js';
import { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { InvalidSettingError } from '../../../src/emulator/setting.errors.js';
import { callRest } from '../../support/call-rest.js';
import { clientToken, connectJsonClient, refusalOf, WebSocketClient } from '../../support/connect-client.js';
import { RecordingUpstream } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

async function holdPort(host: string, port = 0): Promise<{ port: number; release(): Promise<void> }> {
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    release: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

describe('an emulator that is started', () => {
  it('says where it is', async () => {
    const emulator = await startEmulator();
    expect(emulator.port).toBeGreaterThan(0);
    expect(emulator.endpoint).toBe(`http://localhost:${emulator.port}`);
    expect(emulator.connectionString).toBe(
      `Endpoint=${emulator.endpoint};AccessKey=${DEFAULT_ACCESS_KEY};Version=1.0;`,
    );
    const service = new WebPubSubServiceClient(emulator.connectionString, 'chat', { allowInsecureConnection: true });
    await service.sendToAll({ hello: 'world' });
  });

  it.each(['127.0.0.1', 'localhost', '::1', '[::1]', undefined])(
    'on %s answers on both loopback addresses',
    async (host) => {
      const emulator = await startEmulator(host === undefined ? {} : { host });
      expect(emulator.endpoint).toBe(`http://localhost:${emulator.port}`);
      for (const address of ['127.0.0.1', '[::1]', 'localhost']) {
        expect((await fetch(`http://${address}:${emulator.port}/api/health`)).status).toBe(200);
      }
    },
  );

  it('on one address of loopback when another program has the other, and says so', async () => {
    const holder = await holdPort('::1');
    const warnings: string[] = [];
    const logger: EmulatorLogger = { log() {}, error() {}, warn: (message) => void warnings.push(message) };
    const emulator = await startEmulator({ port: holder.port, logger });
    expect(warnings).toEqual([expect.stringContaining(`Another program listens on [::1]:${holder.port}`)]);
    await emulator.close();
    await holder.release();
  });

  it('on every address still names localhost', async () => {
    const emulator = await startEmulator({ host: '0.0.0.0' });
    expect(emulator.endpoint).toBe(`http://localhost:${emulator.port}`);
  });

  it('says which port is in use, and what to do', async () => {
    const holder = await holdPort('127.0.0.1');
    await expect(WebPubSubEmulator.start({ port: holder.port })).rejects.toThrow(
      `Port ${holder.port} is in use on 127.0.0.1. End the program that has it, or choose another port`,
    );
    await holder.release();
  });

  it('says that a host is not this machine', async () => {
    await expect(WebPubSubEmulator.start({ port: 0, host: '192.0.2.1' })).rejects.toThrow(
      '192.0.2.1 is not an address of this machine.',
    );
  });

  it('refuses broken options before anything is open', async () => {
    const starting = WebPubSubEmulator.start({ port: 0, hubs: { chat: { eventHandlers: [{ urlTemplate: 'x' }] } } });
    await expect(starting).rejects.toThrow(InvalidSettingError);
    await expect(starting).rejects.toThrow('hubs.chat.eventHandlers[0].urlTemplate: must be an absolute URL');
  });
});

// Of the addresses of the loopback network macOS has 127.0.0.1 alone.
const describeOnLoopbackNetwork = process.platform === 'darwin' ? describe.skip : describe;

describeOnLoopbackNetwork('an emulator on another loopback address', () => {
  it('answers there, and under localhost, which it goes by', async () => {
    const emulator = await startEmulator({ host: '127.0.0.2' });
    expect(emulator.endpoint).toBe(`http://localhost:${emulator.port}`);
    for (const address of ['127.0.0.2', '127.0.0.1', '[::1]', 'localhost']) {
      expect((await fetch(`http://${address}:${emulator.port}/api/health`)).status).toBe(200);
    }
    await expect(fetch(`http://127.0.0.3:${emulator.port}/api/health`)).rejects.toThrow('fetch failed');
  });

  it('takes tokens that were made for localhost', async () => {
    const emulator = await startEmulator({ host: '127.0.0.2' });
    const client = await connectJsonClient(
      { endpoint: `http://127.0.0.2:${emulator.port}` },
      { token: clientToken(emulator) },
    );
    expect(client.connectionId).not.toBe('undefined');
  });

  it('says when it is taken', async () => {
    const holder = await holdPort('127.0.0.2');
    await expect(WebPubSubEmulator.start({ port: holder.port, host: '127.0.0.2' })).rejects.toThrow(
      `Port ${holder.port} is in use on 127.0.0.2.`,
    );
    await holder.release();
  });
});

describe('unknown paths', () => {
  it('are answered 404 with what there is', async () => {
    const emulator = await startEmulator();
    const reply = await callRest(emulator, 'GET /nothing', { authorization: null });
    expect(reply.status).toBe(404);
    expect(reply.text).toContain('/api/hubs/{hub}');
    expect(reply.text).toContain('/inspector');
    expect(await refusalOf(WebSocketClient.connect(emulator, { path: '/clients/socketio/hubs/chat' }))).toEqual({
      status: 404,
      body: expect.stringContaining('/client/hubs/{hub}'),
    });
  });

  it('that are for WebSockets are answered 400 without an upgrade', async () => {
    const emulator = await startEmulator();
    for (const path of ['/client/hubs/chat', '/server/tunnel?hub=chat']) {
      expect((await callRest(emulator, `GET ${path}`)).status).toBe(400);
    }
  });

  it.each(['GET http://[bad/x', 'GET *', 'GET //x/y', 'GET /%', 'GET http://example.com/api/health'])(
    'a strange request line does no harm: %s',
    async (line) => {
      const emulator = await startEmulator();
      expect((await callRest(emulator, line, { authorization: null })).status).toBe(
        line.endsWith('health') ? 200 : 404,
      );
      expect((await callRest(emulator, 'GET /', { headers: { Host: 'a b' } })).status).toBe(404);
    },
  );
});

describe('bytes that are no HTTP', () => {
  it.each([
    ['rubbish', '\u0000\u0001rubbish\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nrubbish\r\n\r\n'],
    ['more headers than anybody needs', `GET / HTTP/1.1\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
    [
      'an upgrade to something else',
      'GET /client/hubs/chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    ],
  ])('end the socket, and nothing else: %s', async (_name, bytes) => {
    const emulator = await startEmulator();
    const socket = connect(emulator.port, '127.0.0.1');
    socket.on('error', () => {});
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.write(bytes);
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await callRest(emulator, 'HEAD /api/health')).status).toBe(200);
  });
});

describe('setHub', () => {
  it('takes effect with the next event, whatever the spelling of the name', async () => {
    const emulator = await startEmulator();
    const upstream = await RecordingUpstream.start();
    const client = await connectJsonClient(emulator);
    const send = async (ackId: number) => {
      client.send({ type: 'event', event: 'greet', dataType: 'text', data: 'hi', ackId });
      return (await client.next())['success'];
    };
    expect(await send(1)).toBe(false);
    emulator.setHub('CHAT', { eventHandlers: [{ urlTemplate: `${upstream.url}/{event}`, userEventPattern: '*' }] });
    expect(await send(2)).toBe(true);
    expect(upstream.events.map(({ url }) => url)).toEqual(['/greet']);
    emulator.setHub('chat', {});
    expect(await send(3)).toBe(false);
    await upstream.close();
  });

  it('names the field of a broken setting and keeps the good ones', async () => {
    const emulator = await startEmulator({ hubs: { chat: { anonymousConnectPolicy: 'allow' } } });
    expect(() => emulator.setHub('chat', { eventHandlers: [{ urlTemplate: '' }] })).toThrow(
      'hubs.chat.eventHandlers[0].urlTemplate: must be an absolute URL',
    );
    expect(() => emulator.setHub('my-hub', {})).toThrow('name: is not a hub name');
    await WebSocketClient.connect(emulator, { token: null });
  });
});

describe('listeners', () => {
  it('hear events inside the process, in the place of Event Hubs', async () => {
    const emulator = await startEmulator();
    const heard: string[] = [];
    const stop = emulator.on('*', (event) => void heard.push(event.context.eventName));
    const client = await connectJsonClient(emulator);
    client.send({ type: 'event', event: 'greet', dataType: 'text', data: 'hi', ackId: 1 });
    expect(await client.next()).toMatchObject({ ackId: 1, success: true });
    expect(heard).toEqual(['greet']);
    stop();
    client.send({ type: 'event', event: 'greet', dataType: 'text', data: 'hi', ackId: 2 });
    expect(await client.next()).toMatchObject({ ackId: 2, success: false });
  });
});

describe('close', () => {
  it('ends every socket and every call, and frees the port', async () => {
    const emulator = await startEmulator();
    const upstream = await RecordingUpstream.start(() => 'hang');
    emulator.setHub('chat', { eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: '*' }] });
    const [simple, json] = [await WebSocketClient.connect(emulator), await connectJsonClient(emulator)];
    json.send({ type: 'event', event: 'greet', dataType: 'text', data: 'hi', ackId: 1 });
    await upstream.nextEvent();
    const agentless = await fetch(`${emulator.endpoint}/api/health`);
    expect(agentless.status).toBe(200);
    const { port } = emulator;
    const closing = emulator.close();
    expect(emulator.close()).toBe(closing);
    await closing;
    await simple.closed();
    await json.closed();
    await expect(fetch(`http://127.0.0.1:${port}/api/health`)).rejects.toThrow('fetch failed');
    const successor = await startEmulator({ port });
    expect(successor.port).toBe(port);
    await upstream.close();
  });
});
