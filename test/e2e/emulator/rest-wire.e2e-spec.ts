import { beforeAll, describe, expect, it } from '@jest/globals';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { callRest, type RestCallOptions } from '../../support/call-rest.js';
import { connectJsonClient } from '../../support/connect-client.js';
import { startEmulator } from '../../support/start-emulator.js';

let emulator: WebPubSubEmulator;

beforeAll(async () => {
  emulator = await startEmulator();
});

const JSON_BODY: RestCallOptions = { body: { text: 'yo!' } };
const H = '/api/hubs/chat';
const LONG = 'g'.repeat(1024);

describe('every operation [rest-api 3]: the target does not exist', () => {
  it.each<[string, number, RestCallOptions]>([
    ['HEAD /api/health', 200, {}],
    [`POST ${H}/:send`, 202, JSON_BODY],
    [`POST ${H}/connections/gone/:send`, 202, JSON_BODY],
    [`POST ${H}/users/gone/:send`, 202, JSON_BODY],
    [`POST ${H}/groups/gone/:send`, 202, JSON_BODY],
    [`HEAD ${H}/connections/gone`, 404, {}],
    [`HEAD ${H}/users/gone`, 404, {}],
    [`HEAD ${H}/groups/gone`, 404, {}],
    [`DELETE ${H}/connections/gone`, 204, {}],
    [`POST ${H}/:closeConnections`, 204, {}],
    [`POST ${H}/users/gone/:closeConnections`, 204, {}],
    [`POST ${H}/groups/gone/:closeConnections`, 204, {}],
    [`PUT ${H}/groups/blue/connections/gone`, 404, {}],
    [`DELETE ${H}/groups/blue/connections/gone`, 204, {}],
    [`DELETE ${H}/connections/gone/groups`, 204, {}],
    [`PUT ${H}/users/gone/groups/blue`, 404, {}],
    [`DELETE ${H}/users/gone/groups/blue`, 204, {}],
    [`DELETE ${H}/users/gone/groups`, 204, {}],
    [`POST ${H}/:addToGroups`, 200, { body: { groups: ['a'] } }],
    [`POST ${H}/:removeFromGroups`, 200, { body: { groups: ['a'] } }],
    [`GET ${H}/groups/gone/connections`, 200, {}],
    [`HEAD ${H}/permissions/sendToGroup/connections/gone?targetName=g`, 404, {}],
    [`PUT ${H}/permissions/sendToGroup/connections/gone?targetName=g`, 404, {}],
    [`DELETE ${H}/permissions/sendToGroup/connections/gone?targetName=g`, 204, {}],
    [`POST ${H}/:generateToken`, 200, {}],
  ])('%s is answered %i', async (line, status, options) => {
    const reply = await callRest(emulator, line, options);
    expect(reply.status).toBe(status);
    expect(reply.headers['api-supported-versions']).toBe('2021-10-01, 2022-11-01, 2023-07-01, 2024-01-01, 2024-12-01');
    expect(reply.headers['x-ms-error-code'] !== undefined).toBe(status >= 400);
    const hasBody = !line.startsWith('HEAD') && status !== 202 && status !== 204;
    // Of those that have one, only tokens, lists and errors say something.
    expect(reply.text === '').toBe(!hasBody || (status === 200 && !/GenerateToken|GET/i.test(line)));
  });
});

