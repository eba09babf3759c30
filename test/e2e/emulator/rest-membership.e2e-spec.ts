import { describe, expect, it } from '@jest/globals';
import { callRest } from '../../support/call-rest.js';
import { connect, emulator, hub, service, useHubPerTest } from '../../support/rest-hub.js';

/** What a continuation token must be. */
const NEXT_LINK = 'as nextLink of the page before has it, for the same group and the same run of the emulator';

useHubPerTest();

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
    ['maxpagesize=0', 'a whole number from 1 to 200'],
    ['maxpagesize=201', 'a whole number from 1 to 200'],
    ['maxpagesize=', 'given at most once, and not blank'],
    ['maxpagesize=1&maxpagesize=1', 'given at most once, and not blank'],
    ['top=0', 'a whole number from 1 to 2147483647'],
    ['top=2147483648', 'a whole number from 1 to 2147483647'],
    ['top=%20', 'given at most once, and not blank'],
    ['top=1&top=1', 'given at most once, and not blank'],
    ['continuationToken=abc', NEXT_LINK],
    ['continuationToken=', 'given at most once, and not blank'],
    [`continuationToken=${'a'.repeat(2049)}`, NEXT_LINK],
    ['continuationToken=a.b&continuationToken=a.b', 'given at most once, and not blank'],
  ])('are refused with %s: %s', async (query, rule) => {
    const reply = await callRest(emulator, `GET /api/hubs/${hub}/groups/g/connections?${query}`);
    const target = query.slice(0, query.indexOf('='));
    expect(reply).toMatchObject({ status: 400, json: { message: `Invalid ${target}: ${rule}.`, target } });
  });
});
