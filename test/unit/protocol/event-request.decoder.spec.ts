import { describe, expect, it } from '@jest/globals';
import {
  decodeEventRequest,
  MalformedEventError,
  readDataType,
  readEventType,
  readOrigins,
  type EventRequestParts,
} from '../../../src/protocol/event-request.decoder.js';
import { isValidationRequest } from '../../../src/protocol/webhook-validation.js';

describe('readEventType [upstream-events 4, 11.7]', () => {
  it.each([
    ['azure.webpubsub.sys.connect', { kind: 'connect', eventName: 'connect' }],
    ['azure.webpubsub.sys.disconnected', { kind: 'disconnected', eventName: 'disconnected' }],
    ['azure.webpubsub.gp.joined', { kind: 'joined', eventName: 'joined' }],
    ['azure.webpubsub.user.connect', { kind: 'user', eventName: 'connect' }],
    ['azure.webpubsub.user.a.b-c', { kind: 'user', eventName: 'a.b-c' }],
    ['azure.webpubsub.sys.toString', { kind: 'unknown', eventName: 'toString' }],
    ['azure.webpubsub.gp.renamed', { kind: 'unknown', eventName: 'renamed' }],
    ['azure.webpubsub.sys.', undefined],
    ['azure.webpubsub.user.', undefined],
    ['azure.webpubsub.other.x', undefined],
    ['', undefined],
  ])('reads %j', (type, expected) => {
    expect(readEventType({ 'ce-type': type, 'ce-awpsversion': '1.0' })).toEqual(expected);
  });

  it('knows an event by ce-awpsversion, whatever its value', () => {
    expect(readEventType({ 'ce-type': 'azure.webpubsub.sys.connect' })).toBeUndefined();
    expect(readEventType({ 'ce-type': 'azure.webpubsub.sys.connect', 'ce-awpsversion': '' })).toBeDefined();
  });
});

describe('readOrigins', () => {
  it.each([
    ['Demo.example', ['demo.example']],
    ['a.example, B.example ,', ['a.example', 'b.example']],
    [
      ['a.example', 'b.example'],
      ['a.example', 'b.example'],
    ],
    ['', []],
    [undefined, []],
  ])('reads %j', (header, origins) => {
    expect(readOrigins({ 'webhook-request-origin': header })).toEqual(origins);
  });
});

describe('readDataType [upstream-events 4.1]', () => {
  it.each([
    ['user', 'text/plain', 'text'],
    ['user', 'TEXT/PLAIN ; charset=utf-8', 'text'],
    ['user', 'application/json', 'json'],
    ['user', 'application/octet-stream', 'binary'],
    ['user', 'application/x-protobuf', 'protobuf'],
    ['user', 'text/html', undefined],
    ['user', undefined, undefined],
    ['connect', 'application/json; charset=utf-8', 'json'],
    ['connect', undefined, 'json'],
    ['connect', 'text/plain', undefined],
  ] as const)('of a %s event with %j is %j', (kind, contentType, dataType) => {
    expect(readDataType(kind, { 'content-type': contentType })).toBe(dataType);
  });

  it('of an MQTT payload of another content type is binary', () => {
    expect(readDataType('user', { 'content-type': 'text/html', 'ce-physicalconnectionid': 'p' })).toBe('binary');
  });
});

describe('decodeEventRequest', () => {
  const parts = (headers: Record<string, string | undefined>, body = '{}'): EventRequestParts => ({
    type: { kind: 'connected', eventName: 'connected' },
    dataType: 'json',
    headers: { 'ce-hub': 'chat', 'ce-connectionid': 'c', ...headers },
    origins: [],
    body: Buffer.from(body),
  });
  const contextOf = (headers: Record<string, string | undefined>) => decodeEventRequest(parts(headers)).context;

  it.each([
    ['nora', 'nora'],
    [Buffer.from('Zoë 李').toString('latin1'), 'Zoë 李'],
    ['Zo\u00eb', 'Zo\u00eb'],
    ['李', '李'],
    ['', undefined],
    [undefined, undefined],
  ])('reads the user id %j as %j [upstream-events 4.2]', (header, userId) => {
    expect(contextOf({ 'ce-userid': header }).userId).toBe(userId);
  });

  it('takes the time of arrival when there is none to read', () => {
    const before = Date.now();
    for (const time of [undefined, 'yesterday']) {
      expect(contextOf({ 'ce-time': time }).time.getTime()).toBeGreaterThanOrEqual(before);
    }
  });

  it('tells a state that is absent from one that is empty', () => {
    expect([contextOf({}).state, contextOf({ 'ce-connectionstate': '' }).state]).toEqual([undefined, '']);
  });

  it.each([['ce-hub'], ['ce-connectionid']])('refuses an event without %s', (name) => {
    expect(() => contextOf({ [name]: undefined })).toThrow(MalformedEventError);
  });

  it('drops a byte order mark of JSON', () => {
    const event = decodeEventRequest({ ...parts({}, '\ufeff{"a":1}'), type: { kind: 'user', eventName: 'x' } });
    expect(event).toMatchObject({ data: { kind: 'json', json: '{"a":1}' } });
  });
});

describe('isValidationRequest [upstream-events 3]', () => {
  it.each([
    ['OPTIONS', { 'webhook-request-origin': 'a' }, true],
    ['GET', { 'webhook-request-origin': '' }, true],
    ['POST', { 'webhook-request-origin': 'a' }, false],
    ['OPTIONS', {}, false],
    [undefined, {}, false],
  ])('of %s with %j is %j', (method, headers, isValidation) => {
    expect(isValidationRequest(method, headers)).toBe(isValidation);
  });
});
