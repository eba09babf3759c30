import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { callRest } from '../../support/call-rest.js';
import {
  connectJsonClient,
  WebSocketClient,
  type ConnectOptions,
  type JsonClient,
} from '../../support/connect-client.js';
import { startEmulator } from '../../support/start-emulator.js';

let emulator: WebPubSubEmulator;
let service: WebPubSubServiceClient;
let hubs = 0;
let hub: string;

beforeAll(async () => {
  emulator = await startEmulator();
});

beforeEach(() => {
  hub = `hub${++hubs}`;
  service = new WebPubSubServiceClient(emulator.connectionString, hub, { allowInsecureConnection: true });
});

function connect(options: ConnectOptions = {}): Promise<JsonClient> {
  return connectJsonClient(emulator, { hub, ...options });
}

describe('sending [rest-api 5]', () => {
  it('to all, but those excluded', async () => {
    const [ann, bob, carl] = [await connect(), await connect(), await connect()];
    await service.sendToAll({ n: 1 }, { excludedConnections: [bob.connectionId, carl.connectionId, 'unknown'] });
    await service.sendToAll({ n: 2 });
    expect(await ann.next()).toEqual({ type: 'message', from: 'server', dataType: 'json', data: { n: 1 } });
    expect(await bob.next()).toMatchObject({ data: { n: 2 } });
    expect(await carl.next()).toMatchObject({ data: { n: 2 } });
  });

  it('to a user, on every connection', async () => {
    const [one, two, other] = [await connect({ userId: 'ann' }), await connect({ userId: 'ann' }), await connect()];
    await service.sendToUser('ann', 'hi', { contentType: 'text/plain' });
    for (const client of [one, two]) {
      expect(await client.next()).toEqual({ type: 'message', from: 'server', dataType: 'text', data: 'hi' });
    }
    expect(await other.untilPong()).toEqual([]);
  });

  it('to a connection', async () => {
    const [ann, bob] = [await connect(), await connect()];
    await service.sendToConnection(ann.connectionId, new Uint8Array([1, 2]).buffer);
    expect(await ann.next()).toEqual({ type: 'message', from: 'server', dataType: 'binary', data: 'AQI=' });
    expect(await bob.untilPong()).toEqual([]);
  });

  it('to a group, but those excluded', async () => {
    const [ann, bob, carl] = [await connect({ groups: ['g'] }), await connect({ groups: ['g'] }), await connect()];
    await service.group('g').sendToAll('hi', { excludedConnections: [bob.connectionId] });
    expect(await ann.next()).toMatchObject({
      type: 'message',
      from: 'group',
      group: 'g',
      dataType: 'json',
      data: 'hi',
    });
    expect(await bob.untilPong()).toEqual([]);
    expect(await carl.untilPong()).toEqual([]);
  });

  it.each<[string, string, string, boolean]>([
    ['text', 'text/plain', 'plain "text"', false],
    ['json', 'application/json', '{ "a": [1.0, 12345678901234567890] }', false],
    ['a JSON string, with its quotes', 'application/json', '"hi"', false],
    ['binary', 'application/octet-stream', 'bytes', true],
  ])('to a simple client: %s [rest-api 5.2]', async (_name, contentType, body, isBinary) => {
    const client = await WebSocketClient.connect(emulator, { hub });
    await callRest(emulator, `POST /api/hubs/${hub}/:send`, { body, headers: { 'Content-Type': contentType } });
    const frame = await client.nextFrame();
    expect([frame.payload.toString(), frame.isBinary]).toEqual([body, isBinary]);
  });

  it.each<[string, string | undefined, Buffer, object]>([
    ['no content type', undefined, Buffer.from('a'), { dataType: 'binary', data: 'YQ==' }],
    ['letters and blanks', ' Text/Plain ; Charset = "UTF-8" ', Buffer.from('ü'), { dataType: 'text', data: 'ü' }],
    ['latin1', 'text/plain; charset=iso-8859-1', Buffer.from('ü', 'latin1'), { dataType: 'text', data: 'ü' }],
    ['UTF-16', 'text/plain;charset=utf-16le', Buffer.from('李', 'utf16le'), { dataType: 'text', data: '李' }],
    [
      'JSON in UTF-16',
      'application/json;charset=utf-16le',
      Buffer.from('{"a":"李"}', 'utf16le'),
      { data: { a: '李' } },
    ],
    ['other parameters', 'application/json; a=b; c="d;e"', Buffer.from('null'), { dataType: 'json', data: null }],
    ['an empty text', 'text/plain', Buffer.alloc(0), { dataType: 'text', data: '' }],
    ['an empty binary', 'application/octet-stream', Buffer.alloc(0), { dataType: 'binary', data: '' }],
    ['1 MiB', 'text/plain', Buffer.alloc(1024 * 1024, 'a'), { dataType: 'text' }],
  ])('accepts %s [rest-api 5.1]', async (_name, contentType, body, message) => {
    const client = await connect();
    const headers = contentType === undefined ? {} : { 'Content-Type': contentType };
    expect((await callRest(emulator, `POST /api/hubs/${hub}/:send`, { body, headers })).status).toBe(202);
    expect(await client.next()).toMatchObject({ from: 'server', ...message });
  });

  it.each<[string, string, Buffer, number]>([
    ['protobuf', 'application/x-protobuf', Buffer.from('a'), 415],
    ['XML', 'text/xml', Buffer.from('a'), 415],
    ['no media type', 'text', Buffer.from('a'), 415],
    ['rubbish after it', 'text/plain rubbish', Buffer.from('a'), 415],
    ['an open quote', 'text/plain; charset="utf-8', Buffer.from('a'), 415],
    ['an unknown charset', 'text/plain; charset=klingon', Buffer.from('a'), 415],
    ['no JSON', 'application/json', Buffer.from('{"a":'), 400],
    ['two JSON values', 'application/json', Buffer.from('1 2'), 400],
    ['an empty JSON body', 'application/json', Buffer.alloc(0), 400],
    ['more than 1 MiB', 'text/plain', Buffer.alloc(1024 * 1024 + 1, 'a'), 400],
  ])('refuses %s [rest-api 5.1]', async (_name, contentType, body, status) => {
    const headers = { 'Content-Type': contentType };
    expect((await callRest(emulator, `POST /api/hubs/${hub}/:send`, { body, headers })).status).toBe(status);
  });

  it('refuses a chunked body [rest-api 5.1]', async () => {
    const { status, json } = await callRest(emulator, `POST /api/hubs/${hub}/:send`, {
      body: 'hi',
      headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked', 'Content-Type': 'text/plain' },
    });
    expect([status, json]).toEqual([400, expect.objectContaining({ message: 'Invalid Content-Length header.' })]);
  });

  it.each([
    ['0', 202],
    ['300', 202],
    ['', 202],
    ['301', 400],
    ['-1', 400],
    ['1.5', 400],
    ['ten', 400],
  ])('with messageTtlSeconds=%s is answered %i [rest-api 5.3]', async (ttl, status) => {
    const line = `POST /api/hubs/${hub}/users/ann/:send?messageTtlSeconds=${ttl}`;
    expect((await callRest(emulator, line, { body: { a: 1 } })).status).toBe(status);
  });

  it('carries metadata: the last value of a header, after its last comma [rest-api 5.4]', async () => {
    const client = await connect();
    const headers = {
      'X-WebPubSub-Metadata-Trace': 't-7',
      'x-webpubsub-METADATA-list': ' a, b ,  c ',
      'x-webpubsub-metadata-twice': ['1', '2'],
    };
    await callRest(emulator, `POST /api/hubs/${hub}/:send`, { body: { a: 1 }, headers });
    expect((await client.next())['metadata']).toEqual({ trace: 't-7', list: 'c', twice: '2' });
  });

  it.each<[string, Record<string, string>]>([
    ['a key of 257 characters', { [`x-webpubsub-metadata-${'k'.repeat(257)}`]: 'v' }],
    ['no key', { 'x-webpubsub-metadata-': 'v' }],
    ['a value of 1,025 characters', { 'x-webpubsub-metadata-k': 'v'.repeat(1025) }],
    ['a value that is not ASCII', { 'x-webpubsub-metadata-k': 'ü' }],
    [
      'more than 8,192 in all',
      Object.fromEntries('abcdefghi'.split('').map((key) => [`x-webpubsub-metadata-${key}`, 'v'.repeat(1000)])),
    ],
  ])('refuses metadata with %s [rest-api 5.4]', async (_name, headers) => {
    const reply = await callRest(emulator, `POST /api/hubs/${hub}/:send`, { body: { a: 1 }, headers });
    expect(reply).toMatchObject({ status: 400, json: { message: expect.stringMatching(/metadata/i) } });
  });
});

