import { WebPubSubServiceClient } from '@azure/web-pubsub';
import {
  WebPubSubClient,
  WebPubSubJsonProtocol,
  type OnServerDataMessageArgs,
  type WebPubSubClientOptions,
} from '@azure/web-pubsub-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { ChatApplication } from '../../../src/sample/chat.application.js';
import { ChatClient } from '../../support/chat-client.js';
import { negotiate, startSample } from '../../support/start-sample.js';

/** Without the client's own timers and retries, which outlive a stopped client. */
const CLIENT_OPTIONS: WebPubSubClientOptions = {
  protocol: WebPubSubJsonProtocol(),
  autoReconnect: false,
  keepAliveIntervalInMs: 0,
  keepAliveTimeoutInMs: 0,
  messageRetryOptions: { maxRetries: 0 },
};

let sample: ChatApplication;
let service: WebPubSubServiceClient;

beforeAll(async () => {
  sample = await startSample();
  service = new WebPubSubServiceClient(sample.connectionString, 'Sample_ChatApp', { allowInsecureConnection: true });
});

afterAll(async () => {
  await sample.close();
});

describe('the page', () => {
  it('is on /, and may only talk to the application and the service', async () => {
    const { headers, text } = await request(sample.url).get('/').expect(200).expect('Content-Type', /html/);
    const serviceOrigin = new URL(await negotiate(sample, 'ann')).origin;
    expect(text).toContain('<title>Chat</title>');
    expect(headers['content-security-policy']).toContain(`default-src 'none'`);
    expect(headers['content-security-policy']).toContain(`connect-src 'self' ${serviceOrigin}`);
  });

  it.each([
    '/chat.js',
    '/connection.js',
    '/transcript.js',
    '/composer.js',
    '/person.js',
    '/chat.css',
    '/theme.css',
    '/join.css',
    '/transcript.css',
    '/favicon.svg',
  ])('has its part %s', async (path) => {
    const { status } = await request(sample.url).get(path);
    expect(status).toBe(200);
  });
});

describe('GET /negotiate', () => {
  it('answers the URL of the hub with a token for the user', async () => {
    const { body, headers } = await request(sample.url).get('/negotiate').query({ userId: 'ann' }).expect(200);
    expect(Object.keys(body)).toEqual(['url']);
    const url = new URL(body.url);
    expect(`${url.protocol}//${url.host}${url.pathname}`).toBe(
      `${sample.connectionString.match(/Endpoint=([^;]+)/)?.[1]?.replace('http', 'ws')}/client/hubs/Sample_ChatApp`,
    );
    const claims = JSON.parse(
      Buffer.from(url.searchParams.get('access_token')?.split('.')[1] ?? '', 'base64url').toString(),
    );
    expect(claims).toMatchObject({ sub: 'ann' });
    expect(headers['cache-control']).toBe('no-store');
  });

  it.each([
    ['without a user id', '/negotiate', 'Name the user: /negotiate?userId=ann'],
    ['with an empty one', '/negotiate?userId=', 'userId is empty.'],
    ['with two', '/negotiate?userId=ann&userId=bob', 'Give userId once, as text.'],
    ['with one too long', `/negotiate?userId=${'a'.repeat(65)}`, 'userId has 65 characters; 64 are the most.'],
    ['with the name of the chat itself', '/negotiate?userId=[System]', 'The name [System] belongs to the chat itself.'],
  ])('answers 400 with the reason %s', async (_name, path, message) => {
    const { body } = await request(sample.url).get(path).expect(400);
    expect(body).toMatchObject({ statusCode: 400, message });
  });
});

