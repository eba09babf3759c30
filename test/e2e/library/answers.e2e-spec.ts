import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BadRequestException, ForbiddenException, HttpException, Logger } from '@nestjs/common';
import { EMPTY, of, throwError } from 'rxjs';
import {
  ConnectionStates,
  MqttConnectException,
  OnConnect,
  OnConnected,
  OnUserEvent,
  States,
  UserEventRequest,
  UserEventResponse,
  WebPubSubHub,
} from '../../../src/index.js';
import { startHubApp, type HubApp } from '../../support/start-hub-app.js';
import { RecordingLogger } from '../../support/recording-logger.js';

/** What the handlers do next. */
let act: (request: unknown) => unknown = () => undefined;

@WebPubSubHub('chat')
class ActingHub {
  @OnConnect()
  connect(request: unknown): unknown {
    return act(request);
  }

  @OnConnected()
  connected(request: unknown): unknown {
    return act(request);
  }

  @OnUserEvent('do')
  do(request: UserEventRequest): unknown {
    return act(request);
  }

  @OnUserEvent('states')
  states(@States() states: ConnectionStates): unknown {
    return act(states);
  }
}

const circular: Record<string, unknown> = {};
circular['self'] = circular;

const MQTT = { 'ce-physicalconnectionid': 'phys-1', 'ce-subprotocol': 'mqtt' };

let app: HubApp;
const logger = new RecordingLogger();

beforeAll(async () => {
  app = await startHubApp({ providers: [ActingHub] });
  Logger.overrideLogger(logger);
});
afterAll(async () => {
  Logger.overrideLogger(false);
  await app.close();
});

async function answerTo(type: string, next: (request: unknown) => unknown, settings: object = {}) {
  act = next;
  logger.lines.length = 0;
  return app.sendEvent({ type, ...settings });
}

describe('the answer to a user event [upstream-events 6.3]', () => {
  const JSON_TYPE = 'application/json; charset=utf-8';
  const TEXT_TYPE = 'text/plain; charset=utf-8';
  const BINARY_TYPE = 'application/octet-stream';

  it.each<[string, () => unknown, number, string | undefined, string]>([
    ['nothing', () => undefined, 204, undefined, ''],
    ['null', () => null, 204, undefined, ''],
    ['a string', () => 'grüße', 200, TEXT_TYPE, 'grüße'],
    ['an empty string', () => '', 200, TEXT_TYPE, ''],
    ['a Buffer', () => Buffer.from([1, 2, 255]), 200, BINARY_TYPE, '\u0001\u0002\ufffd'],
    ['a Uint8Array', () => new Uint8Array([65]), 200, BINARY_TYPE, 'A'],
    ['an ArrayBuffer', () => new Uint8Array([65, 66]).buffer, 200, BINARY_TYPE, 'AB'],
    ['an object', () => ({ a: 1 }), 200, JSON_TYPE, '{"a":1}'],
    ['a list', () => [1, 'b'], 200, JSON_TYPE, '[1,"b"]'],
    ['a number', () => 0, 200, JSON_TYPE, '0'],
    ['false', () => false, 200, JSON_TYPE, 'false'],
    ['a date', () => new Date(0), 200, JSON_TYPE, '"1970-01-01T00:00:00.000Z"'],
    ['a promise', async () => 'later', 200, TEXT_TYPE, 'later'],
    ['an observable: its last value', () => of('a', 'b'), 200, TEXT_TYPE, 'b'],
    ['an observable without a value', () => EMPTY, 204, undefined, ''],
    ['a string as JSON', () => new UserEventResponse('hi', 'json'), 200, JSON_TYPE, '"hi"'],
    ['null as JSON', () => new UserEventResponse(null, 'json'), 200, JSON_TYPE, 'null'],
    [
      'bytes as protobuf',
      () => new UserEventResponse(new Uint8Array([10]), 'protobuf'),
      200,
      'application/x-protobuf',
      '\n',
    ],
    ['a response without data', () => new UserEventResponse(undefined, 'text'), 204, undefined, ''],
  ])('of a handler that returns %s', async (_name, next, status, contentType, text) => {
    const response = await answerTo('user.do', next);
    expect([response.status, response.headers['content-type'], response.text]).toEqual([status, contentType, text]);
    expect(logger.lines).toEqual([]);
  });

  it('carries metadata [rest-api 5.4]', async () => {
    const response = await answerTo(
      'user.do',
      () => new UserEventResponse('hi', 'text', { metadata: { Trace: 't 1', b: '' } }),
    );
    expect(response.headers).toMatchObject({ 'x-webpubsub-metadata-trace': 't 1', 'x-webpubsub-metadata-b': '' });
  });

  it('carries metadata without data', async () => {
    const response = await answerTo(
      'user.do',
      () => new UserEventResponse(undefined, 'text', { metadata: { a: '1' } }),
    );
    expect([response.status, response.text, response.headers['x-webpubsub-metadata-a']]).toEqual([200, '', '1']);
  });

  it('carries MQTT user properties and a content type [upstream-events 6.6]', async () => {
    const userProperties = [
      { name: 'a', value: '1' },
      { name: 'a', value: 'Zoë' },
    ];
    const mqtt = { contentType: 'application/cbor', userProperties };
    const response = await answerTo('user.do', () => new UserEventResponse(Buffer.from('x'), 'binary', { mqtt }), {
      headers: MQTT,
    });
    expect(response.headers['content-type']).toBe('application/cbor');
    expect(Buffer.from(response.headers['mqtt-a'] as string, 'latin1').toString()).toBe('1, Zoë');
    const text = await answerTo('user.do', () => new UserEventResponse('ä', 'text', { mqtt: { userProperties } }), {
      headers: MQTT,
    });
    expect(Buffer.from(text.headers['mqtt-a'] as string, 'latin1').toString()).toBe('1, Zoë');
    expect(text.text).toBe('ä');
  });

  it.each<[string, () => unknown]>([
    ['a circular object', () => circular],
    ['a bigint', () => 1n],
    ['a function', () => () => undefined],
    ['a symbol', () => Symbol('x')],
    [
      'a response with a line break in its metadata',
      () => new UserEventResponse('x', 'text', { metadata: { a: 'b\r\nset-cookie: c' } }),
    ],
    ['a response with metadata that is not ASCII', () => new UserEventResponse('x', 'text', { metadata: { a: 'ä' } })],
    [
      'a response with too much metadata',
      () => new UserEventResponse('x', 'text', { metadata: { a: 'x'.repeat(1_025) } }),
    ],
    ['a text response with an object', () => new UserEventResponse({}, 'text')],
    [
      'a user property with a line break',
      () => new UserEventResponse('x', 'text', { mqtt: { userProperties: [{ name: 'a', value: '\n' }] } }),
    ],
    [
      'a user property with a bad name',
      () => new UserEventResponse('x', 'text', { mqtt: { userProperties: [{ name: 'a b', value: '' }] } }),
    ],
  ])('is 500 without a detail, and one error in the log, for %s', async (_name, next) => {
    const response = await answerTo('user.do', next);
    expect([response.status, response.text, response.headers['set-cookie']]).toEqual([
      500,
      'Internal server error',
      undefined,
    ]);
    expect(logger.lines).toEqual([
      expect.stringMatching(/^error ActingHub\.do failed with the event "do" of hub "chat": /),
    ]);
  });
});

