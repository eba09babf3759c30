import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { startSample } from '../../support/start-sample.js';

describe('GET /health', () => {
  it('is 200 while the service answers, and 503 with the reason when it does not', async () => {
    const emulator = await WebPubSubEmulator.start({ port: 0 });
    const { connectionString, endpoint } = emulator;
    const sample = await startSample({ connectionString });
    try {
      const healthy = await request(sample.url).get('/health').expect(200);
      expect(healthy.body).toMatchObject({ status: 'ok', info: { webPubSub: { status: 'up', endpoint } } });

      await emulator.close();
      const broken = await request(sample.url).get('/health').expect(503);
      expect(broken.body).toMatchObject({
        status: 'error',
        error: { webPubSub: { status: 'down', endpoint, message: 'It does not answer.' } },
      });
      expect(broken.text).not.toContain('AccessKey');
    } finally {
      await sample.close();
      await emulator.close();
    }
  });
});