describe('filters [rest-api 7]', () => {
  it.each<[string, string, string[]]>([
    ['everybody', '', ['ann', 'bob', 'carl']],
    ['a user', "userId eq 'ann'", ['ann']],
    ['a group and not a user', "'blue' in groups and userId ne 'ann'", ['bob']],
    ['nobody', 'false', []],
    ['a subprotocol', "protocol eq 'json.webpubsub.azure.v1'", ['ann', 'bob', 'carl']],
  ])('choose %s', async (_name, filter, users) => {
    const clients = new Map([
      ['ann', await connect({ userId: 'ann', groups: ['blue'] })],
      ['bob', await connect({ userId: 'bob', groups: ['blue'] })],
      ['carl', await connect({ userId: 'carl' })],
    ]);
    await service.sendToAll('hi', { filter });
    const received = [];
    for (const [user, client] of clients) if ((await client.untilPong()).length > 0) received.push(user);
    expect(received).toEqual(users);
  });

  it('choose among users and groups too', async () => {
    const ann = await connect({ userId: 'ann', groups: ['g'] });
    const bob = await connect({ userId: 'bob', groups: ['g'] });
    await service.group('g').sendToAll('1', { filter: "userId eq 'bob'" });
    await service.sendToUser('ann', '2', { filter: "not ('g' in groups)" });
    await service.sendToUser('ann', '3', { filter: "'g' in groups" });
    expect(await bob.untilPong()).toMatchObject([{ data: '1' }]);
    expect(await ann.untilPong()).toMatchObject([{ data: '3' }]);
  });

  it('are refused in the words of the service', async () => {
    const error = await service.sendToAll('hi', { filter: 'length(userId)' }).catch((reason: unknown) => reason);
    expect(error).toHaveProperty('name', 'RestError');
    expect(error).toMatchObject({
      statusCode: 400,
      code: 'Error.BadRequest',
      message: "Invalid syntax for 'length(userId)': Type 'null', expect 'bool'. (Parameter 'filter')",
    });
  });

  it('that fail on one connection reach nobody', async () => {
    const anonymous = await connect();
    await connect({ userId: 'ann' });
    const failing = service.sendToAll('hi', { filter: 'tolower(userId) gt 5' });
    await expect(failing).rejects.toMatchObject({ statusCode: 400 });
    expect(await anonymous.untilPong()).toEqual([]);
  });
});

