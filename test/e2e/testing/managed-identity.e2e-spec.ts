import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { EventData, OnMessage, WebPubSubHub, WebPubSubModule } from '../../../src/index.js';
import { startTestService, UpstreamSimulator } from '../../../src/testing/index.js';

@WebPubSubHub('chat')
class ChatHub {
  @OnMessage()
  message(@EventData() text: string) {
    return `echo ${text}`;
  }
}

/** Never asked: the test kit needs no network. */
const credential = { getToken: () => Promise.reject(new Error('Nobody signs in here.')) };

describe('an application that knows the service by its managed identity', () => {
  let application: INestApplication;

  beforeEach(async () => {
    const moduleRef = await Test.createTestingModule({
      imports: [
        WebPubSubModule.forRoot({
          endpoint: 'https://demo.webpubsub.azure.com',
          credential,
          upstreamAuth: {
            entra: {
              tenantId: '00000000-0000-0000-0000-000000000001',
              audience: 'api://chat',
              jwksUri: 'http://127.0.0.1:1/keys',
            },
          },
        }),
      ],
      providers: [ChatHub],
    }).compile();
    application = moduleRef.createNestApplication();
  });

  afterEach(() => application.close());

  it('takes the events of the simulator, unless that shows no bearer or another', async () => {
    const statusWith = async (bearer?: string | null) => {
      const simulator = UpstreamSimulator.for(application, { hub: 'chat', bearer });
      try {
        return (await simulator.connect({ userId: 'ann' })).status;
      } finally {
        await simulator.close();
      }
    };
    expect(await statusWith()).toBe(204);
    expect(await statusWith(null)).toBe(401);
    expect(await statusWith('of-somebody-else')).toBe(401);
    expect(await statusWith()).toBe(204);
  });

  it('takes the events of the test service, and of nobody else', async () => {
    const service = await startTestService(application);
    const ann = await service.client('chat', { userId: 'ann' });
    await ann.client.sendEvent('message', 'hello', 'text');
    expect(await ann.next()).toMatchObject({ data: 'echo hello' });
    const { status, text } = await request(application.getHttpServer())
      .post('/eventhandler')
      .set({
        'WebHook-Request-Origin': 'demo.webpubsub.azure.com',
        'ce-specversion': '1.0',
        'ce-awpsversion': '1.0',
        'ce-type': 'azure.webpubsub.user.message',
        'ce-source': '/hubs/chat/client/c1',
        'ce-id': '1',
        'ce-time': '2026-03-04T05:06:07Z',
        'ce-hub': 'chat',
        'ce-eventName': 'message',
        'ce-connectionId': 'c1',
        'Content-Type': 'text/plain',
      })
      .send('hello');
    expect([status, text]).toEqual([401, 'The request has no bearer token.']);
  });
});
