import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChatHub } from '../../guides/from-websocket-gateways/chat.hub.js';
import { startGuide, type StartedGuide } from '../../support/start-guide.js';

describe('the guide "From @nestjs/websockets gateways"', () => {
  let guide: StartedGuide;

  beforeAll(async () => {
    guide = await startGuide({ providers: [ChatHub] });
  });

  afterAll(async () => {
    await guide.close();
  });

  it('ends with a hub class whose rooms hear of who joins', async () => {
    const { service } = guide;
    const ann = await service.client('chat', { userId: 'ann' });
    await ann.client.sendEvent('join', { room: 'blue' }, 'json');
    await service.idle();
    expect(ann.received.map(({ data }) => data)).toEqual([{ joined: 'ann' }, { room: 'blue' }]);
    const bob = await service.client('chat', { userId: 'bob' });
    await bob.client.sendEvent('join', { room: 'blue' }, 'json');
    await service.idle();
    expect(ann.received.at(-1)).toMatchObject({ group: 'blue', data: { joined: 'bob' } });
  });

  it('refuses who has not signed in', async () => {
    await expect(guide.service.client('chat')).rejects.toThrow('401');
  });
});