describe('existence [rest-api 3]', () => {
  it('of connections, users and groups lasts as long as a connection', async () => {
    const client = await connect({ userId: 'ann', groups: ['g'] });
    const exist = () =>
      Promise.all([
        service.connectionExists(client.connectionId),
        service.userExists('ann'),
        service.groupExists('g'),
        service.userExists('ANN'),
        service.groupExists('G'),
      ]);
    expect(await exist()).toEqual([true, true, true, false, false]);
    await service.closeConnection(client.connectionId);
    expect(await exist()).toEqual([false, false, false, false, false]);
  });

  it('knows hubs without regard to case [rest-api 2]', async () => {
    const client = await connect();
    const other = new WebPubSubServiceClient(emulator.connectionString, hub.toUpperCase(), {
      allowInsecureConnection: true,
    });
    expect(await other.connectionExists(client.connectionId)).toBe(true);
  });
});

describe('closing [rest-api 4]', () => {
  it('tells the client why', async () => {
    const client = await connect();
    await service.closeConnection(client.connectionId, { reason: 'Enough, 李' });
    expect(await client.next()).toEqual({ type: 'system', event: 'disconnected', message: 'Enough, 李' });
    expect(await client.closed()).toEqual({ code: 1000, reason: 'Enough, 李' });
  });

  it('has a default reason', async () => {
    const client = await WebSocketClient.connect(emulator, { hub });
    await service.closeAllConnections();
    expect(await client.closed()).toEqual({ code: 1000, reason: 'Closed by REST API.' });
  });

  it.each([
    ['all', ':closeConnections'],
    ['a user', 'users/ann/:closeConnections'],
    ['a group', 'groups/g/:closeConnections'],
  ])('%s, but those excluded', async (_name, path) => {
    const [ann, bob] = [
      await connect({ userId: 'ann', groups: ['g'] }),
      await connect({ userId: 'ann', groups: ['g'] }),
    ];
    await callRest(emulator, `POST /api/hubs/${hub}/${path}?excluded=${bob.connectionId}&excluded=x&reason=bye`);
    expect((await ann.closed()).reason).toBe('bye');
    expect(await bob.untilPong()).toEqual([]);
  });
});

