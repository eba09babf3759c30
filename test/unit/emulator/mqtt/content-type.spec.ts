import { describe, expect, it } from '@jest/globals';
import type { MessageData } from '../../../../src/protocol/message-data.js';
import {
  copyOf,
  isMimeType,
  toContentType,
  toMessageData,
  toPayload,
} from '../../../../src/emulator/mqtt/content-type.js';

describe('the table of [client-mqtt 6.2], both ways', () => {
  it.each<[string, MessageData]>([
    ['application/json', { kind: 'json', json: '{"a": 1.0}' }],
    ['text/plain', { kind: 'text', text: 'Zoë' }],
    ['application/x-protobuf', { kind: 'protobuf', bytes: Buffer.from([1, 2]) }],
    ['application/octet-stream', { kind: 'binary', bytes: Buffer.from([255]) }],
  ])('%s', (contentType, data) => {
    expect(toContentType(data)).toBe(contentType);
    expect(toMessageData(toPayload(data), contentType)).toEqual(data);
  });
});

it.each([
  ['text', 'Zoë'],
  ['a window on more', Buffer.from('many Zoë').subarray(5)],
])('a copy of %s holds no more memory than its bytes', (_what, payload) => {
  const copy = copyOf(payload);
  expect(copy.toString()).toBe('Zoë');
  expect(copy.buffer.byteLength).toBe(copy.length);
});

it('bytes are passed on, not copied', () => {
  const bytes = new Uint8Array([0, 1, 2, 3]).subarray(1, 3);
  expect(toPayload({ kind: 'binary', bytes })).toEqual(Buffer.from([1, 2]));
  expect(toPayload({ kind: 'binary', bytes }).buffer).toBe(bytes.buffer);
});

it.each([
  ['text/plain', true],
  ['text/plain; charset=utf-8', true],
  ['application/vnd.api+json', true],
  ['text', false],
  ['', false],
  ['text/plain\r\nx: y', false],
  ['text/plain; x=é', false],
])('isMimeType(%p) is %p', (contentType, expected) => {
  expect(isMimeType(contentType)).toBe(expected);
});
