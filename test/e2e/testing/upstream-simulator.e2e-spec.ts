import 'reflect-metadata';
import { BadRequestException, ForbiddenException, type INestApplication, type Type } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import {
  ConnectionContext,
  ConnectionStates,
  type ConnectRequest,
  type ConnectResponse,
  type DisconnectedRequest,
  type GroupJoinedRequest,
  MqttConnectException,
  OnConnect,
  OnConnected,
  OnDisconnected,
  OnGroupJoined,
  OnMessage,
  OnUserEvent,
  Connection,
  EventData,
  EventRequest,
  States,
  type UserEventRequest,
  UserEventResponse,
  WebPubSubHub,
  WebPubSubModule,
} from '../../../src/index.js';
import { UpstreamSimulator } from '../../../src/testing/index.js';

const KEY = 'simulated-key-0123456789abcdef0123456789';

@WebPubSubHub('chat')
class ChatHub {
  readonly heard: string[] = [];
  described: Partial<UserEventRequest> = {};

  @OnConnect()
  connect({ context, query, mqtt }: ConnectRequest): ConnectResponse {
    if (mqtt?.username === 'banned') throw new MqttConnectException(mqtt.protocolVersion === 5 ? 138 : 5, 'banned');
    if (query['door'] !== undefined) throw new ForbiddenException('wrong door');
    return { userId: `acme:${context.userId}`, groups: ['lobby'], roles: ['webpubsub.sendToGroup.lobby'] };
  }

  @OnConnected()
  connected(@Connection('userId') userId: string) {
    this.heard.push(`connected ${userId}`);
  }

  @OnDisconnected()
  disconnected({ reason }: DisconnectedRequest) {
    this.heard.push(`disconnected ${reason}`);
  }

  @OnGroupJoined()
  joined({ group }: GroupJoinedRequest) {
    this.heard.push(`joined ${group}`);
  }

  @OnMessage()
  message(@EventData() data: unknown, @Connection() { eventId }: ConnectionContext) {
    this.heard.push(`message ${eventId}`);
    return data;
  }

  @OnUserEvent('count')
  count(@States() states: ConnectionStates<{ count: number }>) {
    states.set('count', (states.get('count') ?? 0) + 1);
  }

  @OnUserEvent('tagged')
  tagged(@EventRequest() { metadata }: UserEventRequest) {
    return new UserEventResponse({ seen: metadata['trace'] }, 'json', { metadata: { trace: 'answered' } });
  }

  @OnUserEvent('describe')
  describe(@EventRequest() { dataType, data, mqtt }: UserEventRequest) {
    this.described = { dataType, data, mqtt };
  }

  @OnUserEvent('encoded')
  encoded(@EventData() data: Buffer) {
    const userProperties = [{ name: 'greeting', value: 'Grüße, 李' }];
    return new UserEventResponse(data, 'binary', { mqtt: { contentType: 'application/cbor', userProperties } });
  }

  @OnUserEvent('refuse')
  refuse() {
    throw new BadRequestException('not like this');
  }
}

const PLATFORMS: [string, (root: Type) => Promise<INestApplication>][] = [
  ['express', async (root) => (await Test.createTestingModule({ imports: [root] }).compile()).createNestApplication()],
  [
    'fastify',
    async (root) =>
      (await Test.createTestingModule({ imports: [root] }).compile()).createNestApplication(new FastifyAdapter()),
  ],
];

