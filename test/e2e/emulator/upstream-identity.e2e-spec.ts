import { afterEach, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import {
  EMULATOR_APP_ID,
  EMULATOR_OBJECT_ID,
  EMULATOR_TENANT_ID,
} from '../../../src/emulator/identity/managed-identity.js';
import type { EmulatorOptions } from '../../../src/emulator/emulator-options.js';
import type { EmulatorLogger } from '../../../src/emulator/emulator-logger.js';
import type { EventHandlerAuth } from '../../../src/emulator/core/hub-settings.js';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { OnMessage, WebPubSubHub, WebPubSubModule, type WebPubSubModuleOptions } from '../../../src/index.js';
import { WebSocketClient } from '../../support/connect-client.js';
import { RecordingUpstream } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

const AUDIENCE = 'api://chat';
const MANAGED_IDENTITY: EventHandlerAuth = { type: 'ManagedIdentity', managedIdentity: { resource: AUDIENCE } };
const HUB = 'chat';

@WebPubSubHub(HUB)
class ChatHub {
  @OnMessage()
  answer(): string {
    return 'let in';
  }
}

describe('how upstream knows the emulator [auth 9]', () => {
  const closers: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function start(options: EmulatorOptions = {}): Promise<{ emulator: WebPubSubEmulator; warnings: string[] }> {
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    const logger: EmulatorLogger = { log() {}, warn, error: warn };
    const emulator = await startEmulator({ ...options, logger });
    closers.push(() => emulator.close());
    return { emulator, warnings };
  }

  function handle(emulator: WebPubSubEmulator, urlTemplate: string, auth: EventHandlerAuth): void {
    emulator.setHub(HUB, { eventHandlers: [{ urlTemplate, userEventPattern: '*', auth }] });
  }

  async function startLibrary(upstreamOptions: Partial<WebPubSubModuleOptions>): Promise<string> {
    const module = {
      module: class ChatModule {},
      imports: [WebPubSubModule.forRoot(upstreamOptions)],
      providers: [ChatHub],
    };
    const app = await NestFactory.create(module, { logger: false });
    await app.listen(0, '127.0.0.1');
    closers.push(() => app.close());
    return `${await app.getUrl()}/eventhandler`;
  }

  function discoveryUrl(emulator: WebPubSubEmulator): string {
    return `${emulator.endpoint}/emulator/identity/${EMULATOR_TENANT_ID}/v2.0/.well-known/openid-configuration`;
  }

  async function discover(emulator: WebPubSubEmulator): Promise<{ issuer: string; jwks_uri: string }> {
    const response = await fetch(discoveryUrl(emulator));
    expect(response.status).toBe(200);
    return (await response.json()) as { issuer: string; jwks_uri: string };
  }

  it('sends a bearer token that the discovery document lets anyone verify, with events only [auth 9.3]', async () => {
    const { emulator } = await start();
    const upstream = await RecordingUpstream.start();
    closers.push(() => upstream.close());
    handle(emulator, `${upstream.url}/eventhandler`, MANAGED_IDENTITY);
    const client = await WebSocketClient.connect(emulator, { hub: HUB });
    client.socket.send('first');
    client.socket.send('second');

    const [first, second] = [await upstream.nextEvent(), await upstream.nextEvent()];
    expect(upstream.validations.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(second.headers.authorization).toBe(first.headers.authorization);

    const { issuer, jwks_uri: keysUrl } = await discover(emulator);
    const token = first.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(keysUrl)), { issuer, audience: AUDIENCE });
    expect(payload).toMatchObject({
      appid: EMULATOR_APP_ID,
      azp: EMULATOR_APP_ID,
      oid: EMULATOR_OBJECT_ID,
      tid: EMULATOR_TENANT_ID,
    });
    expect(JSON.stringify(emulator.traffic.entries())).not.toContain(token);
  });

  it.each([
    ['GET', '/v2.0/.well-known/openid-configuration', 200],
    ['HEAD', '/v2.0/.well-known/openid-configuration', 200],
    ['GET', '/discovery/v2.0/keys', 200],
    ['POST', '/discovery/v2.0/keys', 405],
    ['GET', '/oauth2/v2.0/authorize', 404],
  ])('answers %s %s with %i, as JSON', async (method, path, status) => {
    const { emulator } = await start();
    const response = await fetch(`${emulator.endpoint}/emulator/identity/${EMULATOR_TENANT_ID}${path}`, { method });
    expect([response.status, response.headers.get('content-type')]).toEqual([
      status,
      'application/json; charset=utf-8',
    ]);
  });

  it('knows no other tenant', async () => {
    const { emulator } = await start();
    const url = discoveryUrl(emulator).replace(EMULATOR_TENANT_ID, 'common');
    expect((await fetch(url)).status).toBe(404);
  });

  describe('with the library as upstream', () => {
    async function entraOptions(
      emulator: WebPubSubEmulator,
      entra: Partial<NonNullable<NonNullable<WebPubSubModuleOptions['upstreamAuth']>['entra']>> = {},
    ): Promise<Partial<WebPubSubModuleOptions>> {
      const { issuer, jwks_uri: jwksUri } = await discover(emulator);
      const { connectionString } = emulator;
      return {
        connectionString,
        upstreamAuth: { entra: { tenantId: EMULATOR_TENANT_ID, audience: AUDIENCE, issuer, jwksUri, ...entra } },
      };
    }

    async function askOnce(emulator: WebPubSubEmulator): Promise<string> {
      const client = await WebSocketClient.connect(emulator, { hub: HUB });
      client.socket.send('hi');
      return new Promise((resolve) => {
        client.socket.once('message', (payload: Buffer) => resolve(payload.toString()));
        client.socket.once('close', (code: number) => resolve(`closed ${code}`));
      });
    }

    it('is let in with a token for the audience, from the application that is allowed', async () => {
      const { emulator } = await start();
      const url = await startLibrary(await entraOptions(emulator, { allowedAppIds: [EMULATOR_APP_ID] }));
      handle(emulator, url, MANAGED_IDENTITY);
      expect(await askOnce(emulator)).toBe('let in');
    });

    it.each<[string, EventHandlerAuth, object]>([
      ['without a token', { type: 'None' }, {}],
      ['for another audience', { type: 'ManagedIdentity', managedIdentity: { resource: 'api://other' } }, {}],
      ['from another application', MANAGED_IDENTITY, { allowedAppIds: ['00000000-0000-0000-0000-000000000000'] }],
    ])('is refused %s, and says where to look', async (_, auth, entra) => {
      const { emulator, warnings } = await start();
      handle(emulator, await startLibrary(await entraOptions(emulator, entra)), auth);
      expect(await askOnce(emulator)).toBe('closed 1011');
      expect(warnings).toEqual([expect.stringMatching(/answered 401: .*bearer token/)]);
    });

    it('is let in with a signature by either key, and refused with that of another [upstream-events 7]', async () => {
      const secondaryAccessKey = 'the-secondary-key-of-this-emulator-0123';
      const { emulator, warnings } = await start({ secondaryAccessKey });
      const withKey = (accessKey: string) => `Endpoint=${emulator.endpoint};AccessKey=${accessKey};Version=1.0;`;
      for (const connectionString of [emulator.connectionString, withKey(secondaryAccessKey)]) {
        handle(emulator, await startLibrary({ connectionString }), { type: 'None' });
        expect(await askOnce(emulator)).toBe('let in');
      }
      const connectionString = withKey('another-key-than-the-emulator-has-0123');
      handle(emulator, await startLibrary({ connectionString }), { type: 'None' });
      expect(await askOnce(emulator)).toBe('closed 1011');
      expect(warnings).toEqual([expect.stringMatching(/answered 401: .*is the access key in its connection string/)]);
    });
  });
});
