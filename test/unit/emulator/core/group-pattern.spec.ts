import { describe, expect, it } from '@jest/globals';
import * as fc from '../../../support/property.js';
import { parseGroupPattern } from '../../../../src/emulator/core/group-pattern.js';

function matches(text: string, group: string): boolean {
  const parsed = parseGroupPattern(text);
  if (parsed.kind !== 'pattern') throw new Error(`${text} is no pattern but ${parsed.kind}`);
  return parsed.pattern.matches(group);
}

describe('patterns of group roles [auth 6]', () => {
  it.each([
    ['a?', 'ab', true],
    ['a?', 'a', false],
    ['a?', 'a.', false],
    ['a?', 'abc', false],
    ['a*', 'a', true],
    ['a*', 'abc', true],
    ['a*', 'a.b', false],
    ['a**', 'a.b.c', true],
    ['a***', 'a.b', true],
    ['*.b', 'a.b', true],
    ['*.b', '.b', true],
    ['*.b', 'a.a.b', false],
    ['**.b', 'a.a.b', true],
    ['*', 'anything', true],
    ['*', 'a.b', false],
    ['A*', 'ab', false],
    ['a*c', 'abcbc', true],
    ['a*c', 'abcb', false],
    ['\\**', '*x', true],
    ['\\**', 'x', false],
    ['\\?\\\\?', '?\\x', true],
    ['[a]?', '[a]b', true],
  ])('%s matches %s: %s', (pattern, group, isMatch) => {
    expect(matches(pattern, group)).toBe(isMatch);
  });

  it.each([
    ['room', { kind: 'literal', group: 'room' }],
    ['a\\*b', { kind: 'literal', group: 'a*b' }],
    ['**', { kind: 'everything' }],
    ['***', { kind: 'everything' }],
    ['', { kind: 'invalid', problem: expect.stringContaining('empty') }],
    ['a\\', { kind: 'invalid', problem: expect.stringContaining('backslash') }],
    ['a\\b', { kind: 'invalid', problem: expect.stringContaining('backslash') }],
    ['*a*a*a*a*a*', { kind: 'invalid', problem: expect.stringContaining('asterisks') }],
    ['a'.repeat(1025), { kind: 'invalid', problem: expect.stringContaining('1024') }],
  ])('%s is read as what it is', (text, parsed) => {
    expect(parseGroupPattern(text)).toEqual(parsed);
  });

  it('count escaped asterisks as characters', () => {
    expect(parseGroupPattern('\\*\\*\\*\\*\\*\\**').kind).toBe('pattern');
  });

  it('agree with a regular expression', () => {
    const pattern = fc
      .array(fc.constantFrom('a', 'b', '.', '?', '*', '**'), { minLength: 1, maxLength: 8 })
      .map((parts) => parts.join(''))
      .filter((text) => parseGroupPattern(text).kind === 'pattern');
    fc.assert(
      fc.property(pattern, fc.stringMatching(/^[ab.]{0,10}$/), (text, group) => {
        const source = text.replaceAll(/\*\*+|\*|\?|\./g, (token) =>
          token === '.' ? '\\.' : token === '?' ? '[^.]' : token === '*' ? '[^.]*' : '.*',
        );
        expect(matches(text, group)).toBe(new RegExp(`^${source}$`, 's').test(group));
      }),
      { numRuns: 1000 },
    );
  });

  it('are matched in a time that does not explode', () => {
    expect(matches(`*a*a*a*a*${'b'.repeat(900)}`, 'a'.repeat(1024))).toBe(false);
  });
});
