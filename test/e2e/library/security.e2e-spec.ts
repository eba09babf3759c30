import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { EntraValidator } from '../../../src/library/security/entra-validator.js';
import type { EntraOptions } from '../../../src/library/web-pubsub-options.interface.js';

const TENANT = '11111111-2222-3333-4444-555555555555';
const AUDIENCE = 'api://chat';
const CALLER = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const V1 = `https://sts.windows.net/${TENANT}/`;
const V2 = `https://login.microsoftonline.com/${TENANT}/v2.0`;

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

describe('bearer of a managed identity [auth 9.3]', () => {
  let server: Server;
  let jwksUri: string;
  let keys: Keys;
  let otherKeys: Keys;
  let requests = 0;
  let answer: () => { status: number; body: string };

  beforeAll(async () => {
    keys = await generateKeyPair('RS256', { extractable: true });
    otherKeys = await generateKeyPair('RS256', { extractable: true });
    server = createServer((_, response) => {
      requests++;
      const { status, body } = answer();
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  });

  afterAll(() => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });

  beforeEach(async () => {
    requests = 0;
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', use: 'sig', alg: 'RS256' };
    answer = () => ({ status: 200, body: JSON.stringify({ keys: [jwk] }) });
  });

  const validator = (options: Partial<EntraOptions> = {}, now?: () => number) =>
    new EntraValidator({ tenantId: TENANT, audience: AUDIENCE, jwksUri, ...options }, now);

  const nowSeconds = () => Math.floor(Date.now() / 1000);

  function sign(
    claims: JWTPayload = {},
    { kid = 'one', key = keys.privateKey }: { kid?: string; key?: Keys['privateKey'] } = {},
  ) {
    const payload = {
      aud: AUDIENCE,
      iss: V2,
      exp: nowSeconds() + 3600,
      nbf: nowSeconds() - 10,
      azp: CALLER,
      ...claims,
    };
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid }).sign(key);
  }

  it.each<[string, JWTPayload, Partial<EntraOptions>]>([
    ['a v2 issuer', {}, {}],
    ['a v1 issuer', { iss: V1 }, {}],
    ['a configured issuer', { iss: 'http://127.0.0.1/issuer' }, { issuer: 'http://127.0.0.1/issuer' }],
    ['one of several audiences', { aud: 'other' }, { audience: [AUDIENCE, 'other'] }],
    ['an allowed azp', { azp: CALLER }, { allowedAppIds: [CALLER] }],
    ['an allowed appid in another case', { azp: undefined, appid: CALLER.toUpperCase() }, { allowedAppIds: [CALLER] }],
    ['an allowed oid', { azp: undefined, oid: CALLER }, { allowedAppIds: ['x', CALLER] }],
    ['no nbf', { nbf: undefined }, {}],
  ])('is accepted with %s', async (_, claims, options) => {
    expect(await validator(options).validate(`Bearer ${await sign(claims)}`)).toEqual({ kind: 'accepted' });
  });

  it.each<[string, JWTPayload, Partial<EntraOptions>, string]>([
    ['another audience', { aud: 'api://other' }, {}, 'another audience'],
    ['no audience', { aud: undefined }, {}, 'another audience'],
    ['another tenant as v2 issuer', { iss: V2.replace('1111', '9999') }, {}, 'another issuer'],
    ['another tenant as v1 issuer', { iss: V1.replace('1111', '9999') }, {}, 'another issuer'],
    ['the default issuer when another is configured', {}, { issuer: 'https://issuer.example' }, 'another issuer'],
    ['an exp of the past', { exp: nowSeconds() - 60 }, {}, 'has expired'],
    ['no exp', { exp: undefined }, {}, 'no exp claim'],
    ['an nbf of the future', { nbf: nowSeconds() + 60 }, {}, 'not valid yet'],
    ['a caller that is not allowed', {}, { allowedAppIds: ['someone-else'] }, 'a caller that is not allowed'],
    [
      'no caller where some are allowed',
      { azp: undefined },
      { allowedAppIds: [CALLER] },
      'a caller that is not allowed',
    ],
    ['any caller where none is allowed', {}, { allowedAppIds: [] }, 'a caller that is not allowed'],
  ])('is refused with %s', async (_, claims, options, reason) => {
    const verdict = await validator(options).validate(`Bearer ${await sign(claims)}`);
    expect(verdict).toEqual({ kind: 'refused', reason: expect.stringContaining(reason) });
  });

  it.each<[string, () => Promise<string | undefined> | string | undefined, string]>([
    ['there is none', () => undefined, 'no bearer token'],
    ['the header is empty', () => '', 'holds no bearer token'],
    ['the scheme is another', () => 'Basic YTpi', 'holds no bearer token'],
    ['it is no token', () => 'Bearer abc', 'holds no bearer token'],
    ['it is garbage in three parts', () => 'Bearer a.b.c', 'malformed'],
    [
      'it is signed by somebody else',
      async () => `Bearer ${await sign({}, { key: otherKeys.privateKey })}`,
      'signature',
    ],
    [
      'its key is unknown',
      async () => `Bearer ${await sign({}, { kid: 'two' })}`,
      'a key that the tenant does not have',
    ],
    ['it is not signed', () => `Bearer ${new UnsecuredJWT({ aud: AUDIENCE, iss: V2 }).encode()}x`, 'RS256'],
    ['it is changed', async () => `Bearer ${await sign().then((token) => token.slice(0, -4))}AAAA`, 'signature'],
    [
      'it is signed with HS256 and the public key',
      async () => {
        const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(keys.publicKey)));
        const token = new SignJWT({ aud: AUDIENCE, iss: V2, exp: nowSeconds() + 60 });
        return `Bearer ${await token.setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret)}`;
      },
      'RS256',
    ],
  ])('is refused when %s', async (_, authorization, reason) => {
    const verdict = await validator().validate(await authorization());
    expect(verdict).toEqual({ kind: 'refused', reason: expect.stringContaining(reason) });
  });

  it('is accepted whatever the case of the scheme', async () => {
    expect(await validator().validate(`bearer ${await sign()}`)).toEqual({ kind: 'accepted' });
  });

  it('fetches the signing keys once, also for events that come at the same time', async () => {
    const entra = validator();
    const tokens = await Promise.all(['1', '2', '3'].map((jti) => sign({ jti })));
    const verdicts = await Promise.all(tokens.map((token) => entra.validate(`Bearer ${token}`)));
    expect(verdicts.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(requests).toBe(1);
  });

  it('remembers a token no longer than it is valid', async () => {
    let now = Date.now();
    const entra = validator({}, () => now);
    const authorization = `Bearer ${await sign({ exp: nowSeconds() + 100 })}`;
    expect(await entra.validate(authorization)).toEqual({ kind: 'accepted' });
    now += 120_000;
    expect(await entra.validate(authorization)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('expired'),
    });
  });

  it.each<[string, () => { status: number; body: string }]>([
    ['answers 500', () => ({ status: 500, body: '{}' })],
    ['answers no JSON', () => ({ status: 200, body: '<html>' })],
    ['answers no key set', () => ({ status: 200, body: '{"keys":1}' })],
  ])('is neither accepted nor refused while the key server %s, and is tried again', async (_, failure) => {
    const recovered = answer;
    answer = failure;
    let now = Date.now();
    const entra = validator({}, () => now);
    const authorization = `Bearer ${await sign()}`;
    expect(await entra.validate(authorization)).toEqual({
      kind: 'unavailable',
      reason: 'The signing keys of the tenant could not be fetched.',
      detail: expect.any(String),
    });
    answer = recovered;
    now += 500;
    expect(await entra.validate(authorization)).toEqual({ kind: 'accepted' });
  });

  it('asks a key server that fails once in a moment, however many tokens come', async () => {
    const recovered = answer;
    answer = () => ({ status: 500, body: '' });
    let now = Date.now();
    const entra = validator({}, () => now);
    const validate = async (kid?: string) =>
      (await entra.validate(`Bearer ${await sign({}, { ...(kid && { kid }) })}`)).kind;
    for (let count = 0; count < 5; count++) expect(await validate()).toBe('unavailable');
    expect(requests).toBe(1);
    now += 499;
    expect(await validate()).toBe('unavailable');
    expect(requests).toBe(1);
    answer = recovered;
    now += 1;
    expect(await validate()).toBe('accepted');
    expect(requests).toBe(2);
  });

  it('is unavailable when nothing listens where the keys should be', async () => {
    const entra = validator({ jwksUri: 'http://127.0.0.1:1/keys' });
    expect(await entra.validate(`Bearer ${await sign()}`)).toMatchObject({
      kind: 'unavailable',
      detail: expect.stringContaining('fetch failed'),
    });
  });
});

