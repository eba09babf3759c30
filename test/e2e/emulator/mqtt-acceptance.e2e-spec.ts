import { beforeEach, describe, expect, it } from '@jest/globals';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import mqtt from 'mqtt';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { connectJsonClient } from '../../support/connect-client.js';
import { ALL_ROLES, connectNpmMqtt, NpmMqttClient } from '../../support/mqtt-client.js';
import { RecordingUpstream } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

/** The checks of [client-mqtt 10], with the `mqtt` client of npm. */

let emulator: WebPubSubEmulator;
let service: WebPubSubServiceClient;

beforeEach(async () => {
  emulator = await startEmulator();
  service = new WebPubSubServiceClient(emulator.connectionString, 'chat', { allowInsecureConnection: true });
});

it('the official service client makes the URL', async () => {
  const { url } = await service.getClientAccessToken({
    clientProtocol: 'mqtt',
    userId: 'ann',
    roles: ['webpubsub.joinLeaveGroup'],
    groups: ['a'],
  });
  const { client } = new NpmMqttClient(mqtt.connect(url, { protocolVersion: 5, clientId: 'a', reconnectPeriod: 0 }));
  await client.subscribeAsync('b');
  expect(await service.userExists('ann')).toBe(true);
  expect(await service.groupExists('a')).toBe(true);
});

const VERSIONS: [string, 4 | 5][] = [
  ['3.1.1', 4],
  ['5.0', 5],
];

describe.each(VERSIONS)('an MQTT %s client of npm', (_name, version) => {
  it('subscribes where its role allows, and nowhere else [check 1]', async () => {
    const { client } = await connectNpmMqtt(
      emulator,
      { version, roles: ['webpubsub.joinLeaveGroup.a'] },
      version === 5 ? { properties: { sessionExpiryInterval: 30 } } : {},
    );
    await expect(client.subscribeAsync('a', { qos: 1 })).resolves.toMatchObject([{ topic: 'a', qos: 1 }]);
    const refused = client.subscribeAsync('b', { qos: 1 });
    await expect(refused).rejects.toThrow(version === 5 ? 'Not authorized' : 'Unspecified error');
  });

  it('receives what a JSON client sends to its group [check 2]', async () => {
    const subscriber = await connectNpmMqtt(emulator, { version, roles: ALL_ROLES });
    await subscriber.client.subscribeAsync('a', { qos: 2 });
    const sender = await connectJsonClient(emulator, { roles: ALL_ROLES });
    sender.send({ type: 'sendToGroup', group: 'a', dataType: 'text', data: 'hello' });
    const { topic, payload, packet } = await subscriber.next();
    expect({ topic, payload, qos: packet.qos }).toEqual({ topic: 'a', payload: 'hello', qos: 1 });
    expect(packet.properties?.contentType).toBe(version === 5 ? 'text/plain' : undefined);
  });

  it('reaches a JSON client [check 3]', async () => {
    const receiver = await connectJsonClient(emulator, { groups: ['a'] });
    const { client } = await connectNpmMqtt(emulator, { version, userId: 'ann', roles: ALL_ROLES });
    await client.publishAsync('a', 'hello', { qos: 1 });
    expect(await receiver.next()).toEqual({
      type: 'message',
      from: 'group',
      group: 'a',
      fromUserId: 'ann',
      dataType: 'binary',
      data: Buffer.from('hello').toString('base64'),
    });
  });

  it('receives what REST sends to its user [check 4]', async () => {
    const receiver = await connectNpmMqtt(emulator, { version, userId: 'ann' });
    await service.sendToUser('ann', 'hello', { contentType: 'text/plain' });
    const { topic, payload, packet } = await receiver.next();
    expect({ topic, payload, qos: packet.qos }).toEqual({
      topic: '$webpubsub/server/messages',
      payload: 'hello',
      qos: 1,
    });
  });

  it('sends events and gets the answer [check 5]', async () => {
    const upstream = await RecordingUpstream.start(({ body }) => ({
      headers: { 'Content-Type': 'text/plain', 'mqtt-color': 'red' },
      body: `echo ${body.toString()}`,
    }));
    try {
      emulator.setHub('chat', { eventHandlers: [{ urlTemplate: `${upstream.url}/e`, userEventPattern: '*' }] });
      const sender = await connectNpmMqtt(emulator, { version });
      await sender.client.publishAsync('$webpubsub/server/events/greet', 'hi', {
        qos: 1,
        properties: { correlationData: Buffer.from('c1'), contentType: 'text/plain', userProperties: { n: 'v' } },
      });
      const { topic, payload, packet } = await sender.next();
      expect({ topic, payload, qos: packet.qos }).toEqual({
        topic: '$webpubsub/server/events/greet/succeeded',
        payload: 'echo hi',
        qos: 1,
      });
      const { headers } = upstream.events[0];
      expect([headers['mqtt-n'], headers['content-type']]).toEqual(
        version === 5 ? ['v', 'text/plain'] : [undefined, 'application/octet-stream'],
      );
      const { correlationData, contentType, userProperties } = packet.properties ?? {};
      expect({
        correlationData,
        contentType,
        color: userProperties?.['color'],
        status: userProperties?.['azure-status-code'],
      }).toEqual(
        version === 5
          ? { correlationData: Buffer.from('c1'), contentType: 'text/plain', color: 'red', status: '200' }
          : {},
      );
    } finally {
      await upstream.close();
    }
  });

  it('may not publish without a role: QoS 0 ends the connection, QoS 1 does not [check 6]', async () => {
    const publisher = await connectNpmMqtt(emulator, { version });
    const outcome = publisher.client.publishAsync('a', 'hello', { qos: 1 }).then(
      () => 'acknowledged',
      (error: { code: number }) => error.code,
    );
    expect(await outcome).toBe(version === 5 ? 0x87 : 'acknowledged');
    await publisher.client.publishAsync('a', 'hello', { qos: 0 });
    await publisher.closed;
  });

  it('takes up its session again, with what it missed and no second `connected` event [check 7]', async () => {
    const events: string[] = [];
    for (const name of ['connected', 'disconnected']) emulator.on(name, () => void events.push(name));
    const persistent = version === 5 ? { clean: false, properties: { sessionExpiryInterval: 30 } } : { clean: false };
    const before = await connectNpmMqtt(emulator, { version, roles: ALL_ROLES }, persistent);
    await before.client.subscribeAsync('a', { qos: 1 });
    await before.drop();
    const publisher = await connectNpmMqtt(emulator, { version, roles: ALL_ROLES }, { clientId: 'other' });
    await publisher.client.publishAsync('a', 'missed', { qos: 1 });
    const after = await connectNpmMqtt(emulator, { version, roles: ALL_ROLES }, persistent);
    expect((await after.connected).sessionPresent).toBe(true);
    expect(await after.next()).toMatchObject({ topic: 'a', payload: 'missed' });
    expect(events).toEqual(['connected', 'connected']);
  });
});
