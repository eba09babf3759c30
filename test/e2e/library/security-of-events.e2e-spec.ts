import 'reflect-metadata';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AzureKeyCredential } from '@azure/web-pubsub';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type INestApplication, type LoggerService, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { EventData } from '../../../src/library/decorators/event-params.decorators.js';
import { OnConnect, OnConnected, OnMessage } from '../../../src/library/decorators/event-handler.decorators.js';
import { WebPubSubHub } from '../../../src/library/decorators/web-pubsub-hub.decorator.js';
import { InMemoryIdempotencyStore } from '../../../src/library/idempotency/in-memory-idempotency.store.js';
import { WebPubSubModule } from '../../../src/library/web-pubsub.module.js';
import type { WebPubSubModuleOptions } from '../../../src/library/web-pubsub-options.interface.js';
import { sendWireRequest, wireEvent, type WireEvent, wireValidation } from '../../support/wire-request.js';

const PATH = '/eventhandler';
const ENDPOINT = 'https://demo.webpubsub.azure.com';
const connectionString = (key: string) => `Endpoint=${ENDPOINT};AccessKey=${key};Version=1.0;`;
const TENANT = '11111111-2222-3333-4444-555555555555';

/** Everything that was logged, at all levels. */
class KeepingLogger implements LoggerService {
  readonly lines: string[] = [];
  readonly log = (...texts: unknown[]) => void this.lines.push(texts.map(String).join(' '));
  readonly error = this.log;
  readonly warn = this.log;
  readonly debug = this.log;
  readonly verbose = this.log;
}

let runs: string[] = [];

@WebPubSubHub('hosts')
class GuardedHub {
  @OnConnect() connect() {
    runs.push('connect');
    return { userId: `ann${runs.length}` };
  }

  @OnConnected() connected() {
    runs.push('connected');
  }

  @OnMessage() message(@EventData() text: string) {
    runs.push(text);
    if (text === 'fail once' && runs.length === 1) throw new Error('secret of the handler');
    return `${text} ${runs.length}`;
  }
}

