import { describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { callRest } from '../../support/call-rest.js';
import { connect, emulator, hub, service, useHubPerTest } from '../../support/rest-hub.js';

useHubPerTest();

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
    expect(await grant(1000)).toMatchObject({ status: 409, json: { code: 'Error.Connection.Conflict' } });
    expect((await grant(999)).status).toBe(200);
    expect((await callRest(emulator, `HEAD ${path}?targetName=g1000`)).status).toBe(404);
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
