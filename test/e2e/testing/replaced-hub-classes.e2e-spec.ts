import 'reflect-metadata';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { describe, expect, it, jest } from '@jest/globals';
import { OnUserEvent, WebPubSubHub, WebPubSubModule } from '../../../src/index.js';
import { UpstreamSimulator } from '../../../src/testing/index.js';

const connectionString = 'Endpoint=http://localhost;AccessKey=any-key-of-at-least-thirty-two-bytes;Version=1.0;';

@WebPubSubHub('orders')
class OrderHub {
  @OnUserEvent('order')
  order() {
    return 'real';
  }
}

@WebPubSubHub('orders')
class DecoratedDouble {
  @OnUserEvent('order')
  order() {
    return 'double';
  }
}

class PlainDouble {
  order() {
    return 'plain';
  }
}

type Override = ReturnType<TestingModuleBuilder['overrideProvider']>;

const build = () =>
  Test.createTestingModule({ imports: [WebPubSubModule.forRoot({ connectionString })], providers: [OrderHub] });

describe('a hub class that a test replaces', () => {
  it.each<[string, (hub: Override) => TestingModuleBuilder, object]>([
    ['a decorated class', (hub) => hub.useClass(DecoratedDouble), { status: 200, data: 'double' }],
    [
      'an object made from its prototype',
      (hub) => hub.useValue(Object.assign(Object.create(OrderHub.prototype) as OrderHub, { order: () => 'own' })),
      { status: 200, data: 'own' },
    ],
    // The hub is gone, as the guide says.
    ['a plain class', (hub) => hub.useClass(PlainDouble), { status: 404 }],
    ['a plain object', (hub) => hub.useValue({ order: () => 'plain' }), { status: 404 }],
  ])('by %s', async (_what, replace, reply) => {
    const application = (await replace(build().overrideProvider(OrderHub)).compile()).createNestApplication();
    const ann = await UpstreamSimulator.for(application, { hub: 'orders' }).connect({ userId: 'ann' });
    const outcome = ann.isAccepted ? await ann.event('order') : { status: ann.status };
    expect(outcome).toMatchObject(reply);
    await application.close();
  });

  it('in one method only, by a spy', async () => {
    const moduleRef = await build().compile();
    const application = moduleRef.createNestApplication();
    const ann = await UpstreamSimulator.for(application, { hub: 'orders' }).connect({ userId: 'ann' });
    const spy = jest.spyOn(moduleRef.get(OrderHub), 'order').mockReturnValue('spied');
    expect(await ann.event('order')).toMatchObject({ data: 'spied' });
    spy.mockRestore();
    expect(await ann.event('order')).toMatchObject({ data: 'real' });
    await application.close();
  });
});
