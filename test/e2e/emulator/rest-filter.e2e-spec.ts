import { describe, expect, it } from '@jest/globals';
import { connect, service, useHubPerTest } from '../../support/rest-hub.js';

useHubPerTest();

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
