import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  ConnectedRequest,
  ConnectRequest,
  Connection,
  ConnectionContext,
  ConnectionStates,
  DisconnectedRequest,
  EventData,
  EventRequest,
  GroupJoinedRequest,
  GroupLeftRequest,
  OnConnect,
  OnConnected,
  OnDisconnected,
  OnGroupJoined,
  OnGroupLeft,
  OnMessage,
  OnUserEvent,
  States,
  UserEventRequest,
  WebPubSubHub,
} from '../../../src/index.js';
import { ATTACHMENTS, PLATFORMS, startHubApp, type HubApp } from '../../support/start-hub-app.js';

/** What handlers got, latest last. */
let seen: unknown[] = [];

@WebPubSubHub('chat')
class RecordingHub {
  @OnConnect()
  connect(request: ConnectRequest): void {
    seen.push(request);
  }

  @OnConnected()
  connected(request: ConnectedRequest): void {
    seen.push(request);
  }

  @OnDisconnected()
  disconnected(request: DisconnectedRequest): void {
    seen.push(request);
  }

  @OnGroupJoined()
  joined(request: GroupJoinedRequest): void {
    seen.push(request);
  }

  @OnGroupLeft()
  left(request: GroupLeftRequest): void {
    seen.push(request);
  }

  @OnMessage()
  message(request: UserEventRequest): void {
    seen.push(request);
  }

  @OnUserEvent('decorated')
  decorated(
    @EventData() data: unknown,
    @EventData('room') room: unknown,
    @Connection() connection: ConnectionContext,
    @Connection('userId') userId: string | undefined,
    @States() states: ConnectionStates,
    @States('room') stored: unknown,
    @EventRequest() request: UserEventRequest,
  ): void {
    seen.push({ data, room, connection, userId, states, stored, request });
  }

  @OnUserEvent('*')
  other(request: UserEventRequest): void {
    seen.push(['*', request.context.eventName]);
  }
}

const stateHeader = (states: object) => Buffer.from(JSON.stringify(states)).toString('base64');

/** What Node shows of the UTF-8 bytes of a header. */
const utf8Header = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

const MQTT_HEADERS = {
  'ce-physicalconnectionid': 'phys-1',
  'ce-sessionid': 'session-1',
  'ce-subprotocol': 'mqtt',
};

