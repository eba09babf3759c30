import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { WebPubSubServiceClient } from '@azure/web-pubsub';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  EventData,
  InjectServiceClient,
  OnMessage,
  OnUserEvent,
  WebPubSubHub,
  WebPubSubModule,
} from '../../../src/index.js';
import { startTestService, type TestService } from '../../../src/testing/index.js';

const connectionString = 'Endpoint=http://localhost;AccessKey=any-key-of-at-least-thirty-two-bytes;Version=1.0;';

@WebPubSubHub('timers')
class TimerHub {
  constructor(@InjectServiceClient('timers') private readonly service: WebPubSubServiceClient) {}

  @OnMessage()
  async message(@EventData() message: string) {
    await this.service.sendToAll(message, { contentType: 'text/plain' });
  }

  @OnUserEvent('remind')
  remind(@EventData() minutes: number) {
    setTimeout(() => void this.service.sendToAll('time is up', { contentType: 'text/plain' }), minutes * 60_000);
  }
}

let hang: () => void;

@WebPubSubHub('hangs')
class HangingHub {
  @OnMessage()
  message() {
    hang();
    return new Promise<void>(() => {});
  }
}

type FakedTimers = Parameters<typeof jest.useFakeTimers>[0];

describe.each<[string, FakedTimers]>([
  ['all that jest fakes, but one, is', { doNotFake: ['queueMicrotask'] }],
  ['what Vitest fakes is', { doNotFake: ['nextTick', 'queueMicrotask'] }],
])('while %s fake', (_which, timers) => {
  let application: INestApplication;
  let service: TestService;

  beforeEach(async () => {
    const moduleRef = await Test.createTestingModule({
      imports: [WebPubSubModule.forRoot({ connectionString })],
      providers: [TimerHub, HangingHub],
    }).compile();
    application = moduleRef.createNestApplication();
    jest.useFakeTimers(timers);
    service = await startTestService(application);
  });

  afterEach(async () => {
    await application.close();
    jest.useRealTimers();
  });

  it.each<[string, () => void | Promise<void>]>([
    ['at once', () => jest.advanceTimersByTime(3_600_000)],
    ['step by step', () => jest.advanceTimersByTimeAsync(3_600_000)],
  ])('clients stay connected over an hour that passes %s', async (_how, pass) => {
    const ann = await service.client('timers', { userId: 'ann' });
    const bob = await service.client('timers', { userId: 'bob', subprotocol: 'reliable' });
    await pass();
    await ann.client.sendEvent('message', 'hello', 'text');
    await service.idle();
    expect(ann.received).toMatchObject([{ data: 'hello' }]);
    expect(bob.received).toMatchObject([{ data: 'hello' }]);
  });

  it('the application closes though a handler never ends', async () => {
    const hanging = new Promise<void>((resolve) => (hang = resolve));
    const ann = await service.client('hangs');
    const sent = ann.client.sendEvent('message', 'hello', 'text');
    await hanging;
    await Promise.all([expect(sent).rejects.toThrow('Connection is disconnected'), application.close()]);
  });

  it('the timers of a hub class are those that the test turns', async () => {
    const ann = await service.client('timers', { userId: 'ann' });
    await ann.client.sendEvent('remind', 10, 'json');
    jest.advanceTimersByTime(10 * 60_000);
    expect(await ann.next()).toMatchObject({ data: 'time is up' });
  });
});
