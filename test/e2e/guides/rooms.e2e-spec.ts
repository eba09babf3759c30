import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestClient } from '../../../src/testing/index.js';
import { ModeratedHub } from '../../guides/rooms/moderated.hub.js';
import { RoomDirectory } from '../../guides/rooms/room.directory.js';
import { RoomHub } from '../../guides/rooms/room.hub.js';
import { clientToken, connectJsonClient, refusalOf, type JsonClient } from '../../support/connect-client.js';
import { GUIDE_KEY, startGuide, type StartedGuide } from '../../support/start-guide.js';

/** How the official client tells of the service's own refusal, and of an event that failed. */
const FORBIDDEN = { errorDetail: { name: 'Forbidden' } };
const FAILED = { errorDetail: { name: 'InternalServerError' } };

describe('the guide "Rooms"', () => {
  let guide: StartedGuide;

  beforeAll(async () => {
    guide = await startGuide({ providers: [RoomHub, ModeratedHub, RoomDirectory] });
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

  it('shows the application every message of a moderated room, which others cannot enter', async () => {
    const { emulator } = guide.service;
    const join = (userId: string): Promise<JsonClient> =>
      connectJsonClient(emulator, {
        hub: 'moderated',
        token: clientToken(emulator, { hub: 'moderated', userId }, GUIDE_KEY),
        query: { room: 'blue' },
      });
    const [ann, bob] = [await join('ann'), await join('bob')];
    ann.send({ type: 'event', event: 'say', dataType: 'json', data: { text: 'hello' }, ackId: 1 });
    expect(await ann.next()).toMatchObject({ type: 'ack', ackId: 1, success: false });
    ann.send({ type: 'event', event: 'say', dataType: 'text', data: 'hello', ackId: 2 });
    expect(await bob.next()).toMatchObject({ type: 'message', group: 'blue', data: { from: 'ann', text: 'hello' } });
    expect(await refusalOf(join('carol'))).toMatchObject({ status: 403 });
  });
});
