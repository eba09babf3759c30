import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SignJWT } from 'jose';
import request from 'supertest';
import { startTestService, type TestService } from '../../../src/testing/index.js';
import { ChatModule } from '../../guides/authenticate/chat.module.js';
import { TokenService } from '../../guides/authenticate/token.service.js';
import { connectJsonClient, refusalOf, WebSocketClient } from '../../support/connect-client.js';

const SECRET = 'secret-of-the-application-0123456789abcdef';
const CONNECTION_STRING =
  'Endpoint=https://demo.webpubsub.azure.com;AccessKey=key-for-tests-0123456789abcdef0123456789;';

function signToken(claims: Record<string, unknown>, { secret = SECRET, audience = 'chat', expires = '5m' } = {}) {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setAudience(audience)
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret));
}

describe('the guide "Authenticate"', () => {
  const { env } = process;
  let application: INestApplication;
  let service: TestService;

  beforeAll(async () => {
    process.env = { ...env, TOKEN_SECRET: SECRET, WebPubSubConnectionString: CONNECTION_STRING };
    const moduleRef = await Test.createTestingModule({ imports: [ChatModule] }).compile();
    application = moduleRef.createNestApplication();
    service = await startTestService(application);
  });

  afterAll(async () => {
    await service.close();
    await application.close();
    process.env = env;
  });

  async function whoAmI(client: WebSocketClient): Promise<unknown> {
    client.send({ type: 'event', event: 'whoAmI', dataType: 'text', data: '', ackId: 1 });
    return client.next();
  }

  it.each([undefined, ''])('does not start with %p for a secret', (secret) => {
    expect(() => new TokenService(secret)).toThrow('TOKEN_SECRET is not set.');
  });

  it('gives a client with a token of the application a URL of the service, with which it connects as that user', async () => {
    const token = await signToken({ sub: 'ann', rooms: ['blue'] });
    const { body } = await request(application.getHttpServer())
      .post('/negotiate')
      .set('Authorization', `Bearer ${token}`)
      .expect(200);
    const ann = await connectJsonClient(service.emulator, { path: body.url, token: null });
    expect(await whoAmI(ann)).toMatchObject({ type: 'message', data: { userId: 'ann' } });
  });

  it.each([
    ['no token', async () => undefined],
    ['a token that another secret signed', () => signToken({ sub: 'ann' }, { secret: `other-${SECRET}` })],
    ['a token for another audience', () => signToken({ sub: 'ann' }, { audience: 'shop' })],
    ['a token that has expired', () => signToken({ sub: 'ann' }, { expires: '-1m' })],
    ['a token without a user', () => signToken({})],
  ])('refuses %s, at /negotiate and at connect', async (_what, makeToken) => {
    const token = await makeToken();
    await request(application.getHttpServer())
      .post('/negotiate')
      .set(token === undefined ? {} : { Authorization: `Bearer ${token}` })
      .expect(401);
    const query: Record<string, string> = token === undefined ? {} : { token };
    const refusal = await refusalOf(WebSocketClient.connect(service.emulator, { token: null, query }));
    expect(refusal.status).toBe(401);
  });

  it('takes a token of the application at connect from a client that has none of the service', async () => {
    const query = { token: await signToken({ sub: 'bob', rooms: ['red'] }) };
    const bob = await connectJsonClient(service.emulator, { token: null, query });
    expect(await whoAmI(bob)).toMatchObject({ data: { userId: 'bob' } });
    expect(await bob.next()).toMatchObject({ type: 'ack', ackId: 1, success: true });
    bob.send({ type: 'sendToGroup', group: 'red', dataType: 'text', data: 'hello', ackId: 2 });
    expect(await bob.next()).toMatchObject({ type: 'message', group: 'red', data: 'hello' });
    expect(await bob.next()).toMatchObject({ type: 'ack', ackId: 2, success: true });
    bob.send({ type: 'sendToGroup', group: 'blue', dataType: 'text', data: 'hello', ackId: 3 });
    expect(await bob.next()).toMatchObject({ ackId: 3, success: false, error: { name: 'Forbidden' } });
  });
});
