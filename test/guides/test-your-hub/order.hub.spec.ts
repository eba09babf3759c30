import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { ConnectionStates, getServiceClientToken } from 'nestjs-web-pubsub';
import { type FakeServiceClient, provideFakeServiceClient } from 'nestjs-web-pubsub/testing';
import { OrderHub } from './order.hub.js';

describe('OrderHub', () => {
  it('tells the buyers of an order', async () => {
    const moduleRef = await Test.createTestingModule({
      providers: [OrderHub, provideFakeServiceClient('orders')],
    }).compile();
    const service = moduleRef.get<FakeServiceClient>(getServiceClientToken('orders'));

    const states = new ConnectionStates<{ count: number }>();
    expect(await moduleRef.get(OrderHub).order('tea', 'ann', states)).toEqual({ count: 1 });
    expect(service.argsOf('sendToAll', 'buyers')).toEqual([[{ userId: 'ann', item: 'tea' }]]);
  });
});