describe.each(['express', 'fastify'] as const)('events on %s', (platform) => {
  let app: INestApplication | undefined;
  let logger: KeepingLogger;

  afterEach(async () => {
    await app?.close();
    app = undefined;
    runs = [];
  });

  async function start(options: WebPubSubModuleOptions): Promise<string> {
    @Module({ imports: [WebPubSubModule.forRoot(options)], providers: [GuardedHub] })
    class GuardedModule {}
    logger = new KeepingLogger();
    const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    app = await NestFactory.create(GuardedModule, adapter, { logger, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    return `http://127.0.0.1:${((app.getHttpServer() as Server).address() as AddressInfo).port}`;
  }

  const message = (event: Partial<WireEvent> & { key: string }) =>
    wireEvent(PATH, { type: 'azure.webpubsub.user.message', contentType: 'text/plain', body: 'hello', ...event });

  describe('signed with keys [upstream-events 7, auth 10]', () => {
    it('are accepted with any key of several connection strings', async () => {
      const origin = await start({ connectionString: [connectionString('one'), connectionString('two')] });
      const statuses = [];
      for (const key of ['one', 'two', 'three'])
        statuses.push((await sendWireRequest(origin, message({ key }))).status);
      expect(statuses).toEqual([200, 200, 401]);
    });

    it('follow the key of an AzureKeyCredential without a restart', async () => {
      const credential = new AzureKeyCredential('old');
      const origin = await start({ endpoint: ENDPOINT, credential });
      expect((await sendWireRequest(origin, message({ key: 'old' }))).status).toBe(200);
      credential.update('new');
      expect((await sendWireRequest(origin, message({ key: 'old' }))).status).toBe(401);
      expect((await sendWireRequest(origin, message({ key: 'new' }))).status).toBe(200);
    });

    it.each<[string, unknown]>([
      ['empty', ''],
      ['blank', ' '],
      ['undefined', undefined],
      ['null', null],
      ['no text', 5],
    ])('are checked with the last key when that of the credential has become %s', async (_, lost) => {
      const credential = new AzureKeyCredential('old');
      const origin = await start({ endpoint: ENDPOINT, credential });
      credential.update(lost as string);
      const statusOf = async (key: string) => (await sendWireRequest(origin, message({ key }))).status;
      for (const forged of ['', ' ', 'undefined', 'null', '5']) expect(await statusOf(forged)).toBe(401);
      expect(await statusOf('old')).toBe(200);
      credential.update('new');
      expect([await statusOf('old'), await statusOf('new')]).toEqual([401, 200]);
    });

    it('are checked with the last key when that of the credential cannot be read', async () => {
      let read = () => 'old';
      const credential = {
        get key() {
          return read();
        },
      };
      const origin = await start({ endpoint: ENDPOINT, credential: credential as AzureKeyCredential });
      read = () => {
        throw new Error('The secret store is away.');
      };
      expect((await sendWireRequest(origin, message({ key: 'old' }))).status).toBe(200);
    });

    it('are refused before their body is read', async () => {
      const origin = await start({ connectionString: connectionString('one') });
      const { headers, ...request } = message({ key: 'forged' });
      // the body that is announced is never sent whole
      const outgoing = httpRequest(new URL(PATH, origin), {
        method: request.method,
        headers: { ...headers, 'Content-Length': '1000000' },
        agent: false,
      });
      outgoing.write('x');
      const answer = await new Promise<number | undefined>((resolve, reject) => {
        outgoing.on('response', ({ statusCode }) => resolve(statusCode));
        outgoing.on('error', reject);
      });
      outgoing.destroy();
      expect(answer).toBe(401);
    });

    it('of anybody are accepted when that is written', async () => {
      const origin = await start({ upstreamAuth: { signature: 'off' } });
      expect((await sendWireRequest(origin, message({ key: 'any', origin: 'any.example' }))).status).toBe(200);
    });

    it.each<[string, WebPubSubModuleOptions]>([
      ['nothing', {}],
      ['a token credential alone', { endpoint: ENDPOINT, credential: { getToken: async () => null } }],
    ])('stop the start when %s authenticates the service', async (_, options) => {
      await expect(start(options)).rejects.toThrow("write upstreamAuth: { signature: 'off' }");
    });
  });

  describe('with the bearer of a managed identity [auth 9.3]', () => {
    let keyServer: Server;
    let jwksUri: string;
    let isKeyServerBroken = false;
    let keys: Awaited<ReturnType<typeof generateKeyPair>>;

    beforeAll(async () => {
      keys = await generateKeyPair('RS256', { extractable: true });
      const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one' };
      keyServer = createServer((_, response) => {
        response.writeHead(isKeyServerBroken ? 500 : 200, { connection: 'close' });
        response.end(JSON.stringify({ keys: [jwk] }));
      });
      await new Promise<void>((done) => keyServer.listen(0, '127.0.0.1', done));
      jwksUri = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
    });

    afterAll(() => new Promise((done) => keyServer.close(done)));

    const entra = () => ({ tenantId: TENANT, audience: 'api://chat', allowedAppIds: ['caller'], jwksUri });

    const bearer = async (claims: Record<string, unknown> = {}) => {
      const token = new SignJWT({
        azp: 'caller',
        iss: `https://sts.windows.net/${TENANT}/`,
        aud: 'api://chat',
        ...claims,
      });
      const signed = await token
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .setExpirationTime('1h')
        .sign(keys.privateKey);
      return { Authorization: `Bearer ${signed}` };
    };

    it('are accepted with a right one, refused without and with another', async () => {
      const origin = await start({ upstreamAuth: { entra: entra() } });
      const send = async (headers: Record<string, string>) =>
        (await sendWireRequest(origin, message({ key: 'no matter', headers }))).status;
      expect(await send(await bearer())).toBe(200);
      expect(await send({})).toBe(401);
      expect(await send(await bearer({ aud: 'api://other' }))).toBe(401);
      expect(await send(await bearer({ azp: 'somebody' }))).toBe(401);
      expect((await sendWireRequest(origin, wireValidation(PATH))).status).toBe(200);
    });

    it('need a right signature too when a key is known', async () => {
      const origin = await start({ connectionString: connectionString('one'), upstreamAuth: { entra: entra() } });
      const headers = await bearer();
      const statuses = [];
      for (const event of [{ key: 'one', headers }, { key: 'one' }, { key: 'two', headers }]) {
        statuses.push((await sendWireRequest(origin, message(event))).status);
      }
      expect(statuses).toEqual([200, 401, 401]);
    });

    it('are answered 503, so that the service retries, while the signing keys cannot be fetched', async () => {
      const origin = await start({ upstreamAuth: { entra: entra() } });
      const event = message({ key: 'no matter', headers: await bearer() });
      isKeyServerBroken = true;
      const broken = await sendWireRequest(origin, event);
      isKeyServerBroken = false;
      expect(broken.status).toBe(503);
      expect(broken.body.toString()).toBe('The signing keys of the tenant could not be fetched.');
      expect(logger.lines.join('\n')).toContain('Expected 200 OK from the JSON Web Key Set HTTP response');
      // For a moment the failure is remembered.
      let again = broken;
      while (again.status === 503) again = await sendWireRequest(origin, event);
      expect(again.status).toBe(200);
    });

    it('leave no token, key or payload in the log', async () => {
      const origin = await start({
        connectionString: connectionString('a-secret-key'),
        upstreamAuth: { entra: entra() },
      });
      const headers = await bearer();
      await sendWireRequest(origin, message({ key: 'a-secret-key', headers, body: 'a secret payload' }));
      await sendWireRequest(origin, message({ key: 'a-secret-key', headers: await bearer({ aud: 'x' }) }));
      await sendWireRequest(origin, message({ key: 'another-key', headers }));
      expect(logger.lines.length).toBeGreaterThan(0);
      const log = logger.lines.join('\n');
      for (const secret of ['a-secret-key', 'a secret payload', headers.Authorization.slice(7)]) {
        expect(log).not.toContain(secret);
      }
    });
  });

  describe('that the service delivers again [upstream-events 6.4, 8.1]', () => {
    it('run their handler again by default', async () => {
      const origin = await start({ connectionString: connectionString('one') });
      const event = message({ key: 'one' });
      const answers = [await sendWireRequest(origin, event), await sendWireRequest(origin, event)];
      expect(answers.map(({ body }) => body.toString())).toEqual(['hello 1', 'hello 2']);
    });

    it('get the remembered answer with the option idempotency', async () => {
      const origin = await start({ connectionString: connectionString('one'), idempotency: {} });
      const first = message({ key: 'one' });
      const answers = [];
      for (const event of [first, first, message({ key: 'one' })]) answers.push(await sendWireRequest(origin, event));
      expect(answers.map(({ body }) => body.toString())).toEqual(['hello 1', 'hello 1', 'hello 2']);
      expect(answers[1].headers['content-type']).toBe(answers[0].headers['content-type']);
    });

    it('are taken for others when they have no id', async () => {
      const origin = await start({ connectionString: connectionString('one'), idempotency: {} });
      const event = message({ key: 'one' });
      const { 'ce-id': id, ...headers } = event.headers;
      expect(id).toBeDefined();
      const nameless = { ...event, headers };
      const answers = [await sendWireRequest(origin, nameless), await sendWireRequest(origin, nameless)];
      expect(answers.map(({ body }) => body.toString())).toEqual(['hello 1', 'hello 2']);
    });

    it('get the remembered answer of a connect event too, and from another instance', async () => {
      const idempotency = { store: new InMemoryIdempotencyStore() };
      const options = { connectionString: connectionString('one'), idempotency };
      const event = wireEvent(PATH, { type: 'azure.webpubsub.sys.connect', body: '{}', key: 'one' });
      const first = await sendWireRequest(await start(options), event);
      await app?.close();
      const second = await sendWireRequest(await start(options), event);
      expect(first.body.toString()).toBe('{"userId":"ann1"}');
      expect(second).toMatchObject({ status: 200, body: first.body });
      expect(runs).toEqual(['connect']);
    });

    it('run the handler of a non-blocking event once', async () => {
      const origin = await start({ connectionString: connectionString('one'), idempotency: {} });
      const event = wireEvent(PATH, { type: 'azure.webpubsub.sys.connected', body: '{}', key: 'one' });
      const answers = await Promise.all([1, 2, 3].map(() => sendWireRequest(origin, event)));
      expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
      expect(runs).toEqual(['connected']);
    });

    it('run their handler again after it failed', async () => {
      const origin = await start({ connectionString: connectionString('one'), idempotency: {} });
      const event = message({ key: 'one', body: 'fail once' });
      const failed = await sendWireRequest(origin, event);
      expect([failed.status, failed.body.toString()]).toEqual([500, expect.not.stringContaining('secret')]);
      expect((await sendWireRequest(origin, event)).body.toString()).toBe('fail once 2');
    });
  });
});
