import { describe, expect, it } from '@jest/globals';
import * as fc from '../../support/property.js';
import {
  decodeConnectReply,
  decodeMqttProperties,
  decodeUserEventReply,
  type EventResponse,
} from '../../../src/protocol/event-reply.decoder.js';

function response(
  status: number,
  body: string | Uint8Array = '',
  headers: Record<string, string[]> = {},
): EventResponse {
  return { status, headers, body: Buffer.from(body as string) };
}

const asDefault = { clientProtocol: 'default' } as const;

describe('decodeConnectReply', () => {
  it.each<[string, EventResponse, object]>([
    ['204', response(204), {}],
    ['202, whatever its body', response(202, 'queued'), {}],
    ['200 with an empty body', response(200), {}],
    ['200 with null', response(200, 'null'), {}],
    ['an empty object', response(200, '{}'), {}],
    ['a user id', response(200, '{"userId":"acme:nora"}'), { userId: 'acme:nora' }],
    ['an empty user id, which replaces too', response(200, '{"userId":""}'), { userId: '' }],
    [
      'names in any case',
      response(200, '{"USERID":"a","Roles":["r"],"SubProtocol":"s"}'),
      { userId: 'a', roles: ['r'], subprotocol: 's' },
    ],
    [
      'null fields, which change nothing',
      response(200, '{"userId":null,"roles":null,"groups":null,"subprotocol":null}'),
      {},
    ],
    ['empty roles, which take all away', response(200, '{"roles":[]}'), { roles: [] }],
    ['groups', response(200, '{"groups":["a","räume/1"]}'), { groups: ['a', 'räume/1'] }],
    ['empty groups, which change nothing', response(200, '{"groups":[]}'), {}],
    ['unknown fields, which are ignored', response(201, '{"color":"blue"}'), {}],
    ['any content type', response(200, '{"userId":"a"}', { 'content-type': ['text/html'] }), { userId: 'a' }],
    ['a byte order mark', response(200, '\uFEFF{"userId":"a"}'), { userId: 'a' }],
    ['the state', response(204, '', { 'ce-connectionstate': ['abc'] }), { state: 'abc' }],
    ['the last of two states', response(204, '', { 'ce-connectionstate': ['abc', 'def'] }), { state: 'def' }],
    ['an empty state, which clears', response(200, '', { 'ce-connectionstate': [''] }), { state: '' }],
    [
      'properties of a CONNACK',
      response(200, '{"mqtt":{"userProperties":[{"name":"a","value":"b"}]}}'),
      { mqtt: { userProperties: [{ name: 'a', value: 'b' }] } },
    ],
    ['nonsense under mqtt, which is ignored', response(200, '{"mqtt":{"userProperties":[1]}}'), {}],
  ])('accepts %s [upstream-events 6.1]', (_, answer, fields) => {
    expect(decodeConnectReply(answer)).toEqual({ kind: 'connect', ...fields });
  });

  it.each([
    ['no JSON', 'OK'],
    ['JSON cut short', '{"userId":'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a list', '[]'],
    ['a string', '"nora"'],
    ['a number', '1'],
    ['a user id that is a number', '{"userId":1}'],
    ['roles that are a string', '{"roles":"r"}'],
    ['null among the roles', '{"roles":["r",null]}'],
    ['a group without a name', '{"groups":["a",""]}'],
    ['a group name of blanks', '{"groups":["  "]}'],
    ['a group name that is too long', JSON.stringify({ groups: ['x'.repeat(1025)] })],
    ['null among the groups', '{"groups":[null]}'],
    ['a subprotocol that is a list', '{"subprotocol":[]}'],
  ])('finds no sense in %s [upstream-events 6.1]', (_, body) => {
    expect(decodeConnectReply(response(200, body))).toMatchObject({ kind: 'malformed' });
  });

  it.each([301, 400, 401, 403, 404, 408, 429, 500, 503])('takes %i as a refusal [upstream-events 6.1]', (status) => {
    const answer = response(status, 'no entry', { 'content-type': ['text/plain'], 'ce-connectionstate': ['abc'] });
    expect(decodeConnectReply(answer)).toEqual({ kind: 'refusal', status, reason: 'no entry' });
  });

  it('reads the CONNACK of a refused MQTT client [upstream-events 6.6]', () => {
    const mqtt = { code: 138, reason: 'device blocked', userProperties: [{ name: 'ticket', value: '88' }] };
    const answer = response(403, JSON.stringify({ mqtt }), { 'content-type': ['application/json'] });
    expect(decodeConnectReply(answer)).toEqual({ kind: 'refusal', status: 403, reason: '', mqtt });
  });

  it.each(['{"mqtt":{"code":"138"}}', '{"mqtt":null}', '{"mqtt":{"code":1.5}}', '{', '{}'])(
    'takes %s for no CONNACK [upstream-events 6.6]',
    (body) => {
      expect(decodeConnectReply(response(401, body))).not.toHaveProperty('mqtt');
    },
  );

  it('never throws, whatever upstream answers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), fc.oneof(fc.json(), fc.string()), (status, body) => {
        expect(decodeConnectReply(response(status, body)).kind).toMatch(/^(connect|refusal|malformed)$/);
      }),
    );
  });
});