describe('error bodies [rest-api 1]', () => {
  it.each<[string, string, number, object]>([
    [
      'adding an unknown connection',
      `PUT ${H}/groups/blue/connections/gone?api-version=2024-12-01`,
      404,
      { code: 'Error.Connection.NotExisted', message: 'Connection `gone` is not found.', target: 'Connection' },
    ],
    [
      'a permission for an unknown connection',
      `PUT ${H}/permissions/sendToGroup/connections/gone?targetName=blue`,
      404,
      { code: 'Info.Connection.NotExisted', message: 'Connection `gone` is not found.', target: 'Connection' },
    ],
    [
      'adding an unknown user',
      `PUT ${H}/users/dev/groups/blue`,
      404,
      { code: 'Error.User.NotExisted', message: 'User `dev` is not found.', target: 'User' },
    ],
    [
      'an unsupported version',
      `POST ${H}/:send?api-version=2020-01-01`,
      400,
      { code: 'Error.BadRequest', message: 'The specified API version is not supported.', target: 'api-version' },
    ],
    [
      'a hub that is no name',
      'POST /api/hubs/1chat/:send',
      400,
      {
        code: 'Error.BadRequest',
        message: 'Invalid hub name: a letter, then letters, digits and _`,.[] up to 128 characters.',
        target: 'hub',
      },
    ],
  ])('of %s', async (_name, line, status, body) => {
    const reply = await callRest(emulator, line, JSON_BODY);
    expect(reply).toMatchObject({ status, json: body });
    expect(reply.headers['x-ms-error-code']).toBe((body as { code: string }).code);
    expect(reply.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it.each([
    [
      'PUT',
      '/groups/%20/connections/c',
      'group',
      'group name: 1 to 1024 characters on one line, not white space alone',
    ],
    ['POST', '/:send?messageTtlSeconds=301', 'messageTtlSeconds', 'messageTtlSeconds: a whole number from 0 to 300'],
    ['PUT', '/permissions/read/connections/c', 'permission', 'permission: sendToGroup or joinLeaveGroup'],
    [
      'PUT',
      '/permissions/sendToGroup/connections/c',
      'targetName',
      'targetName: the name of the group that the permission is about',
    ],
    [
      'POST',
      '/:generateToken?minutesToExpire=0',
      'minutesToExpire',
      'minutesToExpire: a whole number from 1 to 2147483647',
    ],
    [
      'POST',
      '/:generateToken?clientType=socketio',
      'clientType',
      'clientType: Default or MQTT; the emulator has no Socket.IO',
    ],
    [
      'POST',
      '/:generateToken?group=%20',
      'group',
      'group name: 1 to 1024 characters on one line, not white space alone',
    ],
  ])('of %s %s say what %s must be', async (method, path, target, rule) => {
    const { status, json } = await callRest(emulator, `${method} ${H}${path}`, JSON_BODY);
    expect([status, json]).toEqual([400, { code: 'Error.BadRequest', message: `Invalid ${rule}.`, target }]);
  });

  it.each([
    ['groups/empty', 'Warning.Group.NotExisted'],
    ['permissions/sendToGroup/connections/gone?targetName=blue', 'Info.Connection.NotExisted'],
  ])('of HEAD are a header alone [rest-api 10]: %s', async (path, code) => {
    const reply = await callRest(emulator, `HEAD ${H}/${path}`);
    expect(reply).toMatchObject({ status: 404, text: '' });
    expect(reply.headers['x-ms-error-code']).toBe(code);
  });

  it.each([
    ['PATCH', `${H}/:send`, 'POST'],
    ['GET', `${H}/connections/c`, 'HEAD, DELETE'],
    ['POST', `${H}/groups/g/connections/c`, 'PUT, DELETE'],
  ])('%s %s is answered 405', async (method, path, allow) => {
    const reply = await callRest(emulator, `${method} ${path}`);
    expect(reply.status).toBe(405);
    expect(reply.headers['allow']?.split(', ').sort()).toEqual(allow.split(', ').sort());
  });

  it.each(['/api', '/api/', '/api/hubs', `${H}/:sendAll`, `${H}/users//:send`, `${H}/groups/a/b`, '/api/healthy'])(
    'an unknown path is answered 404: %s',
    async (path) => {
      expect(await callRest(emulator, `POST ${path}`, JSON_BODY)).toMatchObject({
        status: 404,
        json: { code: 'Error.NotFound' },
      });
    },
  );
});

describe('versions [rest-api 1]', () => {
  it.each([
    ['', 202],
    ['?api-version=2021-10-01', 202],
    ['?api-version=2022-11-01', 202],
    ['?api-version=2023-07-01', 202],
    ['?api-version=2024-01-01', 202],
    ['?api-version=2024-12-01', 202],
    ['?API-VERSION=2024-12-01', 202],
    ['?api-version=', 400],
    ['?api-version=2024-12-01&api-version=2024-12-01', 400],
    ['?api-version=2024-12-01-preview', 400],
  ])('%s is answered %i', async (query, status) => {
    expect((await callRest(emulator, `POST ${H}/:send${query}`, JSON_BODY)).status).toBe(status);
  });
});

describe('names [rest-api 2]', () => {
  it.each<[string, string, number]>([
    ['a hub of 128 characters', `/api/hubs/${'h'.repeat(128)}/groups/g`, 404],
    ['a hub of 129 characters', `/api/hubs/${'h'.repeat(129)}/groups/g`, 400],
    ['a hub with every character', '/api/hubs/a_%60%2C.%5B1%5D/groups/g', 404],
    ['a hub with a dash', '/api/hubs/my-hub/groups/g', 400],
    ['a hub that begins with a digit', '/api/hubs/1/groups/g', 400],
    ['a group of 1,024 characters', `${H}/groups/${LONG}`, 404],
    ['a group of 1,025 characters', `${H}/groups/${LONG}g`, 400],
    ['a group of blanks', `${H}/groups/%20%20`, 400],
    ['a group with a line feed', `${H}/groups/a%0Ab`, 400],
    ['a user of blanks', `${H}/users/%20`, 404],
    ['a path in other letters', `/API/Hubs/chat/Groups/g`, 404],
    ['a slash at the end', `${H}/groups/g/`, 404],
    ['an encoded colon', `${H}/groups/g/%3Asend`, 405],
  ])('%s', async (_name, path, status) => {
    expect((await callRest(emulator, `HEAD ${path}`)).status).toBe(status);
  });

  it.each(['sendToGroup', 'joinLeaveGroup', 'SENDTOGROUP'])('the permission %s is known', async (permission) => {
    const reply = await callRest(emulator, `HEAD ${H}/permissions/${permission}/connections/c?targetName=g`);
    expect(reply.status).toBe(404);
  });

  it.each([
    ['an unknown permission', `${H}/permissions/read/connections/c?targetName=g`],
    ['no target [rest-api 6.3]', `${H}/permissions/sendToGroup/connections/c`],
    ['an empty target', `${H}/permissions/sendToGroup/connections/c?targetName=`],
    ['a target of blanks', `${H}/permissions/sendToGroup/connections/c?targetName=%20`],
  ])('%s is answered 400', async (_name, path) => {
    expect((await callRest(emulator, `PUT ${path}`)).status).toBe(400);
  });
});

describe('path decoding [rest-api 2]', () => {
  it.each([
    ['alice%20smith', 'alice smith'],
    ['alice+bob', 'alice+bob'],
    ['tenant%2Falice', 'tenant%2Falice'],
    ['tenant%2falice', 'tenant%2falice'],
    ['tenant%252Falice', 'tenant%2Falice'],
    ['%E6%9D%8E%F0%9F%98%80', '李😀'],
    ['50%25', '50%'],
    ['a%zz', 'a%zz'],
    ['%ff', '%ff'],
  ])('the segment %s is the user %s', async (segment, userId) => {
    await connectJsonClient(emulator, { userId });
    expect((await callRest(emulator, `HEAD ${H}/users/${segment}`)).status).toBe(200);
  });

  it('never takes an encoded slash for a slash', async () => {
    await connectJsonClient(emulator, { userId: 'tenant/alice' });
    expect((await callRest(emulator, `HEAD ${H}/users/tenant%2Falice`)).status).toBe(404);
  });

  it('is not that of queries, where a plus is a blank', async () => {
    const client = await connectJsonClient(emulator);
    const path = `${H}/permissions/sendToGroup/connections/${client.connectionId}`;
    expect((await callRest(emulator, `PUT ${path}?targetName=a+b%2Fc`)).status).toBe(200);
    expect((await callRest(emulator, `HEAD ${path}?targetName=a%20b/c`)).status).toBe(200);
    expect((await callRest(emulator, `HEAD ${path}?targetName=a%2Bb/c`)).status).toBe(404);
  });
});

describe('the order of checks [rest-api 1]', () => {
  const noToken = { authorization: null };
  it.each<[string, string, number, RestCallOptions]>([
    ['version before token', `POST ${H}/:send?api-version=1`, 400, noToken],
    ['parameters before token', 'POST /api/hubs/1/:send', 400, noToken],
    ['ttl before token', `POST ${H}/:send?messageTtlSeconds=301`, 400, noToken],
    ['page size before token', `GET ${H}/groups/g/connections?maxpagesize=0`, 400, noToken],
    ['token before filter', `POST ${H}/:send?filter=(`, 401, noToken],
    ['token before media type', `POST ${H}/:send`, 401, { ...noToken, headers: { 'Content-Type': 'a/b' } }],
    ['media type before body', `POST ${H}/:send`, 415, { body: '{', headers: { 'Content-Type': 'a/b' } }],
  ])('%s', async (_name, line, status, options) => {
    expect((await callRest(emulator, line, options)).status).toBe(status);
  });

  it.each<[string, string, RestCallOptions, query?: string]>([
    [
      'filter before length',
      "Invalid syntax for '(': The expression ends too early. (Parameter 'filter')",
      { body: Buffer.alloc(1024 * 1024 + 1, 'a') },
      '?filter=(',
    ],
    [
      'length before media type',
      'Invalid Content-Length header.',
      { body: Buffer.alloc(1024 * 1024 + 1, 'a'), headers: { 'Content-Type': 'a/b' } },
    ],
    [
      'body before metadata',
      'The request body is not a valid JSON.',
      { body: '{', headers: { 'Content-Type': 'application/json', 'X-WebPubSub-Metadata-a': 'ä' } },
    ],
  ])('%s', async (_name, message, options, query = '') => {
    expect(await callRest(emulator, `POST ${H}/:send${query}`, options)).toMatchObject({
      status: 400,
      json: { message },
    });
  });
});

describe('CORS', () => {
  it('lets pages of any origin call', async () => {
    const preflight = await callRest(emulator, `OPTIONS ${H}/:send`, {
      authorization: null,
      headers: {
        Origin: 'https://tools.example',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,content-type,x-webpubsub-metadata-a',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization,content-type,x-webpubsub-metadata-a',
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
    });
    const reply = await callRest(emulator, `HEAD ${H}/groups/g`, { headers: { Origin: 'https://tools.example' } });
    expect(reply.headers['access-control-allow-origin']).toBe('*');
    expect(reply.headers['access-control-expose-headers']).toContain('x-ms-error-code');
  });
});

describe('the traffic record of a call', () => {
  it('holds what crossed the wire, and no token', async () => {
    const { token } = (await callRest(emulator, `POST ${H}/:generateToken?userId=nora`)).json as { token: string };
    const reply = await callRest(emulator, `POST /api/hubs/CHAT/:send?access_token=abc&filter=%28`, JSON_BODY);
    expect(reply.status).toBe(400);
    const [generated, sent] = emulator.traffic.entries().slice(-2);
    expect(sent).toMatchObject({
      door: 'rest',
      hub: 'chat',
      method: 'POST',
      path: '/api/hubs/CHAT/:send?access_token=...&filter=%28',
      status: 400,
      contentType: 'application/json',
      reason: expect.stringContaining('(Parameter'),
      tokenClaims: { exp: expect.any(Number) },
    });
    expect(generated).toMatchObject({ status: 200, hub: 'chat' });
    expect(JSON.stringify([generated, sent])).not.toContain(token);
    expect(JSON.stringify([generated, sent])).not.toContain('Bearer');
  });
});