describe.each(PLATFORMS)('UpstreamSimulator on an application that does not listen, %s', (_, create) => {
  let application: INestApplication;
  let simulator: UpstreamSimulator;

  beforeEach(async () => {
    const service = WebPubSubModule.forRoot({
      connectionString: `Endpoint=https://demo.webpubsub.azure.com;AccessKey=${KEY}`,
    });
    class TestModule {}
    Reflect.defineMetadata('imports', [service], TestModule);
    Reflect.defineMetadata('providers', [ChatHub], TestModule);
    application = await create(TestModule);
    simulator = UpstreamSimulator.for(application, { hub: 'chat' });
  });

  afterEach(async () => {
    await simulator.close();
    await application.close();
  });

  const hub = () => application.get(ChatHub, { strict: false });
  const heard = () => hub().heard;

  it('connects as whom the connect handler says', async () => {
    expect(await simulator.connect({ userId: 'ann' })).toMatchObject({
      status: 200,
      isAccepted: true,
      userId: 'acme:ann',
      groups: ['lobby'],
      roles: ['webpubsub.sendToGroup.lobby'],
    });
  });

  it('says why a connect was refused, and lets the refused client send nothing', async () => {
    const stranger = await simulator.connect({ userId: 'bob', query: { door: 'back' } });
    expect(stranger).toMatchObject({ status: 403, isAccepted: false, reason: 'wrong door' });
    expect(() => stranger.send('hi')).toThrow('403 wrong door');
  });

  it.each([
    ['text', 'Grüße, 李', { dataType: 'text', data: 'Grüße, 李' }],
    ['JSON', { a: [1, null] }, { dataType: 'json', data: { a: [1, null] } }],
    ['bytes', Buffer.from([0, 255]), { dataType: 'binary', data: Buffer.from([0, 255]) }],
  ])('carries %s both ways', async (_name, data, reply) => {
    const ann = await simulator.connect({ userId: '李' });
    expect(ann.userId).toBe('acme:李');
    expect(await ann.send(data)).toMatchObject({ status: 200, ...reply });
  });

  it('carries connection state from event to event', async () => {
    const ann = await simulator.connect({ userId: 'ann' });
    await ann.event('count');
    expect(ann.states).toEqual({ count: 1 });
    expect(await ann.event('count')).toMatchObject({ status: 204, states: { count: 2 } });
  });

  it('carries metadata both ways', async () => {
    const ann = await simulator.connect();
    expect(await ann.event('tagged', {}, { metadata: { trace: 't-7' } })).toMatchObject({
      data: { seen: 't-7' },
      metadata: { trace: 'answered' },
    });
  });

  it('raises the events that nobody waits for', async () => {
    const ann = await simulator.connect({ userId: 'ann' });
    const replies = [await ann.connected(), await ann.joined('blue'), await ann.disconnect('bye')];
    expect(replies.map(({ status }) => status)).toEqual([204, 204, 204]);
    expect(heard()).toEqual(['connected acme:ann', 'joined blue', 'disconnected bye']);
  });

  it('repeats an event with the same id', async () => {
    const ann = await simulator.connect({ userId: 'ann' });
    await ann.send('hi');
    expect(await ann.repeat()).toMatchObject({ status: 200, data: 'hi' });
    expect(heard()).toEqual(['message 1', 'message 1']);
  });

  it('reports a refused event with its words', async () => {
    const ann = await simulator.connect();
    expect(await ann.event('refuse')).toMatchObject({ status: 400, reason: 'not like this' });
    expect(await ann.event('unheard')).toMatchObject({ status: 404 });
  });

  it.each([
    [4 as const, { code: 5, reason: 'banned' }],
    [5 as const, { code: 138, reason: 'banned' }],
  ])('connects MQTT clients, version %s', async (protocolVersion, refusal) => {
    expect(await simulator.connect({ mqtt: { protocolVersion } })).toMatchObject({ status: 200, subprotocol: 'mqtt' });
    expect(await simulator.connect({ mqtt: { protocolVersion, username: 'banned' } })).toMatchObject({
      isAccepted: false,
      mqttRefusal: refusal,
    });
  });

  describe('of an MQTT client', () => {
    const CBOR = Buffer.from([0xa1, 0x61, 0x61, 0xff]);
    const connect = () => simulator.connect({ userId: 'ann', mqtt: { protocolVersion: 5 } });

    it.each<[string, unknown, string | undefined, string, string]>([
      ['a string', 'hi', undefined, 'text', 'text/plain; charset=utf-8'],
      ['an object', { a: [1, null] }, undefined, 'json', 'application/json'],
      ['bytes', CBOR, undefined, 'binary', 'application/octet-stream'],
      ['bytes of a type of their own', CBOR, 'application/cbor', 'binary', 'application/cbor'],
    ])('sends %s as what it is, with its user properties', async (_name, data, given, dataType, contentType) => {
      const ann = await connect();
      const userProperties = [{ name: 'trace', value: 't-7' }];
      const reply = await ann.event('describe', data, {
        userProperties,
        ...(given !== undefined && { contentType: given }),
      });
      expect(reply.status).toBe(204);
      expect(hub().described).toEqual({ dataType, data, mqtt: { contentType, userProperties } });
    });

    it('gives a reply of a type of its own as bytes, and user properties as they were written', async () => {
      const ann = await connect();
      const reply = {
        status: 200,
        dataType: 'binary',
        data: CBOR,
        headers: { 'content-type': ['application/cbor'] },
        userProperties: [{ name: 'greeting', value: 'Grüße, 李' }],
      };
      expect(await ann.event('encoded', CBOR)).toMatchObject(reply);
      expect(await ann.repeat()).toMatchObject(reply);
    });

    it('gives a reply of text as text', async () => {
      const ann = await connect();
      expect(await ann.send('Grüße')).toMatchObject({ status: 200, dataType: 'text', data: 'Grüße' });
    });
  });

  it('is validated as the service validates', async () => {
    expect(await simulator.validate()).toMatchObject({ status: 200, isAccepted: true });
  });

  it.each([
    ['a wrong key', { accessKey: 'wrong-key-0123456789abcdef0123456789ab' }, 401],
    ['no signature', { accessKey: null }, 401],
    ['a foreign origin', { origin: 'foreign.example' }, 403],
  ])('is refused with %s', async (_name, options, status) => {
    const stranger = UpstreamSimulator.for(application, { hub: 'chat', ...options });
    expect(await stranger.connect({ userId: 'ann' })).toMatchObject({ status });
    await stranger.close();
  });

  it('works beside supertest', async () => {
    const ann = await simulator.connect({ userId: 'ann' });
    await request(application.getHttpServer()).get('/nowhere').expect(404);
    expect(await ann.send('still here')).toMatchObject({ data: 'still here' });
  });
});

describe('UpstreamSimulator', () => {
  it('refuses an application without the module, and says what to do', async () => {
    const application = (await Test.createTestingModule({}).compile()).createNestApplication();
    expect(() => UpstreamSimulator.for(application, { hub: 'chat' })).toThrow('import WebPubSubModule.forRoot');
    await application.close();
  });

  it('refuses a name that is none of a hub', () => {
    expect(() => UpstreamSimulator.for('http://127.0.0.1:1/eventhandler', { hub: 'my-hub' })).toThrow(
      '"my-hub" is no hub name',
    );
  });

  it('says that a URL cannot be reached', async () => {
    const simulator = UpstreamSimulator.for('http://127.0.0.1:1/eventhandler', { hub: 'chat' });
    await expect(simulator.connect()).rejects.toThrow('Upstream at http://127.0.0.1:1 cannot be reached');
  });
});
