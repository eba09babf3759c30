import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { CHAT_HUB } from '../../../src/sample/chat.constants.js';
import { ChatModule } from '../../../src/sample/chat.module.js';
import { startTestService, type TestService, UpstreamSimulator } from '../../../src/testing/index.js';

const CONNECTION_STRING =
  'Endpoint=https://chat.webpubsub.azure.com;AccessKey=sample-test-key-0123456789abcdef01234567;';

describe('the hub of the sample, with the test kit', () => {
  let application: INestApplication;

  beforeEach(async () => {
    const module = ChatModule.forRoot({ connectionString: CONNECTION_STRING });
    application = (await Test.createTestingModule({ imports: [module] }).compile()).createNestApplication({
      logger: false,
    });
  });

  afterEach(() => application.close());

  describe('as upstream', () => {
    let simulator: UpstreamSimulator;

    beforeEach(() => {
      simulator = UpstreamSimulator.for(application, { hub: CHAT_HUB });
    });

    afterEach(() => simulator.close());

    it('takes the user of the token', async () => {
      expect(await simulator.connect({ userId: 'ann' })).toMatchObject({ status: 200, userId: 'ann' });
    });

    it('names a client at random that has no name', async () => {
      expect((await simulator.connect()).userId).toMatch(/^guest-[0-9a-f]{8}$/);
    });

    it('lets nobody be the chat itself', async () => {
      expect(await simulator.connect({ userId: '[System]' })).toMatchObject({ status: 403, isAccepted: false });
    });

    it('refuses a message that is no text', async () => {
      const ann = await simulator.connect({ userId: 'ann' });
      expect(await ann.send({ not: 'text' })).toMatchObject({ status: 400, reason: 'A chat message is text.' });
    });
  });

  describe('with clients', () => {
    let service: TestService;

    beforeEach(async () => {
      service = await startTestService(application);
    });

    afterEach(() => service.close());

    it('tells everyone what one says, and who comes and goes', async () => {
      const ann = await service.client(CHAT_HUB, { userId: 'ann' });
      expect(await ann.next()).toMatchObject({ data: { from: '[System]', message: 'ann joined.' } });
      const bob = await service.client(CHAT_HUB, { userId: 'bob' });
      expect(await ann.next()).toMatchObject({ data: { message: 'bob joined.' } });
      await bob.client.sendEvent('message', 'hello', 'text');
      expect(await ann.next()).toMatchObject({ data: { from: 'bob', message: 'hello' } });
      bob.stop();
      expect(await ann.next()).toMatchObject({ data: { from: '[System]', message: 'bob left.' } });
    });

    it('negotiates a URL of the service, beside supertest', async () => {
      const { body } = await request(application.getHttpServer()).get('/negotiate?userId=ann').expect(200);
      expect((body as { url: string }).url).toContain(service.emulator.endpoint.replace('http', 'ws'));
    });
  });
});