describe('the answer to a connect [upstream-events 6.1]', () => {
  it.each<[string, () => unknown, number, unknown]>([
    ['nothing', () => undefined, 204, undefined],
    ['null', async () => null, 204, undefined],
    ['an empty response', () => ({}), 200, {}],
    [
      'a full response',
      () => ({
        userId: 'ann',
        groups: ['a'],
        roles: ['r'],
        subprotocol: 's',
        mqtt: { userProperties: [{ name: 'n', value: 'v' }] },
      }),
      200,
      {
        userId: 'ann',
        groups: ['a'],
        roles: ['r'],
        subprotocol: 's',
        mqtt: { userProperties: [{ name: 'n', value: 'v' }] },
      },
    ],
    ['null fields', () => ({ userId: null, roles: undefined, groups: [] }), 200, { groups: [] }],
    ['fields of its own', () => ({ userId: '', note: 1 }), 200, { userId: '' }],
  ])('of a handler that returns %s', async (_name, next, status, body) => {
    const response = await answerTo('sys.connect', next);
    expect([response.status, response.text === '' ? undefined : JSON.parse(response.text)]).toEqual([status, body]);
    expect(response.headers['content-type']).toBe(body ? 'application/json; charset=utf-8' : undefined);
  });

  it.each<[string, () => unknown]>([
    ['a string', () => 'ann'],
    ['a list', () => []],
    ['true', () => true],
    ['a user id that is no string', () => ({ userId: 7 })],
    ['roles with a null', () => ({ roles: [null] })],
    ['groups that are no list', () => ({ groups: 'lobby' })],
    ['user properties that are no JSON', () => ({ mqtt: { userProperties: circular } })],
    ['user properties that are no JSON, later', async () => ({ mqtt: { userProperties: circular } })],
  ])('is 500, and an error in the log, for %s', async (_name, next) => {
    const response = await answerTo('sys.connect', next);
    expect([response.status, response.text]).toEqual([500, 'Internal server error']);
    expect(logger.lines).toHaveLength(1);
  });
});

