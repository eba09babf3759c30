import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, UnauthorizedException } from '@nestjs/common';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import {
  Connection,
  ConnectionContext,
  ConnectionStates,
  ConnectRequest,
  DisconnectedRequest,
  EventData,
  MqttConnectException,
  OnConnect,
  OnConnected,
  OnDisconnected,
  OnUserEvent,
  States,
  UserEventRequest,
  UserEventResponse,
  WebPubSubHub,
  type ConnectResponse,
} from '../../../src/index.js';
import { RawMqttClient, textOf } from '../../support/mqtt-client.js';
import { startEmulator } from '../../support/start-emulator.js';
import { startHubApp, type HubApp } from '../../support/start-hub-app.js';

const heard: { name: string; what: unknown }[] = [];
let wake = (): void => {};

function hear(name: string, what: unknown): void {
  heard.push({ name, what });
  wake();
}

async function nextHeard(name: string): Promise<unknown> {
  for (;;) {
    const index = heard.findIndex((entry) => entry.name === name);
    if (index >= 0) return heard.splice(index, 1)[0].what;
    await new Promise<void>((resolve) => (wake = resolve));
  }
}

@WebPubSubHub('chat')
@Injectable()
class MqttHub {
  @OnConnect()
  connect(request: ConnectRequest): ConnectResponse {
    const { mqtt } = request;
    hear('connect', { protocol: request.context.clientProtocol, ...mqtt });
    const password = Buffer.from(mqtt?.password ?? '', 'base64').toString();
    if (password === 'banned') throw new MqttConnectException(0x8a, 'go away', [{ name: 'until', value: 'noon' }]);
    if (password !== 'secret') throw new UnauthorizedException();
    return {
      userId: mqtt?.username,
      roles: ['webpubsub.sendToGroup.a'],
      groups: ['a'],
      mqtt: { userProperties: [{ name: 'hello', value: 'you' }] },
    };
  }

  @OnConnected()
  connected(request: { context: ConnectionContext }): void {
    hear('connected', request.context.mqtt);
  }

  @OnDisconnected()
  disconnected(request: DisconnectedRequest): void {
    hear('disconnected', request.mqtt);
  }

  @OnUserEvent('order')
  order(
    @EventData() order: { n: number },
    @Connection() connection: ConnectionContext,
    @States() states: ConnectionStates,
  ) {
    states.set('orders', Number(states.get('orders') ?? 0) + order.n);
    return { user: connection.userId, total: states.get('orders') };
  }

  @OnUserEvent('raw')
  raw(request: UserEventRequest<Buffer>): UserEventResponse {
    return new UserEventResponse(request.data, 'binary', {
      mqtt: {
        userProperties: request.mqtt?.userProperties.map(({ name, value }) => ({ name: `${name}-back`, value })),
      },
    });
  }
}

let emulator: WebPubSubEmulator;
let app: HubApp;

beforeEach(async () => {
  heard.length = 0;
  emulator = await startEmulator();
  app = await startHubApp({ providers: [MqttHub], options: { connectionString: emulator.connectionString } });
  emulator.setHub('chat', {
    eventHandlers: [
      {
        urlTemplate: `http://127.0.0.1:${app.port}/eventhandler`,
        userEventPattern: '*',
        systemEvents: ['connect', 'connected', 'disconnected'],
      },
    ],
  });
});

afterEach(async () => {
  await emulator.close();
  await app.close();
});

function connect(version: 4 | 5, password: string): Promise<RawMqttClient> {
  return RawMqttClient.connect(emulator, {
    version,
    connect: { username: 'ann', password: Buffer.from(password) },
  });
}

describe.each([4, 5] as const)('our library as upstream of an MQTT client of version %i', (version) => {
  it('judges user name and password, and makes the client what it says', async () => {
    const client = await connect(version, 'secret');
    expect(client.connack).toMatchObject(version === 5 ? { reasonCode: 0 } : { returnCode: 0 });
    expect({ ...client.connack?.properties?.userProperties }).toEqual(version === 5 ? { hello: 'you' } : {});
    expect(await nextHeard('connect')).toMatchObject({ protocol: 'mqtt', protocolVersion: version, username: 'ann' });
    expect(await nextHeard('connected')).toEqual({
      physicalConnectionId: expect.any(String),
      sessionId: expect.any(String),
    });
    client.publish({ topic: 'a', payload: 'hi' });
    expect(textOf(await client.next())).toBe('hi');
    await client.disconnect();
    expect(await nextHeard('disconnected')).toMatchObject({ initiatedByClient: true, disconnectPacket: { code: 0 } });
  });

  it('refuses with an HttpException or with a code of its own', async () => {
    const wrong = await connect(version, 'wrong');
    expect(wrong.connack).toMatchObject(version === 5 ? { reasonCode: 0x87 } : { returnCode: 5 });
    const { connack } = await connect(version, 'banned');
    // 0x8a is no code of 3.1.1; it becomes the one of the status 403.
    expect(connack).toMatchObject(
      version === 5 ? { reasonCode: 0x8a, properties: { reasonString: 'go away' } } : { returnCode: 5 },
    );
    expect({ ...connack?.properties?.userProperties }).toEqual(version === 5 ? { until: 'noon' } : {});
  });
});

it('answers events and keeps connection state', async () => {
  const client = await connect(5, 'secret');
  const topic = '$webpubsub/server/events/order';
  for (const total of [1, 2]) {
    client.publish({
      topic,
      payload: '{"n":1}',
      properties: { contentType: 'application/json', correlationData: Buffer.from([total]) },
    });
    const answer = await client.expect('publish');
    expect(answer.topic).toBe(`${topic}/succeeded`);
    expect(JSON.parse(textOf(answer))).toEqual({ user: 'ann', total });
    expect(answer.properties?.correlationData).toEqual(Buffer.from([total]));
  }
});

it('events of 3.1.1 are bytes', async () => {
  const client = await connect(4, 'secret');
  client.publish({ topic: '$webpubsub/server/events/raw', payload: 'x' });
  const answer = await client.expect('publish');
  expect([answer.topic, textOf(answer)]).toEqual(['$webpubsub/server/events/raw/succeeded', 'x']);
});

it('user properties pass both ways', async () => {
  const client = await connect(5, 'secret');
  client.publish({
    topic: '$webpubsub/server/events/raw',
    payload: Buffer.from([0, 255]),
    qos: 1,
    messageId: 1,
    properties: { userProperties: { x: 'y' } },
  });
  await client.expect('puback');
  const answer = await client.expect('publish');
  expect(answer.payload).toEqual(Buffer.from([0, 255]));
  expect({ ...answer.properties?.userProperties }).toEqual({ 'x-back': 'y', 'azure-status-code': '200' });
});

it('an event nobody handles fails with 404', async () => {
  const client = await connect(5, 'secret');
  client.publish({ topic: '$webpubsub/server/events/nothing' });
  const answer = await client.expect('publish');
  expect([answer.topic, { ...answer.properties?.userProperties }]).toEqual([
    '$webpubsub/server/events/nothing/failed',
    { 'azure-status-code': '404' },
  ]);
});
