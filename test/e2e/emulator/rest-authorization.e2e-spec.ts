import { AzureKeyCredential, WebPubSubServiceClient } from '@azure/web-pubsub';
import jwt from 'jsonwebtoken';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { DEFAULT_ACCESS_KEY } from '../../../src/emulator/access-keys.js';
import type { EmulatorLogger } from '../../../src/emulator/emulator-logger.js';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { callRest, restToken, type RestCallOptions } from '../../support/call-rest.js';
import { startEmulator } from '../../support/start-emulator.js';

const FIRST_KEY = 'first-key-with-32-bytes-or-more-0000';
const SECOND_KEY = 'second-key-with-32-bytes-or-more-000';
const ENTRA = 'https://webpubsub.azure.com';
const GROUP = '/api/hubs/chat/groups/g';

let emulator: WebPubSubEmulator;

beforeAll(async () => {
  emulator = await startEmulator({ accessKey: FIRST_KEY, secondaryAccessKey: SECOND_KEY });
});

/** 404: the token was good, and there is no such group. */
async function statusOf(path: string, options: RestCallOptions): Promise<number> {
  return (await callRest(emulator, `HEAD ${path}`, options)).status;
}

function seconds(fromNow: number): number {
  return Math.floor(Date.now() / 1000) + fromNow;
}

describe('an access-key token [auth 2]', () => {
  it.each([
    ['the first key', FIRST_KEY, 404],
    ['the second key', SECOND_KEY, 404],
    ['another key', 'x'.repeat(40), 401],
    ['the default key, where another is set', DEFAULT_ACCESS_KEY, 401],
  ])('signed with %s', async (_name, accessKey, status) => {
    expect(await statusOf(GROUP, { accessKey })).toBe(status);
  });

  it.each<[string, object, number]>([
    ['no exp', { exp: undefined }, 401],
    ['an exp four minutes ago', { exp: seconds(-240) }, 404],
    ['an exp six minutes ago', { exp: seconds(-360) }, 401],
    ['an nbf in four minutes', { nbf: seconds(240) }, 404],
    ['an nbf in six minutes', { nbf: seconds(360) }, 401],
    ['an issuer', { iss: 'anybody' }, 404],
    ['no audience', { aud: undefined }, 401],
    ['the audience of a client', { aud: 'http://localhost/client/hubs/chat' }, 401],
  ])('with %s', async (_name, claims, status) => {
    expect(await statusOf(GROUP, { accessKey: FIRST_KEY, claims: { ...claims } })).toBe(status);
  });

  it.each<[string, string, (origin: string) => string | string[], number]>([
    ['the URL with query', `${GROUP}?api-version=2024-12-01`, (o) => `${o}${GROUP}?api-version=2024-12-01`, 404],
    ['the URL without query', `${GROUP}?api-version=2024-12-01`, (o) => `${o}${GROUP}`, 404],
    ['the URL in other letters', GROUP, (o) => `${o}${GROUP}`.toUpperCase(), 404],
    ['the URL with a slash at the end', `${GROUP}/`, (o) => `${o}${GROUP}`, 404],
    ['one of several', GROUP, (o) => ['https://elsewhere', `${o}${GROUP}`], 404],
    ['another path', GROUP, (o) => `${o}/api/hubs/chat/groups/h`, 401],
    ['another query', `${GROUP}?api-version=2024-12-01`, (o) => `${o}${GROUP}?api-version=2021-10-01`, 401],
    ['another host', GROUP, () => `http://example.com${GROUP}`, 401],
    ['another name of this machine', GROUP, (o) => `${o.replace('localhost', '127.0.0.1')}${GROUP}`, 404],
    ['another port', GROUP, () => `http://localhost:1${GROUP}`, 401],
    ['an encoded spelling of a decoded path', '/api/hubs/a[1]/groups/g', (o) => `${o}/api/hubs/a%5B1%5D/groups/g`, 404],
    ['a decoded spelling of an encoded path', '/api/hubs/a%5B1%5D/groups/g', (o) => `${o}/api/hubs/a[1]/groups/g`, 404],
    [
      'the spelling that keeps the slash encoded',
      '/api/hubs/a%5B1%5D/groups/x%2Fy?q=%27a%27',
      (o) => `${o}/api/hubs/a[1]/groups/x%2Fy`,
      404,
    ],
    ['a query decoded', `${GROUP}?filter=a%20b`, (o) => `${o}${GROUP}?filter=a b`, 404],
  ])('for %s', async (_name, path, audience, status) => {
    const token = restToken('', { accessKey: FIRST_KEY, claims: { aud: audience(emulator.endpoint) } });
    expect(await statusOf(path, { authorization: `Bearer ${token}` })).toBe(status);
  });

  it.each<[string, RestCallOptions, number]>([
    ['no header', { authorization: null }, 401],
    ['an empty header', { authorization: '' }, 401],
    ['another scheme', { authorization: 'Basic abc' }, 401],
    ['no token', { authorization: 'Bearer ' }, 401],
    ['no JWT', { authorization: 'Bearer abc' }, 401],
    ['a JWT whose claims are no JSON', { authorization: 'Bearer eyJhbGciOiJIUzI1NiJ9.e30x.c2ln' }, 401],
    ['an unsigned JWT', { authorization: `Bearer ${jwt.sign({ a: 1 }, '', { algorithm: 'none' })}` }, 401],
  ])('is asked for: %s', async (_name, options, status) => {
    const reply = await callRest(emulator, `GET ${GROUP}/connections`, options);
    expect(reply).toMatchObject({ status, json: { code: 'Error.Unauthorized' } });
    expect(reply.headers['www-authenticate']).toBe('Bearer');
  });

  it('follows the Bearer scheme in any letters', async () => {
    const token = restToken(emulator.endpoint + GROUP, { accessKey: FIRST_KEY });
    expect(await statusOf(GROUP, { authorization: `bEARER ${token}` })).toBe(404);
  });

  it('is checked against the host that the caller used', async () => {
    const endpoint = `http://127.0.0.1:${emulator.port}`;
    expect((await callRest({ endpoint }, `HEAD ${GROUP}`, { accessKey: FIRST_KEY })).status).toBe(404);
  });

  it('is not asked for by the health check', async () => {
    expect((await callRest(emulator, 'HEAD /api/health', { authorization: null })).status).toBe(200);
    expect((await callRest(emulator, 'GET /api/health', { authorization: null })).status).toBe(200);
  });

  it('comes from the official client with either key', async () => {
    const clients = [
      new WebPubSubServiceClient(emulator.connectionString, 'chat', { allowInsecureConnection: true }),
      new WebPubSubServiceClient(emulator.endpoint, new AzureKeyCredential(SECOND_KEY), 'chat', {
        allowInsecureConnection: true,
      }),
    ];
    for (const client of clients) expect(await client.groupExists("it's a [group]/50% ü")).toBe(false);
  });
});