describe('decodeUserEventReply', () => {
  it.each<[string, EventResponse, object]>([
    ['204', response(204), {}],
    ['an empty body of any type', response(200, '', { 'content-type': ['image/png'] }), {}],
    [
      'text',
      response(200, 'hi', { 'content-type': ['text/plain; charset=utf-8'] }),
      { data: { kind: 'text', text: 'hi' } },
    ],
    [
      'a media type in any case',
      response(200, 'hi', { 'content-type': ['Text/Plain'] }),
      { data: { kind: 'text', text: 'hi' } },
    ],
    [
      'JSON as it stands',
      response(200, '{"n":1.0}', { 'content-type': ['application/json'] }),
      { data: { kind: 'json', json: '{"n":1.0}' } },
    ],
    [
      'JSON null',
      response(200, 'null', { 'content-type': ['application/json'] }),
      { data: { kind: 'json', json: 'null' } },
    ],
    [
      'bytes',
      response(200, 'ab', { 'content-type': ['application/octet-stream'] }),
      { data: { kind: 'binary', bytes: Buffer.from('ab') } },
    ],
    ['no content type as bytes', response(200, 'ab'), { data: { kind: 'binary', bytes: Buffer.from('ab') } }],
    [
      'protobuf',
      response(200, 'ab', { 'content-type': ['application/x-protobuf'] }),
      { data: { kind: 'protobuf', bytes: Buffer.from('ab') } },
    ],
    ['the state', response(200, '', { 'ce-connectionstate': ['x'] }), { state: 'x' }],
    [
      'metadata with data',
      response(200, 'hi', { 'content-type': ['text/plain'], 'x-webpubsub-metadata-trace': ['t-1'] }),
      { data: { kind: 'text', text: 'hi' }, metadata: { trace: 't-1' } },
    ],
    [
      'metadata alone as an empty text',
      response(204, '', { 'x-webpubsub-metadata-trace': ['t-1'] }),
      { data: { kind: 'text', text: '' }, metadata: { trace: 't-1' } },
    ],
    [
      'of metadata the last line, then its last part',
      response(204, '', { 'x-webpubsub-metadata-a': ['1', '2, 3 '] }),
      { data: { kind: 'text', text: '' }, metadata: { a: '3' } },
    ],
    ['metadata without a key, which is none', response(204, '', { 'x-webpubsub-metadata-': ['1'] }), {}],
  ])('accepts %s [upstream-events 6.3]', (_, answer, fields) => {
    expect(decodeUserEventReply(answer, asDefault)).toEqual({ kind: 'user', ...fields });
  });

  it.each([
    ['another content type', response(200, '<p>', { 'content-type': ['text/html'] })],
    ['JSON that is none', response(200, 'hi', { 'content-type': ['application/json'] })],
    ['JSON that is blank', response(200, ' ', { 'content-type': ['application/json'] })],
  ])('finds no sense in %s [upstream-events 6.3]', (_, answer) => {
    expect(decodeUserEventReply(answer, asDefault)).toMatchObject({ kind: 'malformed' });
  });

  it.each<[string, Record<string, string[]>, RegExp]>([
    ['a value that is too long', { 'x-webpubsub-metadata-a': ['x'.repeat(1025)] }, /value of a is longer than 1024/],
    ['a key that is too long', { [`x-webpubsub-metadata-${'k'.repeat(257)}`]: ['x'] }, /metadata key .* is invalid/],
    ['a value beyond ASCII', { 'x-webpubsub-metadata-a': ['é'] }, /value of a is not ASCII/],
  ])('refuses metadata with %s [rest-api 5.4]', (_name, headers, problem) => {
    const answer = response(200, 'x', { 'content-type': ['text/plain'], ...headers });
    expect(decodeUserEventReply(answer, asDefault)).toEqual({
      kind: 'malformed',
      problem: expect.stringMatching(problem),
    });
  });

  it('reads user properties as UTF-8, which Node shows byte by byte', () => {
    const headers = { 'mqtt-who': [Buffer.from('Zoë').toString('latin1'), 'plain', 'Zo\xeb', '李'] };
    const values = decodeMqttProperties(response(200, '', headers)).userProperties.map(({ value }) => value);
    expect(values).toEqual(['Zoë', 'plain', 'Zoë', '李']);
  });

  it('takes any content type for an MQTT client, as bytes, with mqtt headers as user properties [upstream-events 6.6]', () => {
    const headers = { 'content-type': ['text/csv'], 'mqtt-a': ['1', '2'], 'x-other': ['3'] };
    expect(decodeUserEventReply(response(200, 'a;b', headers), { clientProtocol: 'mqtt' })).toEqual({
      kind: 'user',
      data: { kind: 'binary', bytes: Buffer.from('a;b') },
      mqtt: {
        contentType: 'text/csv',
        userProperties: [
          { name: 'a', value: '1' },
          { name: 'a', value: '2' },
        ],
      },
    });
  });
});

describe('decodeMqttProperties', () => {
  it('has no content type where there is none', () => {
    expect(decodeMqttProperties(response(204))).toEqual({ userProperties: [] });
  });
});
