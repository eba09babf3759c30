import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventHandlerSettings } from '../../../src/emulator/core/hub-settings.js';
import type { UpstreamInterceptor } from '../../../src/emulator/core/upstream-interceptor.js';
import { EventListeners, type ListenedEvent } from '../../../src/emulator/upstream/event-listeners.js';
import { linesOf, RecordingUpstream } from '../../support/record-upstream.js';
import {
  CONNECTION_ID,
  EMPTY_CONNECT,
  PRIMARY_KEY,
  SECONDARY_KEY,
  StartedRouter,
  type StartedRouterOptions,
} from '../../support/start-event-router.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TEXT = { kind: 'text', text: 'hi' } as const;
const SYSTEM_EVENTS = ['connect', 'connected', 'disconnected'] as const;

describe('events on their way upstream', () => {
  let upstream: RecordingUpstream;
  let started: StartedRouter;

  beforeEach(async () => {
    upstream = await RecordingUpstream.start();
  });

  afterEach(async () => {
    await started.close();
    await upstream.close();
  });

  function start(settings: Partial<EventHandlerSettings> = {}, options?: StartedRouterOptions) {
    const urlTemplate = `${upstream.url}/events/{hub}/{event}?code=s3cr3t`;
    const handler = { urlTemplate, userEventPattern: '*', systemEvents: SYSTEM_EVENTS, ...settings };
    started = new StartedRouter({ eventHandlers: [handler] }, options);
    return started;
  }

  it('carries every header of a connect event [upstream-events 4, 10]', async () => {
    const { router, connection } = bind(start({}, { accessKeys: { primary: PRIMARY_KEY, secondary: SECONDARY_KEY } }));
    const nora = connection(CONNECTION_ID, { userId: 'nora', subprotocol: 'json.webpubsub.azure.v1' });
    const details = { ...EMPTY_CONNECT, claims: { sub: ['nora'] }, subprotocols: ['json.webpubsub.azure.v1'] };
    await router.connect(nora, details);

    const request = await upstream.nextEvent();
    expect([request.method, request.url]).toEqual(['POST', '/events/chat/connect?code=s3cr3t']);
    expect(Object.fromEntries(pairsOf(request.rawHeaders))).toEqual({
      host: `127.0.0.1:${upstream.port}`,
      connection: 'keep-alive',
      'WebHook-Request-Origin': 'demo.webpubsub.azure.com',
      'Content-Type': 'application/json',
      'ce-specversion': '1.0',
      'ce-awpsversion': '1.0',
      'ce-type': 'azure.webpubsub.sys.connect',
      'ce-source': `/hubs/chat/client/${CONNECTION_ID}`,
      'ce-id': '0',
      'ce-time': '2026-03-04T05:06:07Z',
      'ce-connectionId': CONNECTION_ID,
      'ce-hub': 'chat',
      'ce-eventName': 'connect',
      'ce-signature':
        'sha256=478a67fa85535b5d5629acc4225eecd7b0b98cd33815aa6f7a6305d8aaf07d98,' +
        'sha256=7c3430fd74e3cef99f0d12ddc46abcf84bb172382c55761933b2704f428f5cc7',
      'ce-userId': 'nora',
      'x-ms-client-request-id': expect.stringMatching(UUID),
      'content-length': String(request.body.length),
    });
    expect(JSON.parse(request.body.toString())).toEqual(details);
  });

  it('names the negotiated subprotocol from connected on [upstream-events 4]', async () => {
    const { router, connection } = bind(start());
    const client = connection();
    await router.connect(client, EMPTY_CONNECT);
    client.subprotocol = 'json.webpubsub.azure.v1';
    router.connected(client);
    expect((await upstream.nextEvent()).headers).not.toHaveProperty('ce-subprotocol');
    expect((await upstream.nextEvent()).headers).toHaveProperty('ce-subprotocol', 'json.webpubsub.azure.v1');
  });

  it('numbers the events of a connection together, in the order in which upstream is called [upstream-events 4]', async () => {
    const { router, connection } = bind(start({ urlTemplate: `${upstream.url}/{event}` }));
    const client = connection();
    await router.connect(client, EMPTY_CONNECT);
    router.connected(client);
    await router.userEvent(client, { name: 'first', data: TEXT });
    await router.userEvent(client, { name: 'second', data: TEXT });
    router.disconnected(client, 'bye');
    const seen = new Map<unknown, unknown>();
    for (let count = 0; count < 5; count++) {
      const { headers } = await upstream.nextEvent();
      seen.set(headers['ce-eventname'], headers['ce-id']);
    }
    expect(Object.fromEntries(seen)).toEqual({
      connect: '0',
      connected: '1',
      first: '2',
      second: '3',
      disconnected: '4',
    });
  });

  it('keeps 0 for connect even if nobody takes it [upstream-events 4]', async () => {
    const { router, connection } = bind(start({ systemEvents: [] }));
    const client = connection();
    expect(await router.connect(client, EMPTY_CONNECT)).toEqual({ kind: 'accepted' });
    router.connected(client);
    await router.userEvent(client, { name: 'message', data: TEXT });
    expect((await upstream.nextEvent()).headers['ce-id']).toBe('2');
  });

  it('sends an event only when those raised before it have been sent, whoever waits for a validation', async () => {
    const slow = await RecordingUpstream.start();
    let allow = (): void => {};
    slow.onValidation = () =>
      new Promise((resolve) => (allow = () => resolve({ headers: { 'WebHook-Allowed-Origin': '*' } })));
    const sent: unknown[] = [];
    const interceptor: UpstreamInterceptor = ({ purpose, request }, send) => {
      if (purpose === 'event') sent.push(request.headers['ce-id']);
      return send();
    };
    const { router, hub, connection } = bind(start({}, { interceptor }));
    hub.settings = {
      eventHandlers: [
        { urlTemplate: `${slow.url}/slow`, systemEvents: ['connected'] },
        { urlTemplate: `${upstream.url}/fast`, userEventPattern: '*' },
      ],
    };
    const client = connection();
    router.connected(client);
    const event = router.userEvent(client, { name: 'message', data: TEXT });
    await Promise.all([slow.nextValidation(), upstream.nextValidation()]);
    expect(sent).toEqual([]);
    allow();
    await event;
    expect(sent).toEqual(['0', '1']);
    await slow.close();
  });

  it.each([
    ['Zoë', '5a6fc3ab'],
    ['李雷', 'e69d8ee99bb7'],
    ['👋', 'f09f918b'],
  ])('sends the user id %s as UTF-8 bytes [upstream-events 4.2]', async (userId, hex) => {
    const { router, connection } = bind(start());
    await router.userEvent(connection('c1', { userId }), { name: 'message', data: TEXT });
    const { headers } = await upstream.nextEvent();
    expect(Buffer.from(headers['ce-userid'] as string, 'latin1').toString('hex')).toBe(hex);
  });

  it.each([
    ['a state', { state: 'Zoë' }, {}, /ce-connectionState/],
    ['a subprotocol', { subprotocol: 'zoë' }, {}, /ce-subprotocol/],
    ['metadata', {}, { metadata: { a: 'é' } }, /x-webpubsub-metadata-a/],
    ['a line break in metadata', {}, { metadata: { a: 'b\r\nc: d' } }, /x-webpubsub-metadata-a/],
  ])(
    'fails an event with %s that is not printable ASCII, without a second attempt [upstream-events 4.2]',
    async (_, fields, more, words) => {
      const { router, connection } = bind(start());
      const outcome = await router.userEvent(connection('c1', fields), { name: 'message', data: TEXT, ...more });
      expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringMatching(words) });
      expect(upstream.events).toEqual([]);
      expect(started.traffic.filter(({ request }) => request.method === 'POST')).toHaveLength(1);
    },
  );

  it('sends the ids of an MQTT connection, those of the session not on connect [upstream-events 6.6]', async () => {
    const { router, connection } = bind(start());
    const client = connection('device-1', { mqtt: { physicalConnectionId: 'p1', sessionId: 's1' } });
    await router.connect(client, { ...EMPTY_CONNECT, mqtt: { protocolVersion: 5 } });
    const connect = await upstream.nextEvent();
    expect(connect.headers).toMatchObject({
      'ce-subprotocol': 'mqtt',
      'ce-physicalconnectionid': 'p1',
      'ce-source': '/hubs/chat/client/device-1/p1',
    });
    expect(connect.headers).not.toHaveProperty('ce-sessionid');

    client.mqtt = { physicalConnectionId: 'p2', sessionId: 's1' };
    const userProperties = [
      { name: 'unit', value: 'C' },
      { name: 'unit', value: 'F' },
    ];
    const data = { kind: 'binary', bytes: Buffer.from('21') } as const;
    await router.userEvent(client, { name: 'measured', data, mqtt: { contentType: 'text/csv', userProperties } });
    const event = await upstream.nextEvent();
    expect(event.headers).toMatchObject({
      'content-type': 'text/csv',
      'ce-sessionid': 's1',
      'ce-source': '/hubs/chat/client/device-1/p2',
    });
    expect(linesOf(event, 'mqtt-unit')).toEqual(['C', 'F']);
  });

  it('sends group events to a handler that takes them; they count only then [upstream-events 6.5]', async () => {
    const { router, connection, hub } = bind(start());
    const client = connection();
    await router.connect(client, EMPTY_CONNECT);
    await upstream.nextEvent();
    router.groupJoined(client, 'lobby');
    const [handler] = hub.settings.eventHandlers!;
    hub.settings = { eventHandlers: [{ ...handler, systemEvents: ['joined', 'left'] }] };
    router.groupJoined(client, 'räume/1');
    router.groupLeft(client, 'räume/1');
    const events = [await upstream.nextEvent(), await upstream.nextEvent()];
    events.sort((a, b) => Number(a.headers['ce-id']) - Number(b.headers['ce-id']));
    expect(
      events.map(({ url, headers, body }) => [url, headers['ce-type'], headers['ce-id'], body.toString()]),
    ).toEqual([
      ['/events/chat/joined?code=s3cr3t', 'azure.webpubsub.gp.joined', '1', '{"group":"räume/1"}'],
      ['/events/chat/left?code=s3cr3t', 'azure.webpubsub.gp.left', '2', '{"group":"räume/1"}'],
    ]);
  });

  describe('connection state [upstream-events 5]', () => {
    it.each<[string, object, string | undefined, string | undefined]>([
      ['replaces it', { status: 200, headers: { 'ce-connectionState': 'new' } }, 'old', 'new'],
      ['keeps it when the header is absent', { status: 204 }, 'old', 'old'],
      ['empties it', { status: 204, headers: { 'ce-connectionState': '' } }, 'old', ''],
      ['takes the last of several', { status: 204, headers: { 'ce-connectionState': ['a', 'b'] } }, undefined, 'b'],
      ['ignores that of a refusal', { status: 400, headers: { 'ce-connectionState': 'new' } }, 'old', 'old'],
    ])('%s', async (_, answer, before, after) => {
      upstream.onEvent = () => answer;
      const { router, connection } = bind(start());
      const client = connection('c1', before === undefined ? {} : { state: before });
      await router.userEvent(client, { name: 'message', data: TEXT });
      expect(client.state).toBe(after);
      upstream.onEvent = () => ({ status: 204 });
      await router.userEvent(client, { name: 'message', data: TEXT });
      await upstream.nextEvent();
      expect((await upstream.nextEvent()).headers['ce-connectionstate']).toBe(after);
    });

    it('ignores what answers to other events say', async () => {
      upstream.onEvent = () => ({ headers: { 'ce-connectionState': 'new' } });
      const { router, connection } = bind(start());
      const client = connection();
      router.connected(client);
      await router.idle();
      expect(upstream.events).toHaveLength(1);
      expect(client.state).toBeUndefined();
    });
  });

  describe('cookies [upstream-events 4.3]', () => {
    it('come back on later events of that connection, not of another', async () => {
      upstream.onEvent = () => ({
        status: 204,
        headers: { 'Set-Cookie': ['affinity=7; Path=/', 'bad; Domain=x.example'] },
      });
      const { router, connection } = bind(start());
      const [ann, bob] = [connection('ann'), connection('bob')];
      await router.connect(ann, EMPTY_CONNECT);
      await router.userEvent(ann, { name: 'message', data: TEXT });
      await router.connect(bob, EMPTY_CONNECT);
      expect((await upstream.nextEvent()).headers).not.toHaveProperty('cookie');
      expect((await upstream.nextEvent()).headers).toHaveProperty('cookie', 'affinity=7');
      expect((await upstream.nextEvent()).headers).not.toHaveProperty('cookie');
      expect(upstream.validations.every(({ headers }) => headers.cookie === undefined)).toBe(true);
      expect(started.warnings.filter((warning) => warning.includes('cookie')).length).toBeGreaterThan(0);
    });

    it('of a refusal are not kept', async () => {
      upstream.onEvent = () => ({ status: 400, headers: { 'Set-Cookie': 'affinity=7; Path=/' } });
      const { router, connection } = bind(start());
      const client = connection();
      await router.userEvent(client, { name: 'message', data: TEXT });
      await router.userEvent(client, { name: 'message', data: TEXT });
      await upstream.nextEvent();
      expect((await upstream.nextEvent()).headers).not.toHaveProperty('cookie');
    });
  });

  describe('routing [upstream-events 1]', () => {
    it('gives an event to the first handler that takes it, even if that fails', async () => {
      upstream.onEvent = ({ url }) => ({ status: url === '/first' ? 400 : 204 });
      const { router, connection, hub } = bind(start());
      hub.settings = {
        eventHandlers: [
          { urlTemplate: `${upstream.url}/none` },
          { urlTemplate: `${upstream.url}/first`, userEventPattern: 'JOIN, leave' },
          { urlTemplate: `${upstream.url}/second`, userEventPattern: '*' },
        ],
      };
      const client = connection();
      expect(await router.userEvent(client, { name: 'join', data: TEXT })).toMatchObject({
        kind: 'failed',
        status: 400,
      });
      expect(await router.userEvent(client, { name: 'vote', data: TEXT })).toMatchObject({ kind: 'handled' });
      expect(upstream.events.map(({ url }) => url)).toEqual(['/first', '/second']);
    });

    it('follows new settings at once', async () => {
      const { router, connection, hub } = bind(start());
      hub.settings = { eventHandlers: [{ urlTemplate: `${upstream.url}/new`, userEventPattern: '*' }] };
      await router.userEvent(connection(), { name: 'message', data: TEXT });
      expect((await upstream.nextEvent()).url).toBe('/new');
    });

    it('fails a user event that nobody takes, and says how to take it', async () => {
      const { router, connection } = bind(start({ userEventPattern: 'join' }));
      expect(await router.userEvent(connection(), { name: 'vote', data: TEXT })).toEqual({
        kind: 'failed',
        reason: expect.stringMatching(/hub "chat".*"vote".*userEventPattern/),
      });
    });

    it.each(['1st', 'a b', '', 'a/b', 'é', `a${'b'.repeat(128)}`])(
      'fails the event name %j, which is none',
      async (name) => {
        const { router, connection } = bind(start());
        expect(await router.userEvent(connection(), { name, data: TEXT })).toMatchObject({ kind: 'failed' });
        expect(upstream.requests).toEqual([]);
      },
    );

    it.each([
      ['a template that is broken', 'http://{hub}.example', /placeholder in the host/],
      ['a tunnel that nobody carries', 'tunnel:///events', /tunnels are not open/],
      ['a Key Vault reference', 'http://a.example/{@Microsoft.KeyVault(SecretUri=https://v)}', /Key Vault/],
    ])('fails events for %s, in the traffic record too', async (_, urlTemplate, words) => {
      const { router, connection } = bind(start({ urlTemplate }));
      const reason = expect.stringMatching(words);
      expect(await router.connect(connection(), EMPTY_CONNECT)).toEqual({ kind: 'refused', status: 500, reason });
      expect(started.traffic).toMatchObject([{ attempt: 0, eventName: 'connect', failure: reason }]);
      expect(started.warnings).toHaveLength(1);
    });
  });

  describe('listeners [upstream-events 1]', () => {
    it('make a user event succeed that no handler takes, without a reply', async () => {
      const listeners = new EventListeners();
      const heard: ListenedEvent[] = [];
      listeners.on('*', (event) => heard.push(event));
      const { router, connection } = bind(start({ userEventPattern: '' }, { listeners }));
      expect(await router.userEvent(connection(), { name: 'vote', data: TEXT })).toEqual({ kind: 'handled' });
      expect(heard).toMatchObject([
        { kind: 'user', data: TEXT, context: { eventName: 'vote', eventId: '0', hub: 'chat' } },
      ]);
    });

    it('hear the event before the handler does, and never connect', async () => {
      const listeners = new EventListeners();
      const order: string[] = [];
      upstream.onEvent = ({ headers }) => void order.push(`handler ${String(headers['ce-eventname'])}`);
      for (const name of ['*', 'connected', 'disconnected', 'connect']) {
        listeners.on(name, ({ context }) => order.push(`listener ${context.eventName}`));
      }
      const { router, connection } = bind(start({}, { listeners }));
      const client = connection();
      await router.connect(client, EMPTY_CONNECT);
      await router.userEvent(client, { name: 'vote', data: TEXT });
      expect(order).toEqual(['handler connect', 'listener vote', 'handler vote']);
    });
  });
});

/** The members of a started router, free to be called alone. */
function bind(started: StartedRouter) {
  return { router: started.router, hub: started.hub, connection: started.connection.bind(started) };
}

function* pairsOf(rawHeaders: readonly string[]): Generator<[string, string]> {
  for (let index = 0; index < rawHeaders.length; index += 2) yield [rawHeaders[index], rawHeaders[index + 1]];
}
