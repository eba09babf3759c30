import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UpstreamSimulator } from '../../../src/testing/index.js';
import { Presence } from '../../guides/presence/presence.js';
import { PresenceHub } from '../../guides/presence/presence.hub.js';
import { startGuide, type StartedGuide } from '../../support/start-guide.js';

describe('the guide "Presence"', () => {
  let guide: StartedGuide;

  beforeAll(async () => {
    guide = await startGuide({ providers: [PresenceHub, Presence] });
  });

  afterAll(async () => {
    await guide.close();
  });

  it('tells of the first connection of a user and of the end of the last one', async () => {
    const { service } = guide;
    const watcher = await service.client('presence', { userId: 'watcher' });
    expect(await watcher.next()).toMatchObject({ data: { arrived: 'watcher' } });
    const [phone, desk] = [
      await service.client('presence', { userId: 'ann' }),
      await service.client('presence', { userId: 'ann' }),
    ];
    expect(await watcher.next()).toMatchObject({ data: { arrived: 'ann' } });
    await watcher.client.sendEvent('whoIsThere', '', 'text');
    expect(await watcher.next()).toMatchObject({ data: { users: ['watcher', 'ann'] } });

    phone.stop();
    await service.idle();
    expect(watcher.received).toEqual([]);
    desk.stop();
    expect(await watcher.next()).toMatchObject({ data: { left: 'ann' } });
  });

  it('counts a connection once, however often the service tells of it', async () => {
    const { application } = guide;
    const presence = application.get(Presence);
    const simulator = UpstreamSimulator.for(application, { hub: 'presence' });
    const eve = await simulator.connect({ userId: 'eve' });
    await eve.connected();
    await eve.repeat();
    expect(presence.users()).toContain('eve');
    await eve.disconnect();
    expect(presence.users()).not.toContain('eve');
    expect(await eve.repeat()).toMatchObject({ status: 204 });
    await simulator.close();
  });

  it('refuses who has no name', async () => {
    await expect(guide.service.client('presence')).rejects.toThrow('401');
  });
});
