import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceClients } from '../../../src/index.js';
import { ChatHub } from '../../guides/from-websocket-gateways/chat.hub.js';
import { startSensor } from '../../guides/from-websocket-gateways/sensor.client.js';
import { SensorHub } from '../../guides/from-websocket-gateways/sensor.hub.js';
import { startGuide, type StartedGuide } from '../../support/start-guide.js';

describe('the guide "From @nestjs/websockets gateways"', () => {
  let guide: StartedGuide;

  beforeAll(async () => {
    guide = await startGuide({ providers: [ChatHub, SensorHub] });
  });

  afterAll(async () => {
    await guide.close();
  });

  it('ends with a hub class whose rooms hear of who joins', async () => {
    const { service } = guide;
    const ann = await service.client('chat', { userId: 'ann' });
    await ann.client.sendEvent('join', { room: 'blue' }, 'json');
    await service.idle();
    expect(ann.received.map(({ data }) => data)).toEqual([{ joined: 'ann' }, { room: 'blue' }]);
    const bob = await service.client('chat', { userId: 'bob' });
    await bob.client.sendEvent('join', { room: 'blue' }, 'json');
    await service.idle();
    expect(ann.received.at(-1)).toMatchObject({ group: 'blue', data: { joined: 'bob' } });
  });

  it('refuses who has not signed in', async () => {
    await expect(guide.service.client('chat')).rejects.toThrow('401');
  });

  it('shows an MQTT client that sends an event, hears what its handler returned, and hears its group', async () => {
    const clients = guide.application.get(ServiceClients);
    const { url } = await clients.clientAccess('sensors', {
      userId: 'roof',
      roles: ['webpubsub.joinLeaveGroup'],
      clientProtocol: 'mqtt',
    });
    const heard: [topic: string, payload: string][] = [];
    const sensor = await startSensor(url, (topic, payload) => heard.push([topic, payload]));
    try {
      await guide.service.idle();
      await clients.for('sensors').group('alarms').sendToAll({ alarm: 'fire' });
      await guide.service.idle();
      expect(heard).toEqual([
        ['$webpubsub/server/events/temperature/succeeded', '{"isFrost":true}'],
        ['alarms', '{"alarm":"fire"}'],
      ]);
    } finally {
      await sensor.endAsync();
    }
  });
});