describe('the answer to other events', () => {
  it.each<[string, () => unknown]>([
    ['a string', () => 'text'],
    ['an object', async () => ({ userId: 'x' })],
    ['nothing', () => undefined],
  ])('is 204 when the handler returns %s', async (_name, next) => {
    const response = await answerTo('sys.connected', next);
    expect([response.status, response.text]).toEqual([204, '']);
  });

  it('waits for the handler, so that the service repeats what failed', async () => {
    const response = await answerTo('sys.connected', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('database is away');
    });
    expect(response.status).toBe(500);
  });
});

describe('errors of handlers', () => {
  it.each<[string, unknown, number, string]>([
    ['an HttpException', new ForbiddenException('not you'), 403, 'not you'],
    [
      'an HttpException with a list of messages',
      new BadRequestException(['a is bad', 'b is bad']),
      400,
      'a is bad; b is bad',
    ],
    ['an HttpException with an object', new HttpException({ code: 7 }, 409), 409, 'Http Exception'],
    ['an HttpException without a response', new HttpException(null as never, 409), 409, 'Http Exception'],
    [
      'an HttpException with a list that is no text',
      new HttpException({ message: ['a', Object.create(null)] }, 409),
      409,
      'a; a value that is no text',
    ],
    ['an HttpException around another error', new HttpException(new Error('secret detail'), 409), 409, 'Conflict'],
    [
      'a failure of the server around another error',
      new HttpException(new Error('secret detail'), 500),
      500,
      'Internal Server Error',
    ],
    ['an HttpException with a string', new HttpException('teapot', 418), 418, 'teapot'],
    ['an MqttConnectException for a client that is not MQTT', new MqttConnectException(5, 'no'), 401, 'no'],
    ['an HttpException with an impossible status', new HttpException('x', 99), 500, 'Internal server error'],
    ['an HttpException that says success', new HttpException('banned', 204), 500, 'Internal server error'],
    ['an error', new Error('secret detail'), 500, 'Internal server error'],
    [
      'an error with a status',
      Object.assign(new Error('secret detail'), { status: 403, statusCode: 403 }),
      500,
      'Internal server error',
    ],
    [
      'an error with getStatus',
      Object.assign(new Error('secret'), { getStatus: () => 403, getResponse: () => 'x' }),
      500,
      'Internal server error',
    ],
    ['a string', 'secret detail', 500, 'Internal server error'],
    ['undefined', undefined, 500, 'Internal server error'],
    ['null', null, 500, 'Internal server error'],
    ['an object without a prototype', Object.create(null), 500, 'Internal server error'],
    ['JSON that hides its methods', JSON.parse('{"toString":1,"valueOf":1}'), 500, 'Internal server error'],
    [
      'an error with a name that throws',
      Object.defineProperty(new Error('secret'), 'name', {
        get() {
          throw new Error('no');
        },
      }),
      500,
      'Internal server error',
    ],
  ])('%s becomes an answer', async (_name, error, status, text) => {
    for (const next of [
      () => {
        throw error;
      },
      async () => {
        throw error;
      },
      () => throwError(() => error),
    ]) {
      for (const type of ['user.do', 'sys.connect', 'sys.connected']) {
        const response = await answerTo(type, next);
        expect([response.status, response.text, response.headers['content-type']]).toEqual([
          status,
          text,
          'text/plain; charset=utf-8',
        ]);
        expect(logger.lines).toHaveLength(status === 500 ? 1 : 0);
      }
    }
  });

  it('become the exception that a handler returns', async () => {
    const response = await answerTo('user.do', () => new ForbiddenException('returned'));
    expect([response.status, response.text]).toEqual([403, 'returned']);
  });

  it('that refuse an MQTT client name a CONNACK code [upstream-events 6.6]', async () => {
    const answers: unknown[] = [];
    for (const status of [400, 401, 403, 404, 429, 500, 503]) {
      const codes: unknown[] = [status];
      for (const protocolVersion of [4, 5]) {
        const response = await answerTo(
          'sys.connect',
          () => {
            throw new HttpException('no', status);
          },
          {
            headers: MQTT,
            body: JSON.stringify({ mqtt: { protocolVersion } }),
          },
        );
        expect(response.status).toBe(status);
        expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
        expect(JSON.parse(response.text)).toEqual({ mqtt: { code: expect.any(Number), reason: 'no' } });
        codes.push(JSON.parse(response.text).mqtt.code);
      }
      answers.push(codes);
    }
    expect(answers).toEqual([
      [400, 4, 134],
      [401, 5, 135],
      [403, 5, 135],
      [404, 3, 128],
      [429, 3, 151],
      [500, 3, 128],
      [503, 3, 136],
    ]);
  });

  it.each<[string, number, MqttConnectException, number, unknown]>([
    [
      'a code of MQTT 5.0',
      5,
      new MqttConnectException(138, 'banned', [{ name: 'a', value: 'b' }]),
      403,
      { code: 138, reason: 'banned', userProperties: [{ name: 'a', value: 'b' }] },
    ],
    ['a code of MQTT 3.1.1', 4, new MqttConnectException(2), 400, { code: 2 }],
    [
      'a code of 5.0 for a 3.1.1 client',
      4,
      new MqttConnectException(138, 'banned'),
      403,
      { code: 5, reason: 'banned' },
    ],
    ['a code of 3.1.1 for a 5.0 client', 5, new MqttConnectException(4), 401, { code: 135 }],
    ['a code that neither has', 5, new MqttConnectException(7), 500, { code: 128 }],
  ])('MqttConnectException with %s', async (_name, protocolVersion, error, status, mqtt) => {
    const response = await answerTo(
      'sys.connect',
      () => {
        throw error;
      },
      {
        headers: MQTT,
        body: JSON.stringify({ mqtt: { protocolVersion } }),
      },
    );
    expect([response.status, JSON.parse(response.text)]).toEqual([status, { mqtt }]);
  });

  it('of no meaning to an MQTT client keep their detail to the log', async () => {
    const response = await answerTo(
      'sys.connect',
      () => {
        throw new Error('secret');
      },
      {
        headers: MQTT,
        body: JSON.stringify({ mqtt: { protocolVersion: 5 } }),
      },
    );
    expect([response.status, JSON.parse(response.text)]).toEqual([500, { mqtt: { code: 128 } }]);
  });
});