describe('membership [rest-api 3]', () => {
  it('of a connection ignores its roles', async () => {
    const client = await connect();
    const group = service.group('it’s 50% a group');
    await group.addConnection(client.connectionId);
    await group.addConnection(client.connectionId);
    await group.sendToAll('in');
    await group.removeConnection(client.connectionId);
    await group.sendToAll('out');
    expect(await client.untilPong()).toMatchObject([{ data: 'in' }]);
  });

  it('of an unknown connection or user is refused', async () => {
    await expect(service.group('g').addConnection('gone')).rejects.toMatchObject({
      statusCode: 404,
      code: 'Error.Connection.NotExisted',
    });
    await expect(service.group('g').addUser('gone')).rejects.toMatchObject({ statusCode: 404 });
    await service.group('g').removeConnection('gone');
    await service.group('g').removeUser('gone');
  });

  it('of a user is that of the connections of now', async () => {
    const first = await connect({ userId: 'ann' });
    await service.group('g').addUser('ann');
    const second = await connect({ userId: 'ann' });
    await service.group('g').sendToAll('hi');
    expect(await first.untilPong()).toHaveLength(1);
    expect(await second.untilPong()).toEqual([]);
    await service.group('g').removeUser('ann');
    expect(await service.groupExists('g')).toBe(false);
  });

  it('ends in all groups at once', async () => {
    const ann = await connect({ userId: 'ann', groups: ['a', 'b'] });
    const bob = await connect({ userId: 'bob', groups: ['a', 'b'] });
    await service.removeConnectionFromAllGroups(ann.connectionId);
    expect(await service.groupExists('a')).toBe(true);
    await service.removeUserFromAllGroups('bob');
    expect(await service.groupExists('a')).toBe(false);
    expect(await service.connectionExists(bob.connectionId)).toBe(true);
  });
});

describe('bulk membership [rest-api 6.1]', () => {
  it.each<[string, string | undefined, string[]]>([
    ['no filter', undefined, ['ann', 'bob']],
    ['an empty filter', '', ['ann', 'bob']],
    ['a filter', "userId eq 'ann'", ['ann']],
    ['a filter that nobody passes', "userId eq 'x'", []],
  ])('with %s', async (_name, filter, users) => {
    for (const userId of ['ann', 'bob']) await connect({ userId });
    const path = `/api/hubs/${hub}/:addToGroups`;
    expect((await callRest(emulator, `POST ${path}`, { body: { groups: ['a', 'b'], filter } })).status).toBe(200);
    for (const group of ['a', 'b']) {
      const members = await service.group(group).listConnections();
      const found = [];
      for await (const member of members) found.push(member.userId);
      expect(new Set(found)).toEqual(new Set(users));
    }
  });

  it('is what the official client sends', async () => {
    const client = await connect({ userId: 'ann' });
    await service.addConnectionsToGroups(['a', 'b'], "userId eq 'ann'");
    expect([await service.groupExists('a'), await service.groupExists('b')]).toEqual([true, true]);
    await service.removeConnectionsFromGroups(['a'], `connectionId eq '${client.connectionId}'`);
    expect([await service.groupExists('a'), await service.groupExists('b')]).toEqual([false, true]);
  });

  it.each<[string, string, string, number]>([
    ['no JSON', '{', 'application/json', 400],
    ['no object', '[]', 'application/json', 400],
    ['no groups', '{}', 'application/json', 400],
    ['empty groups', '{"groups":[]}', 'application/json', 400],
    ['groups that are no list', '{"groups":"a"}', 'application/json', 400],
    ['a group that is no name', '{"groups":["a"," "]}', 'application/json', 400],
    ['a group that is no text', '{"groups":["a",1]}', 'application/json', 400],
    ['a filter that is no text', '{"groups":["a"],"filter":1}', 'application/json', 400],
    ['a filter that is wrong', '{"groups":["a"],"filter":"("}', 'application/json', 400],
    ['names in other letters', '{"Groups":["a"],"FILTER":null}', 'application/json', 200],
    ['another content type', '{"groups":["a"]}', 'text/plain', 415],
  ])('with %s changes nothing or is done: %s', async (_name, body, contentType, status) => {
    await connect();
    const options = { body, headers: { 'Content-Type': contentType } };
    expect((await callRest(emulator, `POST /api/hubs/${hub}/:addToGroups`, options)).status).toBe(status);
    expect(await service.groupExists('a')).toBe(status === 200);
  });
});