describe.each(PLATFORMS)('events on %s', (platform) => {
  describe.each(ATTACHMENTS)('attached at the %s', (attach) => {
    let app: HubApp;
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
    const last = <T>() => seen.at(-1) as T;

    beforeAll(async () => {
      app = await startHubApp({ platform, providers: [RecordingHub], options: { attach } });
    });
    beforeEach(() => {
      seen = [];
    });
    afterAll(() => app.close());

    it('hands out the context of every event [upstream-events 4]', async () => {
      await app.sendEvent({
        type: 'user.message',
        headers: {
          'ce-userid': utf8Header('Zoë 李'),
          'ce-id': '7',
          'ce-subprotocol': 'json.webpubsub.azure.v1',
          'ce-connectionstate': stateHeader({ room: 'blue' }),
          'webhook-request-origin': 'Demo.webpubsub.azure.com, other.webpubsub.azure.com',
        },
      });
      const { context } = last<UserEventRequest>();
      expect(context).toBeInstanceOf(ConnectionContext);
      expect(context).toMatchObject({
        hub: 'chat',
        connectionId: 'conn-1',
        userId: 'Zoë 李',
        eventName: 'message',
        eventId: '7',
        time: new Date('2026-03-04T05:06:07Z'),
        subprotocol: 'json.webpubsub.azure.v1',
        origins: ['demo.webpubsub.azure.com', 'other.webpubsub.azure.com'],
        clientProtocol: 'default',
      });
      expect(context.mqtt).toBeUndefined();
      expect(context.states.toJSON()).toEqual({ room: 'blue' });
    });

    it('has no user id for anonymous clients', async () => {
      await app.sendEvent({ type: 'user.message' });
      expect(last<UserEventRequest>().context.userId).toBeUndefined();
    });

    it('hands out a connect [upstream-events 6.1]', async () => {
      const body = {
        claims: { sub: ['ann'], tenant: ['acme', 'other'] },
        query: { lang: ['en'] },
        headers: { Origin: ['https://app.contoso.example'] },
        subprotocols: ['json.webpubsub.azure.v1'],
        clientCertificates: [
          { thumbprint: 'AB', content: 'PEM' },
          { thumbprint: 'CD', content: null },
        ],
      };
      const response = await app.sendEvent({ type: 'sys.connect', body: JSON.stringify(body) });
      expect(response.status).toBe(204);
      expect(last()).toBeInstanceOf(ConnectRequest);
      expect(last()).toMatchObject({
        ...body,
        clientCertificates: [{ thumbprint: 'AB', content: 'PEM' }, { thumbprint: 'CD' }],
      });
    });

    it('fills in what a connect does not say', async () => {
      await app.sendEvent({
        type: 'sys.connect',
        body: '{"claims":null,"query":{"a":"1","b":[2,"3"]},"subprotocols":null}',
      });
      expect(last()).toMatchObject({
        claims: {},
        query: { a: ['1'], b: ['3'] },
        headers: {},
        subprotocols: [],
        clientCertificates: [],
        mqtt: undefined,
      });
    });

    it('lets no name become a prototype', async () => {
      await app.sendEvent({
        type: 'sys.connect',
        body: '{"claims":{"__proto__":["x"],"a":["b"]},"query":{"__proto__":{"polluted":"yes"}},"headers":{"constructor":["c"]}}',
      });
      const { claims, query, headers } = last<ConnectRequest>();
      expect([Object.keys(claims), Object.keys(query), headers['constructor']]).toEqual([['a'], [], ['c']]);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      expect(Object.getPrototypeOf(query)).toBe(Object.prototype);
    });

    it('hands out connected, disconnected and group events [upstream-events 6.2, 6.5]', async () => {
      expect((await app.sendEvent({ type: 'sys.connected' })).status).toBe(204);
      expect(last()).toBeInstanceOf(ConnectedRequest);
      expect((await app.sendEvent({ type: 'sys.disconnected', body: '{"reason":"bye"}' })).status).toBe(204);
      expect(last()).toBeInstanceOf(DisconnectedRequest);
      expect(last()).toMatchObject({ reason: 'bye' });
      await app.sendEvent({ type: 'sys.disconnected', body: '{"reason":null}' });
      expect(last<DisconnectedRequest>().reason).toBeUndefined();
      expect((await app.sendEvent({ type: 'gp.joined', body: '{"group":"news"}' })).status).toBe(204);
      expect(last()).toBeInstanceOf(GroupJoinedRequest);
      expect(last()).toMatchObject({ group: 'news' });
      expect((await app.sendEvent({ type: 'gp.left', body: '{"group":"news"}' })).status).toBe(204);
      expect(last()).toBeInstanceOf(GroupLeftRequest);
    });

    it.each([
      ['text/plain; charset=utf-8', 'grüße 李', 'text', 'grüße 李'],
      ['text/plain', '', 'text', ''],
      ['text/plain', '{"a":1}', 'text', '{"a":1}'],
      ['application/json', '{"a":[1,null]}', 'json', { a: [1, null] }],
      ['application/json; charset=utf-8', '"hi"', 'json', 'hi'],
      ['application/json', 'null', 'json', null],
      ['application/json', '42', 'json', 42],
      ['application/json', 'false', 'json', false],
      ['application/json', ' [ ] ', 'json', []],
      ['application/octet-stream', Buffer.from([0, 255, 13, 10]), 'binary', Buffer.from([0, 255, 13, 10])],
      ['application/octet-stream', '', 'binary', Buffer.alloc(0)],
      ['application/x-protobuf', Buffer.from([10, 1, 97]), 'protobuf', Buffer.from([10, 1, 97])],
    ])('reads %s with the body %j as %s [upstream-events 4.1]', async (contentType, body, dataType, data) => {
      const response = await app.sendEvent({ type: 'user.message', contentType, body });
      expect(response.status).toBe(204);
      expect(last()).toMatchObject({ dataType, data });
      expect(Buffer.isBuffer(last<UserEventRequest>().data)).toBe(Buffer.isBuffer(data));
    });

    it('reads a JSON body of a mebibyte', async () => {
      const text = 'x'.repeat(1_000_000);
      await app.sendEvent({ type: 'user.message', contentType: 'application/json', body: JSON.stringify({ text }) });
      expect(last()).toMatchObject({ data: { text } });
    });

    it('reads a body that comes in chunks', async () => {
      await app.sendEvent({ type: 'user.message', body: 'in chunks', headers: { 'transfer-encoding': 'chunked' } });
      expect(last()).toMatchObject({ data: 'in chunks' });
    });

    it('hands out the metadata of a message [upstream-events 4]', async () => {
      await app.sendEvent({
        type: 'user.message',
        headers: { 'X-WebPubSub-Metadata-Trace': 't-42, and more', 'x-webpubsub-metadata-__proto__': 'x' },
      });
      expect(last<UserEventRequest>().metadata).toEqual({ trace: 't-42, and more' });
    });

    it('fills decorated parameters', async () => {
      await app.sendEvent({
        type: 'user.decorated',
        contentType: 'application/json',
        body: '{"room":"red"}',
        headers: { 'ce-userid': 'ann', 'ce-connectionstate': stateHeader({ room: 'blue' }) },
      });
      const { data, room, connection, userId, states, stored, request } = last<Record<string, unknown>>();
      expect([data, room, userId, stored]).toEqual([{ room: 'red' }, 'red', 'ann', 'blue']);
      expect(connection).toBeInstanceOf(ConnectionContext);
      expect(states).toBeInstanceOf(ConnectionStates);
      expect(request).toBeInstanceOf(UserEventRequest);
    });

    it('calls the handler of the exact name first, in any case, and the one of * last', async () => {
      await app.sendEvent({ type: 'user.MESSAGE' });
      expect(last()).toBeInstanceOf(UserEventRequest);
      await app.sendEvent({ type: 'user.somethingElse' });
      expect(last()).toEqual(['*', 'somethingElse']);
    });

    it.each(['connect', 'connected', 'disconnected', 'joined'])(
      'never takes a user event called %s for the system event [upstream-events 11.7]',
      async (name) => {
        await app.sendEvent({ type: `user.${name}` });
        expect(last()).toEqual(['*', name]);
      },
    );

    describe('of MQTT clients [upstream-events 6.6]', () => {
      it('hands out a connect', async () => {
        const mqtt = {
          protocolVersion: 5,
          cleanStart: true,
          username: 'ann',
          password: 'c2VjcmV0',
          userProperties: [{ name: 'a', value: '1' }],
        };
        await app.sendEvent({
          type: 'sys.connect',
          headers: { ...MQTT_HEADERS, 'ce-sessionid': undefined },
          body: JSON.stringify({ claims: {}, mqtt }),
        });
        const { context, mqtt: received } = last<ConnectRequest>();
        expect(received).toEqual(mqtt);
        expect(context).toMatchObject({
          clientProtocol: 'mqtt',
          subprotocol: 'mqtt',
          mqtt: { physicalConnectionId: 'phys-1' },
        });
        expect(context.mqtt!.sessionId).toBeUndefined();
      });

      it('leaves out what a connect has as null', async () => {
        const mqtt = { protocolVersion: 4, cleanStart: false, username: null, password: null, userProperties: null };
        await app.sendEvent({ type: 'sys.connect', headers: MQTT_HEADERS, body: JSON.stringify({ mqtt }) });
        expect(last<ConnectRequest>().mqtt).toEqual({ protocolVersion: 4, cleanStart: false });
      });

      it('hands out a disconnected', async () => {
        const mqtt = {
          initiatedByClient: true,
          disconnectPacket: { code: 4, userProperties: [{ name: 'a', value: 'b' }] },
        };
        await app.sendEvent({
          type: 'sys.disconnected',
          headers: MQTT_HEADERS,
          body: JSON.stringify({ reason: null, mqtt }),
        });
        expect(last<DisconnectedRequest>()).toMatchObject({ mqtt, context: { mqtt: { sessionId: 'session-1' } } });
        await app.sendEvent({
          type: 'sys.disconnected',
          headers: MQTT_HEADERS,
          body: '{"mqtt":{"initiatedByClient":false,"disconnectPacket":null}}',
        });
        expect(last<DisconnectedRequest>().mqtt).toEqual({ initiatedByClient: false });
      });

      it('hands out the user properties of a user event, in their case and order', async () => {
        await app.sendEvent({
          type: 'user.message',
          headers: { ...MQTT_HEADERS, 'mqtt-Trace': ['1', '2'], 'mqtt-name': utf8Header('Zoë') },
        });
        expect(last<UserEventRequest>().mqtt).toEqual({
          contentType: 'text/plain; charset=utf-8',
          userProperties: [
            { name: 'Trace', value: '1' },
            { name: 'Trace', value: '2' },
            { name: 'name', value: 'Zoë' },
          ],
        });
      });

      it('reads payloads of other content types, or of none, as bytes', async () => {
        for (const contentType of ['application/cbor', undefined]) {
          await app.sendEvent({
            type: 'user.message',
            body: Buffer.from([1, 2]),
            headers: { ...MQTT_HEADERS, 'content-type': contentType },
          });
          expect(last()).toMatchObject({ dataType: 'binary', data: Buffer.from([1, 2]) });
        }
      });
    });
  });
});

describe('events, while an application is tested with fake timers', () => {
  it.each(ATTACHMENTS)('are answered, attached at the %s', async (attach) => {
    const app = await startHubApp({ options: { attach }, providers: [RecordingHub] });
    jest.useFakeTimers();
    try {
      expect((await app.sendEvent({ type: 'user.message' })).status).toBe(204);
    } finally {
      jest.useRealTimers();
      await app.close();
    }
  });
});
