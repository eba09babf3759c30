import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UpstreamSimulator } from '../../../src/testing/index.js';
import { ChatHub } from '../../guides/from-express-middleware/chat.hub.js';
import { startGuide, type StartedGuide } from '../../support/start-guide.js';

describe('the guide "From the Express middleware"', () => {
  let guide: StartedGuide;

  beforeAll(async () => {
    guide = await startGuide({ providers: [ChatHub] });
  });

  afterAll(async () => {
    await guide.close();
  });

  it('ends with a hub class that answers as the middleware did', async () => {
    const simulator = UpstreamSimulator.for(guide.application, { hub: 'chat' });
    const ann = await simulator.connect({ userId: 'ann' });
    expect(ann).toMatchObject({ status: 200, groups: ['lobby'], states: { room: 'lobby' } });
    expect(await ann.send('hello')).toMatchObject({ data: { room: 'lobby', data: 'hello' } });
    expect(await simulator.connect({ userId: 'bob', claims: { banned: 'true' } })).toMatchObject({
      status: 401,
      reason: 'You are banned.',
    });
    await simulator.close();
  });
});