describe('connection states [upstream-events 5]', () => {
  const encode = (states: object) => Buffer.from(JSON.stringify(states)).toString('base64');
  const answerWithStates = (change: (states: ConnectionStates) => unknown, received?: object) =>
    answerTo('user.states', (states) => change(states as ConnectionStates), {
      headers: received ? { 'ce-connectionstate': encode(received) } : {},
    });

  it.each<[string, (states: ConnectionStates) => unknown, object | undefined, string | undefined]>([
    ['are not written when nothing changed', (states) => states.get('a'), { a: 1 }, undefined],
    [
      'are not written when an equal value was set',
      (states) => void states.set('a', { b: [1] }),
      { a: { b: [1] } },
      undefined,
    ],
    ['are written when one was set', (states) => void states.set('b', 2), { a: 1 }, encode({ a: 1, b: 2 })],
    ['are written by a handler that answers nothing', (states) => void states.set('b', 2), undefined, encode({ b: 2 })],
    ['are written by an asynchronous handler', async (states) => void states.set('b', 2), undefined, encode({ b: 2 })],
    ['are cleared by an empty header', (states) => states.clear(), { a: 1 }, ''],
    ['are cleared when the last one is deleted', (states) => void states.delete('a'), { a: 1 }, ''],
    ['are not cleared when there were none', (states) => states.clear(), undefined, undefined],
  ])('%s', async (_name, change, received, header) => {
    const response = await answerWithStates(change, received);
    expect(response.status).toBeLessThan(300);
    expect(response.headers['ce-connectionstate']).toBe(header);
  });

  it('are not written along with a refusal', async () => {
    const response = await answerWithStates((states) => {
      states.set('b', 2);
      throw new ForbiddenException();
    });
    expect([response.status, response.headers['ce-connectionstate']]).toEqual([403, undefined]);
  });

  it('that grow too large fail the handler with hub, event and size in the log', async () => {
    const response = await answerWithStates((states) => void states.set('a', 'x'.repeat(10_000)));
    expect([response.status, response.headers['ce-connectionstate']]).toEqual([500, undefined]);
    expect(logger.lines).toEqual([expect.stringMatching(/hub "chat".*13\d\d\d bytes.*"states".*maxStateBytes/)]);
  });

  it('are not written by events on which the service ignores them, which is said once', async () => {
    const change = (request: unknown) => void (request as UserEventRequest).context.states.set('a', 1);
    expect((await answerTo('sys.connected', change)).headers['ce-connectionstate']).toBeUndefined();
    expect(logger.lines).toEqual([expect.stringContaining('ActingHub.connected changed connection states')]);
    await answerTo('sys.connected', change);
    expect(logger.lines).toEqual([]);
    expect((await answerTo('sys.connect', change)).headers['ce-connectionstate']).toBe(encode({ a: 1 }));
  });
});
