import { array, assert, constantFrom, oneof, property, string } from '../../../support/property.js';
import { describe, expect, it } from '@jest/globals';
import {
  compileConnectionFilter,
  InvalidFilterError,
  type FilterSubject,
} from '../../../../src/emulator/core/connection-filter.js';

const nora: FilterSubject = {
  connectionId: 'c1',
  userId: 'nora',
  groups: new Set(['blue', 'room.1']),
  subprotocol: 'json.webpubsub.azure.v1',
};
const anonymous: FilterSubject = { connectionId: 'c2', groups: new Set() };

/** The refusal in words; any other failure is thrown. */
function messageOf(filter: string, subject = anonymous): string {
  const outcome = outcomeOf(filter, subject);
  if (typeof outcome === 'boolean') throw new Error(`${filter} was accepted.`);
  return outcome;
}

function outcomeOf(filter: string, subject = anonymous): boolean | string {
  try {
    return compileConnectionFilter(filter)(subject);
  } catch (error) {
    if (error instanceof InvalidFilterError) return error.message;
    throw error;
  }
}

describe('a filter [rest-api 7]', () => {
  it.each<[string, boolean, boolean]>([
    // the examples of the reference
    ["'blue' in groups and userId ne 'nora'", false, false],
    ["userId in ('a','nora')", true, false],
    ["not ('admins' in groups)", true, true],
    ["protocol eq 'json.webpubsub.azure.v1'", true, false],
    ['length(groups) gt 1', true, false],
    ['userId eq null', false, true],
    // literals and properties
    ['true', true, true],
    ['false', false, false],
    ['null eq null', true, true],
    ["'o''neil' eq 'o''neil'", true, true],
    ["USERID eq 'nora'", true, false],
    ["ConnectionId eq 'c1'", true, false],
    ["userId eq 'Nora'", false, false],
    ['protocol eq null', false, true],
    // precedence, tightest first: not, comparison and in, and, or
    ['true or false and false', true, true],
    ['(true or false) and false', false, false],
    ['not false and false', false, false],
    ['not (false and false)', true, true],
    ["not 'blue' in groups", false, true],
    ['not not true', true, true],
    ['1 eq 1 eq true', true, true],
    // comparison
    ['1 eq 1', true, true],
    ["1 eq '1'", false, false],
    ["1 ne '1'", true, true],
    ['2 gt 1 and 1 ge 1 and 1 lt 2 and 1 le 1', true, true],
    ['-1 lt +1', true, true],
    ['2147483647 gt -2147483648', true, true],
    ['length(userId) gt 3', true, false],
    ['length(userId) le 3', false, false],
    // in
    ['1 in (1, 2)', true, true],
    ["'1' in (1, 2)", false, false],
    ['null in (userId)', false, true],
    ["tolower('NORA') in (userId, 'x')", true, false],
    ["'blue' in ('a', concat('bl', 'ue'))", true, true],
    ['1 in groups', false, false],
    // functions
    ["tolower('Ab') eq 'ab' and toupper('Ab') eq 'AB' and trim(' a ') eq 'a'", true, true],
    ["contains(userId, 'or')", true, false],
    ["startswith(userId,'no') and endswith(userId,'ra')", true, false],
    ["contains(userId, null) or contains(null, 'a')", false, false],
    ["indexof(userId, 'r') eq 2", true, false],
    ["indexof(userId, 'x') eq -1", true, true],
    ["concat(userId, '!') eq 'nora!'", true, false],
    ["concat(userId, '!') eq '!'", false, true],
    ['concat(userId, null) eq null', false, true],
    ["substring('nora', 1) eq 'ora'", true, true],
    ["substring('nora', 1, 2) eq 'or'", true, true],
    ["substring('nora', 4) eq ''", true, true],
    ["substring('nora', 5) eq null", true, true],
    ["substring('nora', -1) eq null", true, true],
    ["substring('nora', 1, 4) eq null", true, true],
    ["substring(userId, 1) eq 'ora'", true, false],
    ["startswith(substring(userId, 1), 'or')", true, false],
    ['length(userId) eq null', false, true],
    ['length(groups) eq 0', false, true],
    // white space
    ["\t( userId\teq 'nora' )\n", true, false],
    ["userId in('nora')", true, false],
    ["not(userId eq 'nora')", false, true],
  ])('%s is %s for nora and %s for an anonymous connection', (filter, forNora, forAnonymous) => {
    const test = compileConnectionFilter(filter);
    expect([test(nora), test(anonymous)]).toEqual([forNora, forAnonymous]);
  });

  it.each<[string, string]>([
    // the examples of the reference
    ['length(userId)', "Invalid syntax for 'length(userId)': Type 'null', expect 'bool'. (Parameter 'filter')"],
    [
      'not length(userId) gt 5',
      "Invalid syntax for 'not length(userId)': Type 'null', expect 'bool'. (Parameter 'filter')",
    ],
    // types
    ['userId', "Invalid syntax for 'userId': Type 'string', expect 'bool'. (Parameter 'filter')"],
    ['groups', "Invalid syntax for 'groups': Type 'collection', expect 'bool'. (Parameter 'filter')"],
    ['5', "Invalid syntax for '5': Type 'int', expect 'bool'. (Parameter 'filter')"],
    ['true and userId', "Invalid syntax for 'true and userId': Type 'string', expect 'bool'. (Parameter 'filter')"],
    ['true or 1 eq 1 and 2', "Invalid syntax for '(1 eq 1) and 2': Type 'int', expect 'bool'. (Parameter 'filter')"],
    ['userId gt 5', "Invalid syntax for 'userId gt 5': Type 'string', expect 'int'. (Parameter 'filter')"],
    ["'a' lt 'b'", "Invalid syntax for ''a' lt 'b'': Type 'string', expect 'int'. (Parameter 'filter')"],
    ['tolower(1) eq 1', "Invalid syntax for 'tolower(1)': Type 'int', expect 'string'. (Parameter 'filter')"],
    [
      "substring('a', 'b') eq 'a'",
      "Invalid syntax for 'substring('a','b')': Type 'string', expect 'int'. (Parameter 'filter')",
    ],
    ["'a' in userId", "Invalid syntax for ''a' in userId': Invalid token 'null'. (Parameter 'filter')"],
    ["'a' in 'a'", "Invalid syntax for ''a' in 'a'': Invalid token 'a'. (Parameter 'filter')"],
    ["'a' in 1", "Invalid syntax for ''a' in 1': Type 'int', expect 'string'. (Parameter 'filter')"],
    // what is not served
    ['name eq 1', "Invalid syntax for 'name eq 1': Token 'name' is not supported. (Parameter 'filter')"],
    ['not name', "Invalid syntax for 'not name': Token 'name' is not supported. (Parameter 'filter')"],
    ['year(name) eq 1', "Invalid syntax for 'year(name)': Token 'year(name)' is not supported. (Parameter 'filter')"],
    ["year('a') eq 1", "Invalid syntax for 'year('a')': Token 'year('a')' is not supported. (Parameter 'filter')"],
    [
      'length(userId, 1) eq 1',
      "Invalid syntax for 'length(userId,1)': Invalid token 'length(userId,1)'. (Parameter 'filter')",
    ],
    [
      'Length(userId) eq 1',
      "Invalid syntax for 'Length(userId)': Token 'Length(userId)' is not supported. (Parameter 'filter')",
    ],
    [
      "groups/any(g: g eq 'a')",
      "Invalid syntax for 'groups/any(g: g eq 'a')': Token 'groups/any' is not supported. (Parameter 'filter')",
    ],
    ['1.5 eq 1', "Invalid syntax for '1.5 eq 1': Token '1.5' is not supported. (Parameter 'filter')"],
    [
      '2147483648 eq 1',
      "Invalid syntax for '2147483648 eq 1': Token '2147483648' is not supported. (Parameter 'filter')",
    ],
    ['1L eq 1', "Invalid syntax for '1L eq 1': Token '1L' is not supported. (Parameter 'filter')"],
    [
      '2024-01-01 eq 1',
      "Invalid syntax for '2024-01-01 eq 1': Token '2024-01-01' is not supported. (Parameter 'filter')",
    ],
    // syntax
    ['', "Invalid syntax for '': The expression ends too early. (Parameter 'filter')"],
    ['(true', "Invalid syntax for '(true': The expression ends too early. (Parameter 'filter')"],
    ['true)', "Invalid syntax for 'true)': Syntax error at position 4: ')' is not expected here. (Parameter 'filter')"],
    [
      'true AND true',
      "Invalid syntax for 'true AND true': Syntax error at position 5: 'AND' is not expected here. (Parameter 'filter')",
    ],
    ['userId eq', "Invalid syntax for 'userId eq': The expression ends too early. (Parameter 'filter')"],
    [
      '1 add 1 eq 2',
      "Invalid syntax for '1 add 1 eq 2': Syntax error at position 2: 'add' is not expected here. (Parameter 'filter')",
    ],
    [
      "userId eq 'a",
      "Invalid syntax for 'userId eq 'a': The string that begins at position 10 has no end. (Parameter 'filter')",
    ],
    ['a & b', "Invalid syntax for 'a & b': The character '&' at position 2 is not expected. (Parameter 'filter')"],
    [
      '1 in ()',
      "Invalid syntax for '1 in ()': Syntax error at position 6: ')' is not expected here. (Parameter 'filter')",
    ],
    [
      'length() eq 1',
      "Invalid syntax for 'length() eq 1': Syntax error at position 7: ')' is not expected here. (Parameter 'filter')",
    ],
  ])('%s is refused', (filter, message) => {
    expect(messageOf(filter)).toBe(message);
  });

  it('evaluates both sides of and and or, so that a mistake shows whatever the values [rest-api 7.2]', () => {
    expect(messageOf('false and length(userId)')).toContain("expect 'bool'");
    expect(messageOf('true or length(userId)')).toContain("expect 'bool'");
  });

  it('may fail on a connection though it passed the empty one', () => {
    const test = compileConnectionFilter('tolower(userId) gt 5');
    expect(test(anonymous)).toBe(false);
    expect(() => test(nora)).toThrow("Invalid syntax for 'tolower(userId) gt 5': Type 'string', expect 'int'.");
  });

  it.each([
    ['parentheses', (depth: number) => `${'('.repeat(depth)}true${')'.repeat(depth)}`],
    ['not', (depth: number) => `${'not '.repeat(depth)}true`],
    ['calls', (depth: number) => `contains(${'tolower('.repeat(depth - 1)}'a'${')'.repeat(depth - 1)}, 'a')`],
  ])('nests %s 100 deep and no deeper', (_name, nest) => {
    expect(() => compileConnectionFilter(nest(100))).not.toThrow();
    expect(messageOf(nest(101))).toContain('nested more than 100 levels deep');
    expect(messageOf(nest(100_000))).toContain('nested more than 100 levels deep');
  });

  it('has at most 1,000 operators', () => {
    expect(compileConnectionFilter(Array.from({ length: 1001 }, () => 'true').join(' and '))(nora)).toBe(true);
    expect(messageOf(Array.from({ length: 1002 }, () => 'true').join(' or '))).toContain('more than 1000 operators');
    expect(messageOf(`1${' eq 1'.repeat(1001)}`)).toContain('more than 1000 operators');
  });

  it('answers whatever text in time that grows with its length', () => {
    const words = [
      '(',
      ')',
      ',',
      "'",
      "''",
      'and',
      'or',
      'not',
      'in',
      'eq',
      'groups',
      'userId',
      '1',
      '-',
      'length',
      ' ',
      '.',
    ];
    assert(
      property(array(oneof(constantFrom(...words), string()), { maxLength: 60 }), (parts) => {
        expect(['boolean', 'string']).toContain(typeof outcomeOf(parts.join(' ')));
      }),
      { numRuns: 2000 },
    );
    // In quadratic time these would take hours.
    for (const part of ["''", '(', 'not ', "'a' in (", ' ', '1 ', 'a', '-']) {
      expect(messageOf(part.repeat(1_000_000 / part.length))).toContain('Invalid syntax');
    }
  });
});
