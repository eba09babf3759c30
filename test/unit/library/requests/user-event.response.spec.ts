import { describe, expect, it } from '@jest/globals';
import { UserEventResponse } from '../../../../src/library/requests/user-event.response.js';

describe('UserEventResponse', () => {
  it('is known as one, copied as well, and no payload is', () => {
    const response = new UserEventResponse('hi', 'text');
    expect(UserEventResponse.is(response)).toBe(true);
    expect(UserEventResponse.is(Object.assign({}, response))).toBe(true);
    for (const other of [{ data: 'hi', dataType: 'text' }, { mark: true }, null, 'text', undefined]) {
      expect(UserEventResponse.is(other)).toBe(false);
    }
  });

  it('writes metadata keys in lower case', () => {
    expect(new UserEventResponse('', 'text', { metadata: { TraceId: 'A' } }).metadata).toEqual({ traceid: 'A' });
  });

  it.each<[string, () => UserEventResponse]>([
    ['a data type that there is not', () => new UserEventResponse('', 'xml' as 'text')],
    ['text that is no string', () => new UserEventResponse(5, 'text')],
    ['bytes that are none', () => new UserEventResponse('x', 'binary')],
    [
      'metadata keys that differ in case only',
      () => new UserEventResponse('', 'text', { metadata: { a: '1', A: '2' } }),
    ],
    ['metadata that a comma would cut', () => new UserEventResponse('', 'text', { metadata: { list: 'red, green' } })],
    ['metadata with blanks around it', () => new UserEventResponse('', 'text', { metadata: { name: ' x' } })],
    [
      'more than 8,192 characters of metadata',
      () =>
        new UserEventResponse('', 'text', {
          metadata: Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`k${index}`, 'x'.repeat(1_000)])),
        }),
    ],
    ['a content type with a line break', () => new UserEventResponse('', 'text', { mqtt: { contentType: 'a\nb' } })],
  ])('refuses %s', (_name, create) => {
    expect(create).toThrow(TypeError);
  });
});
