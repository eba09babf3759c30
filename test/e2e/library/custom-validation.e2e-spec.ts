import { afterEach, describe, expect, it } from '@jest/globals';
import {
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
  ValidationPipe,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { IsString } from 'class-validator';
import {
  Connection,
  ConnectionContext,
  ConnectionStates,
  ConnectRequest,
  EventData,
  EventRequest,
  OnConnect,
  OnMessage,
  OnUserEvent,
  States,
  UserEventRequest,
  WebPubSubExecutionContext,
  WebPubSubHub,
} from '../../../src/index.js';
import { PLATFORMS, startHubApp, type HubApp } from '../../support/start-hub-app.js';

let app: HubApp;
afterEach(() => app.close());

class OrderDto {
  @IsString()
  item!: string;
}

class SignedIn {
  @IsString()
  userId!: string;
}

/** The types of its states; there is nothing else to it. */
class RoomStates extends ConnectionStates<{ room: string }> {}

const Caller = createParamDecorator((_data: unknown, host: ExecutionContext) =>
  WebPubSubExecutionContext.create(host).getConnection(),
);

const passOn: PipeTransform = { transform: (value: unknown) => value };

@WebPubSubHub('chat')
class OrderHub {
  @OnConnect()
  connect(@EventRequest() request: ConnectRequest, @States() states: ConnectionStates) {
    states.set('seen', 'yes');
    return { userId: `${request instanceof ConnectRequest} ${request.subprotocols.length}` };
  }

  @OnMessage()
  message(@EventData() order: OrderDto, @States() states: ConnectionStates, @Connection() context: ConnectionContext) {
    states.set('item', order.item);
    return `${order instanceof OrderDto} ${context instanceof ConnectionContext} ${context.userId}`;
  }

  @OnUserEvent('whole')
  whole(@EventRequest() request: UserEventRequest, @Caller() context: ConnectionContext) {
    return `${request instanceof UserEventRequest} ${context instanceof ConnectionContext}`;
  }

  @OnUserEvent('piped')
  piped(@States(passOn) states: RoomStates, @Connection('states') same: ConnectionStates) {
    states.set('room', 'blue');
    return `${states === same}`;
  }

  @OnUserEvent('plain')
  plain(request: UserEventRequest) {
    return `${request instanceof UserEventRequest}`;
  }

  @OnUserEvent('properties')
  properties(@Connection('userId') userId: string, @Connection('time') time: Date, @States('order') order: OrderDto) {
    return `${userId} ${time.getUTCFullYear()} ${order instanceof OrderDto}`;
  }

  @OnUserEvent('signed-in')
  signedIn(@Connection() { userId }: SignedIn) {
    return userId;
  }
}

const OPTIONS: [string, ValidationPipeOptions][] = [
  ['nothing else', {}],
  ['transform', { transform: true }],
  ['whitelist', { whitelist: true }],
  ['transform and whitelist', { transform: true, whitelist: true }],
  ['forbidNonWhitelisted', { whitelist: true, forbidNonWhitelisted: true }],
];

describe.each(PLATFORMS)('a global ValidationPipe with validateCustomDecorators, on %s', (platform) => {
  const begin = async (options: ValidationPipeOptions) => {
    const pipe = new ValidationPipe({ validateCustomDecorators: true, ...options });
    app = await startHubApp({ platform, providers: [OrderHub], configure: (host) => void host.useGlobalPipes(pipe) });
  };
  const order = (value: unknown) => ({
    contentType: 'application/json',
    body: JSON.stringify(value),
    headers: { 'ce-userid': 'ann' },
  });

  it.each(OPTIONS)('and %s hands over requests, connections and states as they are', async (_which, options) => {
    await begin(options);
    const connect = await app.sendEvent({ type: 'sys.connect' });
    expect([connect.status, connect.text]).toEqual([200, '{"userId":"true 0"}']);
    expect(connect.headers['ce-connectionstate']).toBeDefined();
    const message = await app.sendEvent({ type: 'user.message', ...order({ item: 'tea' }) });
    expect([message.status, message.text]).toEqual([200, `${options.transform === true} true ann`]);
    expect(message.headers['ce-connectionstate']).toBeDefined();
    expect((await app.sendEvent({ type: 'user.whole' })).text).toBe('true true');
    const piped = await app.sendEvent({ type: 'user.piped' });
    expect([piped.text, piped.headers['ce-connectionstate'] !== undefined]).toEqual(['true', true]);
    expect((await app.sendEvent({ type: 'user.plain' })).text).toBe('true');
  });

  it.each(OPTIONS)('and %s validates payloads', async (_which, options) => {
    await begin(options);
    const response = await app.sendEvent({ type: 'user.message', ...order({ item: 1 }) });
    expect([response.status, response.text]).toEqual([400, 'item must be a string']);
  });

  it("validates what has a class of the application's own as its type", async () => {
    await begin({ transform: true });
    expect((await app.sendEvent({ type: 'user.signed-in', ...order(1) })).text).toBe('ann');
    expect((await app.sendEvent({ type: 'user.signed-in' })).status).toBe(400);
    const states = (value: unknown) => ({
      'ce-userid': 'ann',
      'ce-connectionstate': Buffer.from(JSON.stringify({ order: value })).toString('base64'),
    });
    const valid = await app.sendEvent({ type: 'user.properties', headers: states({ item: 'tea' }) });
    expect([valid.status, valid.text]).toEqual([200, 'ann 2026 true']);
    expect((await app.sendEvent({ type: 'user.properties', headers: states({ item: 1 }) })).status).toBe(400);
  });
});
