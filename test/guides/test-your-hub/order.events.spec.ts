import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getServiceClientToken } from 'nestjs-web-pubsub';
import { createFakeServiceClient, UpstreamSimulator } from 'nestjs-web-pubsub/testing';
import { OrderModule } from './order.module.js';

describe('the events of the hub orders', () => {
  let application: INestApplication;
  let simulator: UpstreamSimulator;

  beforeAll(async () => {
    const moduleRef = await Test.createTestingModule({ imports: [OrderModule] })
      .overrideProvider(getServiceClientToken('orders'))
      .useValue(createFakeServiceClient('orders'))
      .compile();
    application = moduleRef.createNestApplication();
    simulator = UpstreamSimulator.for(application, { hub: 'orders' });
  });

  afterAll(async () => {
    await simulator.close();
    await application.close();
  });

  it('lets users in, and nobody else', async () => {
    expect(await simulator.connect({ userId: 'ann' })).toMatchObject({ status: 200, groups: ['buyers'] });
    expect(await simulator.connect()).toMatchObject({ status: 401, reason: 'Sign in first.' });
  });

  it('counts the orders of a connection', async () => {
    const ann = await simulator.connect({ userId: 'ann' });
    await ann.event('order', { item: 'tea' });
    const reply = await ann.event('order', { item: 'cake' });
    expect(reply).toMatchObject({ status: 200, dataType: 'json', data: { count: 2 }, states: { count: 2 } });
  });
});