describe('the chat', () => {
  it('carries messages between plain WebSockets and the official client, with who joined and who left', async () => {
    const ann = await ChatClient.connect(await negotiate(sample, 'ann'));
    expect(await ann.next()).toEqual({ from: '[System]', message: 'ann joined.' });

    const bob = new WebPubSubClient({ getClientAccessUrl: () => negotiate(sample, 'bob') }, CLIENT_OPTIONS);
    const bobReceives: unknown[] = [];
    const bobHears = new Promise<void>((resolve) => {
      bob.on('server-message', ({ message }: OnServerDataMessageArgs) => {
        bobReceives.push(message.data);
        if ((message.data as { message: string }).message === 'Hello, Bob') resolve();
      });
    });
    await bob.start();
    expect(await ann.next()).toEqual({ from: '[System]', message: 'bob joined.' });

    await bob.sendEvent('message', 'Hello, Ann', 'text');
    expect(await ann.next()).toEqual({ from: 'bob', message: 'Hello, Ann' });
    ann.send('Hello, Bob');
    expect(await ann.next()).toEqual({ from: 'ann', message: 'Hello, Bob' });
    await bobHears;
    expect(bobReceives).toEqual([
      { from: '[System]', message: 'bob joined.' },
      { from: 'bob', message: 'Hello, Ann' },
      { from: 'ann', message: 'Hello, Bob' },
    ]);

    bob.stop();
    expect(await ann.next()).toEqual({ from: '[System]', message: 'bob left.' });
    await ann.close();
  });

  it.each(['Zoë Ünal', '小明', 'مريم', '👩‍🚀', 'a+b&c=d%20'])('keeps the name %s whole', async (userId) => {
    const client = await ChatClient.connect(await negotiate(sample, userId));
    expect(await client.next()).toEqual({ from: '[System]', message: `${userId} joined.` });
    client.send('🙂 déjà vu, 你好');
    expect(await client.next()).toEqual({ from: userId, message: '🙂 déjà vu, 你好' });
    await client.close();
  });

  it('gives a client whose token names nobody a name of its own', async () => {
    const { url } = await service.getClientAccessToken();
    const guest = await ChatClient.connect(url);
    const { message } = await guest.next();
    expect(message).toMatch(/^guest-[0-9a-f]{8} joined\.$/);
    guest.send('Who am I?');
    expect(await guest.next()).toEqual({ from: message.split(' ')[0], message: 'Who am I?' });
    await guest.close();
  });

  it('refuses a client that takes the name of the chat itself', async () => {
    const { url } = await service.getClientAccessToken({ userId: '[System]' });
    await expect(ChatClient.connect(url)).rejects.toThrow('403');
  });

  it('refuses a message that is not text, and stays open', async () => {
    const client = new WebPubSubClient({ getClientAccessUrl: () => negotiate(sample, 'carl') }, CLIENT_OPTIONS);
    await client.start();
    const binary = new Uint8Array([1, 2, 3]).buffer;
    await expect(client.sendEvent('message', binary, 'binary')).rejects.toMatchObject({ name: 'SendMessageError' });
    await expect(client.sendEvent('message', 'text after all', 'text')).resolves.toMatchObject({ isDuplicated: false });
    client.stop();
  });

  it('takes no event without the signature of the service', async () => {
    const { status } = await request(sample.url)
      .post('/eventhandler')
      .set({
        'ce-specversion': '1.0',
        'ce-awpsversion': '1.0',
        'ce-type': 'azure.webpubsub.user.message',
        'ce-source': '/hubs/Sample_ChatApp/client/abc',
        'ce-id': '1',
        'ce-time': new Date().toISOString(),
        'ce-hub': 'Sample_ChatApp',
        'ce-connectionId': 'abc',
        'ce-userId': 'mallory',
        'ce-eventName': 'message',
        'webhook-request-origin': new URL(service.endpoint).host,
        'content-type': 'text/plain',
      })
      .send('Believe me');
    expect(status).toBe(401);
  });
});

describe('closing', () => {
  it('ends the connections of clients and frees both ports', async () => {
    const closing = await startSample();
    const ann = await ChatClient.connect(await negotiate(closing, 'ann'));
    await ann.until('ann joined.');
    await closing.close();
    await ann.closed();
    await expect(fetch(closing.url)).rejects.toThrow('fetch failed');
    await expect(
      ChatClient.connect(`ws://localhost:${new URL(closing.emulator?.inspectorUrl ?? '').port}`),
    ).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a port that is taken', () => {
  it('stops the start, and says which port and how to choose another', async () => {
    const port = Number(new URL(sample.url).port);
    await expect(startSample({ port })).rejects.toThrow(
      `Port ${port} is in use. End the program that has it, or choose another port with PORT.`,
    );
  });

  it('of the emulator does so too', async () => {
    const emulatorPort = Number(new URL(service.endpoint).port);
    await expect(startSample({ emulatorPort })).rejects.toThrow(/WEB_PUBSUB_EMULATOR_PORT/);
  });
});
