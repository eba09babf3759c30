import { EventData, OnUserEvent, WebPubSubHub } from 'nestjs-web-pubsub';

@WebPubSubHub('sensors')
export class SensorHub {
  @OnUserEvent('temperature')
  temperature(@EventData('celsius') celsius: number) {
    return { isFrost: celsius < 0 };
  }
}
