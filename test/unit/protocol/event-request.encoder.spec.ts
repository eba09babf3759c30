import { describe, expect, it } from '@jest/globals';
import type { EventContext, HubEvent } from '../../../src/protocol/cloud-event.js';
import { encodeEventRequest, formatEventTime } from '../../../src/protocol/event-request.encoder.js';
import type { MessageData } from '../../../src/protocol/message-data.js';

const context: EventContext = {
  hub: 'chat',
  connectionId: 'c1',
  eventName: 'connect',
  eventId: '0',
  source: '/hubs/chat/client/c1',
  time: new Date('2026-03-04T05:06:07.890Z'),
  origins: ['demo.webpubsub.azure.com'],
};

const connect: HubEvent = {
  kind: 'connect',
  context,
  claims: { sub: ['nora'] },
  query: { lang: ['en'] },
  headers: { Origin: ['https://app.contoso.example'] },
  subprotocols: ['json.webpubsub.azure.v1'],
  clientCertificates: [],
};

function userEvent(fields: Partial<Extract<HubEvent, { kind: 'user' }>>, more: Partial<EventContext> = {}): HubEvent {
  const data: MessageData = { kind: 'text', text: 'hi' };
  return { kind: 'user', context: { ...context, eventName: 'vote', ...more }, data, metadata: {}, ...fields };
}

function textOf(event: HubEvent): string {
  return Buffer.from(encodeEventRequest(event).body).toString();
}

