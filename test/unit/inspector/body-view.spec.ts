import { describe, expect, it } from '@jest/globals';
import { hexDump, viewBody } from '../../../src/inspector/body-view.js';

describe('the view of a body', () => {
  it.each([
    ['application/json', '{"a":1}', 'json', '{\n  "a": 1\n}'],
    ['application/json; charset=utf-8', '[1]', 'json', '[\n  1\n]'],
    ['application/cloudevents+json', '"x"', 'json', '"x"'],
    [undefined, '{"a":[]}', 'json', '{\n  "a": []\n}'],
    ['application/json', '{"a":', 'text', '{"a":'],
    ['text/plain', '{"a":1}', 'text', '{"a":1}'],
    [undefined, 'Zoë', 'text', 'Zoë'],
  ] as const)('shows %s %s as %s', (contentType, body, kind, text) => {
    expect(viewBody(Buffer.from(body), contentType)).toMatchObject({ kind, text, shownBytes: Buffer.byteLength(body) });
  });

  it('keeps every digit of a number', () => {
    expect(viewBody('{"id":12345678901234567890.10}', 'application/json').text).toContain('12345678901234567890.10');
  });

  it.each([
    ['application/octet-stream', Buffer.from('readable')],
    ['application/x-protobuf', Buffer.from('readable')],
    ['text/plain', Buffer.from([0xff, 0xfe])],
    [undefined, Buffer.from([1, 2, 3])],
  ])('shows %s that is no text as hex', (contentType, body) => {
    expect(viewBody(body, contentType).kind).toBe('hex');
  });

  it('cuts long bodies and says so', () => {
    expect(viewBody(Buffer.alloc(100_000), 'application/octet-stream')).toMatchObject({
      byteLength: 100_000,
      shownBytes: 8192,
    });
    expect(viewBody('x'.repeat(300_000), 'text/plain')).toMatchObject({ byteLength: 300_000, shownBytes: 262_144 });
  });

  it('writes sixteen bytes a line with offset and printable characters', () => {
    expect(hexDump(Buffer.from('0123456789abcdef\n!'))).toBe(
      '00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n' +
        `00000010  0a 21${' '.repeat(44)}.!`,
    );
  });
});
