import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestClient } from '../../../src/testing/index.js';
import { RoomDirectory } from '../../guides/rooms/room.directory.js';
import { RoomHub } from '../../guides/rooms/room.hub.js';
import { startGuide, type StartedGuide } from '../../support/start-guide.js';

/** How the official client tells of the service's own refusal, and of an event that failed. */
const FORBIDDEN = { errorDetail: { name: 'Forbidden' } };
const FAILED = { errorDetail: { name: 'InternalServerError' } };

describe('the guide "Rooms"', () => {
  let guide: StartedGuide;

  beforeAll(async () => {
    guide = await startGuide({ providers: [RoomHub, RoomDirectory] });
  });

  afterAll(async () => {
    await guide.close();
  });

  /** Without roles: all that a client may do comes from the hub class. */
  const connect = (userId: string): Promise<TestClient> => guide.service.client('rooms', { userId, roles: [] });
  const enter = (client: TestClient, data: { room: string }): Promise<unknown> =>
    client.client.sendEvent('enter', data, 'json');

  it('lets members of a room talk to each other without the application', async () => {
    const [ann, bob] = [await connect('ann'), await connect('bob')];
    for (const member of [ann, bob]) {
      await enter(member, { room: 'blue' });
      expect(await member.next()).toMatchObject({ data: { entered: 'blue' } });
    }
    await ann.client.sendToGroup('blue', 'hello', 'text', { noEcho: true });
    expect(await bob.next()).toMatchObject({ group: 'blue', fromUserId: 'ann', data: 'hello' });
    await guide.service.idle();
    expect(ann.received).toEqual([]);
  });

  it('keeps out who is no member, and lets nobody send to a room from outside', async () => {
    const carol = await connect('carol');
    await expect(enter(carol, { room: 'blue' })).rejects.toMatchObject(FAILED);
    await expect(carol.client.sendToGroup('blue', 'hello', 'text')).rejects.toMatchObject(FORBIDDEN);
    await expect(carol.client.joinGroup('blue')).rejects.toMatchObject(FORBIDDEN);
  });

  it('takes the right to send away with the room', async () => {
    const ann = await connect('ann');
    await enter(ann, { room: 'blue' });
    await ann.client.sendEvent('leave', '', 'text');
    await expect(ann.client.sendToGroup('blue', 'hello', 'text')).rejects.toMatchObject(FORBIDDEN);
    await expect(ann.client.sendEvent('leave', '', 'text')).rejects.toMatchObject(FAILED);
  });
});
