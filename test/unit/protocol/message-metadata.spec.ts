import { describe, expect, it } from '@jest/globals';
import { validateMetadata } from '../../../src/protocol/message-metadata.js';

describe('validateMetadata [client-websocket 5.5]', () => {
  it('tells the case of keys apart, and keeps awkward ones', () => {
    const verdict = validateMetadata([
      ['Trace', '1'],
      ['trace', '2'],
      ['__proto__', '3'],
    ]);
    expect(verdict.isValid && Object.entries(verdict.metadata)).toEqual([
      ['Trace', '1'],
      ['trace', '2'],
      ['__proto__', '3'],
    ]);
  });

  it.each([
    ['the longest key', [['k'.repeat(256), '']]],
    ['every kind of key character', [["!#$%&'*+-.^_`|~09AZaz", 'v']]],
    ['the longest value', [['k', 'v'.repeat(1024)]]],
    ['8,192 characters in all', fill(8, 1024)],
  ] as [string, [string, string][]][])('accepts %s', (_fact, entries) => {
    expect(validateMetadata(entries).isValid).toBe(true);
  });

  it.each([
    ['an empty key', [['', 'v']]],
    ['a key of 257 characters', [['k'.repeat(257), '']]],
    ['a key with a colon', [['a:b', 'v']]],
    ['a value of 1,025 characters', [['k', 'v'.repeat(1025)]]],
    ['a value beyond ASCII', [['k', 'ü']]],
    [
      'a key twice',
      [
        ['k', '1'],
        ['k', '2'],
      ],
    ],
    ['8,193 characters in all', [...fill(8, 1024), ['x', '']]],
  ] as [string, [string, string][]][])('refuses %s', (_fact, entries) => {
    expect(validateMetadata(entries)).toEqual({ isValid: false, problem: expect.stringMatching(/metadata/) });
  });
});

/** `count` entries of `length` characters each, keys included. */
function fill(count: number, length: number): [string, string][] {
  return Array.from({ length: count }, (_, index) => [`k${index}`, 'v'.repeat(length - 2)]);
}