describe('a Microsoft Entra token [auth 5]', () => {
  const entra = (claims: object = {}) => ({
    authorization: `Bearer ${jwt.sign({ aud: ENTRA, exp: seconds(60), ...claims }, 'whoever signs it')}`,
  });

  it('is refused, with what to do about it', async () => {
    expect(await callRest(emulator, `GET ${GROUP}/connections`, entra())).toMatchObject({
      status: 401,
      json: { message: expect.stringContaining('allowUnvalidatedEntraTokens') },
    });
  });

  it('passes unvalidated where that is allowed, which is said loudly', async () => {
    const warnings: string[] = [];
    const logger: EmulatorLogger = { log() {}, error() {}, warn: (message) => void warnings.push(message) };
    const lenient = await startEmulator({ allowUnvalidatedEntraTokens: true, logger });
    expect(warnings).toEqual([expect.stringContaining('WITHOUT CHECKING ITS SIGNATURE')]);
    const table: [object, number][] = [
      [{}, 404],
      [{ aud: [ENTRA, 'other'] }, 404],
      [{ aud: ENTRA.toUpperCase() }, 401],
      [{ aud: `${ENTRA}/` }, 401],
      [{ exp: seconds(-240) }, 404],
      [{ exp: seconds(-360) }, 401],
      [{ nbf: seconds(360) }, 401],
    ];
    for (const [claims, status] of table) {
      expect([claims, (await callRest(lenient, `HEAD ${GROUP}`, entra(claims))).status]).toEqual([claims, status]);
    }
  });
});