describe('encodeEventRequest', () => {
  it('writes the headers of a connect event, in the spelling of the service [upstream-events 4, 10]', () => {
    const { method, headers } = encodeEventRequest(connect, 'sha256=00');
    expect({ method, headers }).toEqual({
      method: 'POST',
      headers: {
        'WebHook-Request-Origin': 'demo.webpubsub.azure.com',
        'Content-Type': 'application/json',
        'ce-specversion': '1.0',
        'ce-awpsversion': '1.0',
        'ce-type': 'azure.webpubsub.sys.connect',
        'ce-source': '/hubs/chat/client/c1',
        'ce-id': '0',
        'ce-time': '2026-03-04T05:06:07Z',
        'ce-connectionId': 'c1',
        'ce-hub': 'chat',
        'ce-eventName': 'connect',
        'ce-signature': 'sha256=00',
      },
    });
  });

  it('joins several origins with a comma and a blank [upstream-events 3]', () => {
    const { headers } = encodeEventRequest({
      ...connect,
      context: { ...context, origins: ['a.example', 'b.example'] },
    });
    expect(headers['WebHook-Request-Origin']).toBe('a.example, b.example');
  });

  it.each<[string, Partial<EventContext>, Record<string, string | undefined>]>([
    ['a user id', { userId: 'Zoë' }, { 'ce-userId': 'Zoë' }],
    ['no header for an empty user id', { userId: '' }, { 'ce-userId': undefined }],
    ['the subprotocol', { subprotocol: 'json.webpubsub.azure.v1' }, { 'ce-subprotocol': 'json.webpubsub.azure.v1' }],
    ['the state', { state: 'abc' }, { 'ce-connectionState': 'abc' }],
    ['an empty state as an empty header', { state: '' }, { 'ce-connectionState': '' }],
    ['no state when there is none', {}, { 'ce-connectionState': undefined, 'ce-sessionId': undefined }],
    [
      'the ids of an MQTT connection',
      { mqtt: { physicalConnectionId: 'p1', sessionId: 's1' }, subprotocol: 'mqtt' },
      { 'ce-physicalConnectionId': 'p1', 'ce-sessionId': 's1', 'ce-subprotocol': 'mqtt' },
    ],
  ])('writes %s [upstream-events 4, 5]', (_, more, expected) => {
    const { headers } = encodeEventRequest(userEvent({}, more));
    for (const [name, value] of Object.entries(expected)) expect(headers[name]).toBe(value);
  });

  it.each<[string, HubEvent, string]>([
    ['connected', { kind: 'connected', context }, 'azure.webpubsub.sys.connected'],
    ['disconnected', { kind: 'disconnected', context }, 'azure.webpubsub.sys.disconnected'],
    ['joined', { kind: 'joined', context, group: 'g' }, 'azure.webpubsub.gp.joined'],
    ['left', { kind: 'left', context, group: 'g' }, 'azure.webpubsub.gp.left'],
    ['a user event called connect', userEvent({}, { eventName: 'connect' }), 'azure.webpubsub.user.connect'],
  ])('names the type of %s [upstream-events 4]', (_, event, type) => {
    expect(encodeEventRequest(event).headers['ce-type']).toBe(type);
  });

  it.each<[string, MessageData, string, string]>([
    ['text', { kind: 'text', text: 'Grüße' }, 'text/plain; charset=utf-8', 'Grüße'],
    ['JSON as it came', { kind: 'json', json: '{"n":1.0}' }, 'application/json', '{"n":1.0}'],
    ['binary', { kind: 'binary', bytes: Buffer.from('ab') }, 'application/octet-stream', 'ab'],
    ['protobuf', { kind: 'protobuf', bytes: Buffer.from('any') }, 'application/x-protobuf', 'any'],
  ])('sends %s [upstream-events 4.1]', (_, data, contentType, body) => {
    const event = userEvent({ data });
    expect(encodeEventRequest(event).headers['Content-Type']).toBe(contentType);
    expect(textOf(event)).toBe(body);
  });

  it.each<[string, HubEvent, unknown]>([
    [
      'connect',
      connect,
      {
        claims: { sub: ['nora'] },
        query: { lang: ['en'] },
        headers: { Origin: ['https://app.contoso.example'] },
        subprotocols: ['json.webpubsub.azure.v1'],
        clientCertificates: [],
      },
    ],
    ['connected', { kind: 'connected', context }, {}],
    ['disconnected with a reason', { kind: 'disconnected', context, reason: 'bye' }, { reason: 'bye' }],
    ['disconnected without a reason', { kind: 'disconnected', context }, { reason: null }],
    [
      'disconnected of an MQTT session that just ended',
      { kind: 'disconnected', context, mqtt: { initiatedByClient: false } },
      { reason: null, mqtt: { initiatedByClient: false, disconnectPacket: null } },
    ],
    [
      'disconnected of an MQTT client that said so',
      { kind: 'disconnected', context, mqtt: { initiatedByClient: true, disconnectPacket: { code: 0 } } },
      { reason: null, mqtt: { initiatedByClient: true, disconnectPacket: { code: 0, userProperties: null } } },
    ],
    ['joined', { kind: 'joined', context, group: 'räume/1' }, { group: 'räume/1' }],
  ])('writes the body of %s [upstream-events 6]', (_, event, body) => {
    expect(JSON.parse(textOf(event))).toEqual(body);
  });

  it('writes what an MQTT client said on connecting [upstream-events 6.6]', () => {
    const event: HubEvent = { ...connect, mqtt: { protocolVersion: 5, cleanStart: true, username: 'nora' } };
    expect(JSON.parse(textOf(event))).toMatchObject({
      mqtt: { protocolVersion: 5, cleanStart: true, username: 'nora', password: null, userProperties: null },
    });
  });

  it('lowers the case of metadata keys, and the last of two that differ in case counts [upstream-events 4]', () => {
    const { headers } = encodeEventRequest(userEvent({ metadata: { Trace: 'a', trace: 'b', 'X-Y': 'c, d' } }));
    expect(headers).toMatchObject({ 'x-webpubsub-metadata-trace': 'b', 'x-webpubsub-metadata-x-y': 'c, d' });
  });

  it('sends MQTT user properties as headers, repeated ones on lines of their own [upstream-events 6.6]', () => {
    const userProperties = [
      { name: 'a', value: '1' },
      { name: 'B', value: '2' },
      { name: 'a', value: '3' },
    ];
    const { headers } = encodeEventRequest(userEvent({ mqtt: { contentType: 'text/csv', userProperties } }));
    expect(headers).toMatchObject({ 'Content-Type': 'text/csv', 'mqtt-a': ['1', '3'], 'mqtt-B': '2' });
  });

  it('calls an MQTT payload without a content type octet-stream [assumed]', () => {
    const { headers } = encodeEventRequest(userEvent({ mqtt: { userProperties: [] } }));
    expect(headers['Content-Type']).toBe('application/octet-stream');
  });
});

describe('formatEventTime', () => {
  it('drops fractions of a second', () => {
    expect(formatEventTime(new Date('2026-12-31T23:59:59.999Z'))).toBe('2026-12-31T23:59:59Z');
  });
});
