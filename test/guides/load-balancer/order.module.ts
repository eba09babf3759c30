import { type DynamicModule, Inject, Injectable, Module } from '@nestjs/common';
import { EventData, OnUserEvent, WebPubSubHub, WebPubSubModule } from 'nestjs-web-pubsub';
import { type SharedCache, SharedIdempotencyStore } from './shared-idempotency.store.js';

/** What an instance has booked; a real one writes to a database. */
@Injectable()
export class Orders {
  readonly booked: string[] = [];
}

@WebPubSubHub('orders')
export class OrderHub {
  constructor(@Inject(Orders) private readonly orders: Orders) {}

  @OnUserEvent('order')
  order(@EventData('item') item: string) {
    this.orders.booked.push(item);
    return { booked: item };
  }
}

@Module({})
export class OrderModule {
  static forRoot(connectionString: string, cache: SharedCache): DynamicModule {
    const idempotency = { store: new SharedIdempotencyStore(cache) };
    return {
      module: OrderModule,
      imports: [WebPubSubModule.forRoot({ connectionString, idempotency })],
      providers: [OrderHub, Orders],
    };
  }
}