describe('permissions [rest-api 6.3]', () => {
  it('are granted, checked and revoked at once, group by group', async () => {
    const client = await connect();
    const check = (target: string) =>
      service.hasPermission(client.connectionId, 'joinLeaveGroup', { targetName: target });
    const join = async (ackId: number) => {
      client.send({ type: 'joinGroup', group: 'g', ackId });
      return (await client.next())['success'];
    };
    expect([await check('g'), await join(1)]).toEqual([false, false]);
    await service.grantPermission(client.connectionId, 'joinLeaveGroup', { targetName: 'g' });
    expect([await check('g'), await check('G'), await check('*'), await join(2)]).toEqual([true, false, false, true]);
    expect(await service.hasPermission(client.connectionId, 'sendToGroup', { targetName: 'g' })).toBe(false);
    await service.revokePermission(client.connectionId, 'joinLeaveGroup', { targetName: 'g' });
    expect([await check('g'), await join(3), await service.groupExists('g')]).toEqual([false, false, true]);
  });

  it('overrule roles for the group they name', async () => {
    const client = await connect({ roles: ['webpubsub.sendToGroups.room-*', 'webpubsub.joinLeaveGroup'] });
    const check = (permission: 'sendToGroup' | 'joinLeaveGroup', targetName: string) =>
      service.hasPermission(client.connectionId, permission, { targetName });
    expect(await check('sendToGroup', 'room-1')).toBe(true);
    await service.revokePermission(client.connectionId, 'sendToGroup', { targetName: 'room-1' });
    await service.revokePermission(client.connectionId, 'joinLeaveGroup', { targetName: 'room-1' });
    expect([await check('sendToGroup', 'room-1'), await check('sendToGroup', 'room-2')]).toEqual([false, true]);
    expect([await check('joinLeaveGroup', 'room-1'), await check('joinLeaveGroup', 'x')]).toEqual([false, true]);
  });

  it('are at most 1,000 single groups', async () => {
    const client = await connect();
    const path = `/api/hubs/${hub}/permissions/sendToGroup/connections/${client.connectionId}`;
    const grant = (group: number) => callRest(emulator, `PUT ${path}?targetName=g${group}`);
    for (let first = 0; first < 1000; first += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => grant(first + index)));
    }
    expect((await grant(1000)).status).toBe(409);
    expect((await grant(999)).status).toBe(200);
    expect((await callRest(emulator, `HEAD ${path}?targetName=g1000`)).status).toBe(404);
  });
});

