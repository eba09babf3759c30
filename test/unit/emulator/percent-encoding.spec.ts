import { describe, expect, it } from '@jest/globals';
import { decodePercent } from '../../../src/emulator/percent-encoding.js';

describe('decodePercent', () => {
  it.each([
    ['a%20b', 'a b'],
    ['%E6%9D%8E', '李'],
    ['%252F', '%2F'],
    ['50%', '50%'],
    ['%E6%9D', '%E6%9D'],
  ])('reads %s as %s', (text, decoded) => {
    expect(decodePercent(text)).toBe(decoded);
  });
});
