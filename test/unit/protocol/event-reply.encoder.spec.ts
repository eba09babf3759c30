import { describe, expect, it } from '@jest/globals';
import type { EventReply } from '../../../src/protocol/cloud-event.js';
import { encodeEventReply, statusOfReply, type EncodedReply } from '../../../src/protocol/event-reply.encoder.js';

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const BYTES = new Uint8Array([1]);

describe('encodeEventReply [upstream-events 5, 6]', () => {
  it.each<[string, EventReply, EncodedReply]>([
    ['nothing', { kind: 'empty' }, { status: 204, headers: {} }],
    ['state alone', { kind: 'empty', state: 'abc' }, { status: 204, headers: { 'ce-connectionstate': 'abc' } }],
    ['cleared state', { kind: 'empty', state: '' }, { status: 204, headers: { 'ce-connectionstate': '' } }],
    ['a plain connect', { kind: 'connect' }, { status: 200, headers: JSON_TYPE, body: '{}' }],
    [
      'a connect with everything',
      {
        kind: 'connect',
        userId: 'ann',
        groups: ['g'],
        roles: [],
        subprotocol: 's',
        mqtt: { userProperties: [] },
        state: 'x',
      },
      {
        status: 200,
        headers: { ...JSON_TYPE, 'ce-connectionstate': 'x' },
        body: '{"userId":"ann","groups":["g"],"roles":[],"subprotocol":"s","mqtt":{"userProperties":[]}}',
      },
    ],
    ['a user event without data', { kind: 'user' }, { status: 204, headers: {} }],
    ['text', { kind: 'user', data: { kind: 'text', text: 'hi' } }, { status: 200, headers: TEXT, body: 'hi' }],
    ['json', { kind: 'user', data: { kind: 'json', json: '1' } }, { status: 200, headers: JSON_TYPE, body: '1' }],
    [
      'binary',
      { kind: 'user', data: { kind: 'binary', bytes: BYTES } },
      { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: BYTES },
    ],
    [
      'protobuf',
      { kind: 'user', data: { kind: 'protobuf', bytes: BYTES } },
      { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: BYTES },
    ],
    [
      'metadata alone',
      { kind: 'user', metadata: { A: '1' } },
      { status: 200, headers: { 'x-webpubsub-metadata-a': '1' } },
    ],
    [
      'MQTT properties',
      {
        kind: 'user',
        data: { kind: 'binary', bytes: BYTES },
        mqtt: {
          contentType: 'a/b',
          userProperties: [
            { name: 'n', value: '1' },
            { name: 'n', value: '2' },
          ],
        },
      },
      { status: 200, headers: { 'content-type': 'a/b', 'mqtt-n': ['1', '2'] }, body: BYTES },
    ],
    ['a refusal', { kind: 'refusal', status: 403, reason: 'no' }, { status: 403, headers: TEXT, body: 'no' }],
    [
      'a refusal whose status has no body',
      { kind: 'refusal', status: 304, reason: 'no' },
      { status: 304, headers: {} },
    ],
    [
      'a refusal of an MQTT client',
      {
        kind: 'refusal',
        status: 403,
        reason: 'no',
        mqtt: { code: 138, reason: 'no', userProperties: [{ name: 'a', value: 'b' }] },
      },
      {
        status: 403,
        headers: JSON_TYPE,
        body: '{"mqtt":{"code":138,"reason":"no","userProperties":[{"name":"a","value":"b"}]}}',
      },
    ],
  ])('writes %s', (_name, reply, encoded) => {
    expect(encodeEventReply(reply)).toEqual(encoded);
  });
});

describe('the status of an answer', () => {
  it.each<[string, EventReply, number]>([
    ['nothing', { kind: 'empty' }, 204],
    ['state alone', { kind: 'empty', state: 'e30=' }, 204],
    ['connect', { kind: 'connect' }, 200],
    ['data', { kind: 'user', data: { kind: 'text', text: '' } }, 200],
    ['metadata alone', { kind: 'user', metadata: { a: '1' } }, 200],
    ['empty metadata', { kind: 'user', metadata: {} }, 204],
    ['a refusal', { kind: 'refusal', status: 418, reason: 'no' }, 418],
  ])('with %s is known without encoding it', (_, reply, status) => {
    expect(statusOfReply(reply)).toBe(status);
    expect(encodeEventReply(reply).status).toBe(status);
  });
});