describe('members of a group [rest-api 6.2]', () => {
  it('come page by page, in order of their ids, to the official client', async () => {
    const ids = [];
    for (let index = 0; index < 7; index++) {
      ids.push((await connect({ groups: ['a b'], ...(index % 2 && { userId: `u${index}` }) })).connectionId);
    }
    const members = [];
    for await (const member of await service.group('a b').listConnections({ maxPageSize: 3 })) members.push(member);
    expect(members.map(({ connectionId }) => connectionId)).toEqual(ids.toSorted());
    const calls = emulator.traffic.entries().filter((entry) => entry.door === 'rest' && entry.hub === hub);
    expect(calls).toHaveLength(3);
  });

  it('are given with a link to the next page', async () => {
    for (let index = 0; index < 3; index++) await connect({ groups: ['g'] });
    const first = await callRest(emulator, `GET /api/hubs/${hub}/groups/g/connections?maxpagesize=2&top=3`);
    const { value, nextLink } = first.json as { value: object[]; nextLink: string };
    expect(value).toEqual([
      { connectionId: expect.any(String), userId: null },
      { connectionId: expect.any(String), userId: null },
    ]);
    const link = new URL(nextLink);
    expect(link.origin + link.pathname).toBe(`${emulator.endpoint}/api/hubs/${hub}/groups/g/connections`);
    expect([...link.searchParams.keys()].sort()).toEqual(['api-version', 'continuationToken', 'maxpagesize', 'top']);
    expect([link.searchParams.get('maxpagesize'), link.searchParams.get('top')]).toEqual(['2', '1']);
    const second = await callRest(emulator, `GET ${link.pathname}${link.search}`);
    expect(second.json).toEqual({ value: [expect.any(Object)], nextLink: null });
    for (const other of [`/api/hubs/${hub}/groups/h`, `/api/hubs/other${hub}/groups/g`]) {
      expect((await callRest(emulator, `GET ${other}/connections${link.search}`)).status).toBe(400);
    }
    expect(
      (await callRest(emulator, `GET /api/hubs/${hub.toUpperCase()}/groups/g/connections${link.search}`)).status,
    ).toBe(200);
  });

  it.each(['top=1', 'top=2&maxpagesize=1&x=1'])('are no more than asked for: %s', async (query) => {
    for (let index = 0; index < 3; index++) await connect({ groups: ['g'] });
    let path: string | null = `/api/hubs/${hub}/groups/g/connections?${query}`;
    let count = 0;
    while (path !== null) {
      const { json } = await callRest(emulator, `GET ${path}`);
      const page = json as { value: object[]; nextLink: string | null };
      count += page.value.length;
      path = page.nextLink && page.nextLink.slice(emulator.endpoint.length);
    }
    expect(count).toBe(Number(query[4]));
  });

  it('of a group without members are none', async () => {
    const { json } = await callRest(emulator, `GET /api/hubs/${hub}/groups/g/connections`);
    expect(json).toEqual({ value: [], nextLink: null });
  });

  it.each([
    'maxpagesize=0',
    'maxpagesize=201',
    'maxpagesize=',
    'maxpagesize=1&maxpagesize=1',
    'top=0',
    'top=2147483648',
    'top=%20',
    'top=1&top=1',
    'continuationToken=abc',
    'continuationToken=',
    `continuationToken=${'a'.repeat(2049)}`,
    'continuationToken=a.b&continuationToken=a.b',
  ])('are refused with %s', async (query) => {
    const reply = await callRest(emulator, `GET /api/hubs/${hub}/groups/g/connections?${query}`);
    const target = query.slice(0, query.indexOf('='));
    expect(reply).toMatchObject({ status: 400, json: { message: `Invalid ${target}.`, target } });
  });
});

describe('generated client tokens [auth 4]', () => {
  const generate = async (query: string) => {
    const reply = await callRest(emulator, `POST /api/hubs/${hub}/:generateToken?${query}`);
    return { status: reply.status, ...(reply.json as { token?: string }) };
  };

  it('let a client connect as whom they name', async () => {
    const { token } = await generate(
      'userId=nora&role=webpubsub.sendToGroup.g&role=webpubsub.joinLeaveGroup.h&group=g&group=i',
    );
    const client = await connect({ token: token! });
    expect(await service.userExists('nora')).toBe(true);
    expect([await service.groupExists('g'), await service.groupExists('i')]).toEqual([true, true]);
    client.send({ type: 'sendToGroup', group: 'g', data: 'hi', noEcho: true, ackId: 1 });
    expect(await client.next()).toMatchObject({ ackId: 1, success: true });
    client.send({ type: 'joinGroup', group: 'h', ackId: 2 });
    expect(await client.next()).toMatchObject({ ackId: 2, success: true });
  });

  it.each([
    ['', 60, '/client/hubs/'],
    ['clientType=Default', 60, '/client/hubs/'],
    ['clientType=mqtt&minutesToExpire=5', 5, '/clients/mqtt/hubs/'],
    ['clientType=MQTT', 60, '/clients/mqtt/hubs/'],
  ])('by %s last %i minutes at %s', async (query, minutes, path) => {
    const { token } = await generate(query);
    const { aud, exp = 0, iat = 0, ...others } = jwt.decode(token ?? '', { json: true }) ?? {};
    expect(aud).toBe(`${emulator.endpoint}${path}${hub}`);
    expect(exp - iat).toBe(minutes * 60);
    expect(others).toEqual({});
  });

  it.each(['clientType=socketio', 'minutesToExpire=0', 'minutesToExpire=x', 'group=a&group=%20'])(
    'are refused with %s',
    async (query) => {
      expect((await generate(query)).status).toBe(400);
    },
  );
});
