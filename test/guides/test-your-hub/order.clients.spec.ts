import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { startTestService, type TestService } from 'nestjs-web-pubsub/testing';
import { OrderModule } from './order.module.js';

describe('clients of the hub orders', () => {
  let application: INestApplication;
  let service: TestService;

  beforeAll(async () => {
    const moduleRef = await Test.createTestingModule({ imports: [OrderModule] }).compile();
    application = moduleRef.createNestApplication();
    service = await startTestService(application);
  });

  afterAll(() => application.close());

  it('hear of the orders of others', async () => {
    const ann = await service.client('orders', { userId: 'ann' });
    const bob = await service.client('orders', { userId: 'bob' });
    await ann.client.sendEvent('order', { item: 'tea' }, 'json');
    expect(await bob.next()).toMatchObject({ group: 'buyers', data: { userId: 'ann', item: 'tea' } });
  });

  it('are refused without a user', async () => {
    await expect(service.client('orders')).rejects.toThrow('401, refused by upstream: Sign in first.');
  });

  it('lose nothing when the application fails for a moment', async () => {
    const ann = await service.client('orders', { userId: 'ann' });
    service.faults.set({ kind: 'failUpstream', eventName: 'order', status: 503, times: 1 });
    await ann.client.sendEvent('order', { item: 'cake' }, 'json');
    await service.idle();
    expect(ann.received).toContainEqual(expect.objectContaining({ data: { count: 1 } }));
  });
});