describe('discovery document of a tenant [auth 9.3]', () => {
  const originalFetch = globalThis.fetch;
  let fetched: string[];
  let document: unknown;

  beforeEach(() => {
    fetched = [];
    globalThis.fetch = async (input) => {
      const url = input instanceof Request ? input.url : input.toString();
      fetched.push(url);
      const isDiscovery = url.includes('openid-configuration');
      return new Response(JSON.stringify(isDiscovery ? document : await keySet()), { status: 200 });
    };
  });

  afterAll(() => {
    globalThis.fetch = originalFetch;
  });

  let keys: Keys;
  beforeAll(async () => {
    keys = await generateKeyPair('RS256', { extractable: true });
  });
  const keySet = async () => ({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one' }] });
  const sign = (iss: string, jti = '1') =>
    new SignJWT({ aud: AUDIENCE, iss, jti })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setExpirationTime('1h')
      .sign(keys.privateKey);

  it('names the key set; both are fetched once', async () => {
    document = { jwks_uri: 'https://login.example/keys', issuer: V2 };
    const entra = new EntraValidator({ tenantId: TENANT, audience: AUDIENCE });
    expect(await entra.validate(`Bearer ${await sign(V1)}`)).toEqual({ kind: 'accepted' });
    expect(await entra.validate(`Bearer ${await sign(V2)}`)).toEqual({ kind: 'accepted' });
    expect(fetched).toEqual([
      `https://login.microsoftonline.com/${TENANT}/v2.0/.well-known/openid-configuration`,
      'https://login.example/keys',
    ]);
  });

  it('names the issuer of a tenant that is configured by its domain', async () => {
    document = { jwks_uri: 'https://login.example/keys', issuer: V2 };
    const entra = new EntraValidator({ tenantId: 'contoso.example', audience: AUDIENCE });
    expect(await entra.validate(`Bearer ${await sign(V2)}`)).toEqual({ kind: 'accepted' });
    expect(await entra.validate(`Bearer ${await sign(V1, '2')}`)).toEqual({ kind: 'accepted' });
    expect(await entra.validate(`Bearer ${await sign('https://sts.windows.net/other/', '3')}`)).toMatchObject({
      kind: 'refused',
    });
  });

  it.each<[string, unknown]>([
    ['no key set', {}],
    ['a key set over http://', { jwks_uri: 'http://login.example/keys' }],
  ])('makes the bearer unavailable when it names %s', async (_, wrong) => {
    document = wrong;
    const entra = new EntraValidator({ tenantId: TENANT, audience: AUDIENCE });
    expect(await entra.validate(`Bearer ${await sign(V2)}`)).toMatchObject({ kind: 'unavailable' });
  });
});
