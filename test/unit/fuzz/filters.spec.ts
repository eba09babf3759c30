import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  compileConnectionFilter,
  InvalidFilterError,
  type FilterSubject,
} from '../../../src/emulator/core/connection-filter.js';
import { readFilterTokens } from '../../../src/emulator/core/filter/filter.lexer.js';
import { parseFilter } from '../../../src/emulator/core/filter/filter.parser.js';
import { printFilterExpression } from '../../../src/emulator/core/filter/filter-expression.js';
import { expectCleanPrototypes, hostileText, PROTOTYPE_NAMES } from '../../support/hostile-values.js';

expectCleanPrototypes();

const SUBJECT: FilterSubject = { connectionId: 'c1', userId: 'ann', groups: new Set(['blue', '__proto__']) };

/** Undefined: refused, and with the one error that is for that. */
function evaluate(text: string, subject: FilterSubject = SUBJECT): boolean | undefined {
  try {
    return compileConnectionFilter(text)(subject);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidFilterError);
    return undefined;
  }
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** Expressions of the grammar [rest-api 7.1], right in form if not always in type. */
const { filter } = fc.letrec<{ filter: string; primary: string }>((tie) => ({
  primary: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('userId', 'connectionId', 'groups', 'protocol', 'null', 'true', '0', '-2147483648', '2147483647'),
    hostileText.map(quoted),
    fc
      .tuple(fc.constantFrom('length', 'tolower', 'toupper', 'trim'), tie('primary'))
      .map(([name, a]) => `${name}(${a})`),
    fc
      .tuple(fc.constantFrom('contains', 'startswith', 'endswith', 'indexof', 'concat'), tie('primary'), tie('primary'))
      .map(([name, a, b]) => `${name}(${a},${b})`),
    fc
      .tuple(tie('primary'), fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 }))
      .map(([text, start, length]) => `substring(${text}, ${start}, ${length})`),
    tie('filter').map((expression) => `(${expression})`),
  ),
  filter: fc.oneof(
    { depthSize: 'small' },
    tie('primary'),
    tie('primary').map((operand) => `not (${operand})`),
    fc
      .tuple(tie('primary'), fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le', 'and', 'or'), tie('primary'))
      .map((parts) => parts.join(' ')),
    fc.tuple(tie('primary'), fc.array(tie('primary'), { minLength: 1, maxLength: 3 })).map(([left, items]) => {
      return `${left} in (${items.join(', ')})`;
    }),
    tie('primary').map((left) => `${left} in groups`),
  ),
}));

describe('filters [rest-api 7]', () => {
  it('of the grammar give an answer or are refused', () => {
    fc.assert(
      fc.property(filter, (text) => void evaluate(text)),
      { numRuns: 500 },
    );
  });

  it('of any text give an answer or are refused', () => {
    const token = fc.constantFrom(
      ...[
        'userId',
        'groups',
        'eq',
        'and',
        'or',
        'not',
        'in',
        '(',
        ')',
        ',',
        "'",
        "''",
        '1',
        '-',
        'length(',
        'null',
        ' ',
      ],
      ...PROTOTYPE_NAMES,
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(token, hostileText), { maxLength: 12 }),
        (tokens) => void evaluate(tokens.join(' ')),
      ),
      { numRuns: 500 },
    );
  });

  it('are printed for messages as what is parsed to the same', () => {
    fc.assert(
      fc.property(filter, (text) => {
        let expression;
        try {
          expression = parseFilter(text);
        } catch {
          return;
        }
        // Quotes are not doubled in messages.
        if (!text.includes("''")) expect(parseFilter(printFilterExpression(expression))).toEqual(expression);
      }),
    );
  });

  it('hold a string of any characters', () => {
    fc.assert(
      fc.property(hostileText, (userId) => {
        expect(evaluate(`userId eq ${quoted(userId)}`, { ...SUBJECT, userId })).toBe(true);
        expect(evaluate(`${quoted(userId)} in groups`, { ...SUBJECT, groups: new Set([userId]) })).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.each(PROTOTYPE_NAMES)('know no property and no function called %s', (name) => {
    expect(evaluate(`${name} eq null`)).toBeUndefined();
    expect(evaluate(`${name}('a') eq null`)).toBeUndefined();
  });

  const SIZE = 60_000;
  it.each<[string, string]>([
    ['parentheses', `${'('.repeat(SIZE)}true${')'.repeat(SIZE)}`],
    ['parentheses that do not close', '('.repeat(SIZE)],
    ['negations', `${'not '.repeat(SIZE)}true`],
    ['negations in parentheses', `${'not ('.repeat(SIZE)}true${')'.repeat(SIZE)}`],
    ['a chain of and', Array.from({ length: SIZE / 10 }, () => 'true').join(' and ')],
    ['a chain of or', Array.from({ length: SIZE / 10 }, () => 'true').join(' or ')],
    ['a chain of comparisons', Array.from({ length: SIZE / 10 }, () => 'null').join(' eq ')],
    ['calls in calls', `${'tolower('.repeat(SIZE)}userId${')'.repeat(SIZE)} eq 'a'`],
    ['lists in lists', `userId in ${'('.repeat(SIZE)}userId${')'.repeat(SIZE)}`],
    ['a long list', `userId in (${Array.from({ length: SIZE / 5 }, () => "'a'").join(',')})`],
    ['a string without an end', `'${'a'.repeat(SIZE * 10)}`],
    ['quotes without an end', "'".repeat(SIZE * 10 + 1)],
    ['blanks', `${' '.repeat(SIZE * 10)}true`],
    ['a long word', 'a'.repeat(SIZE * 10)],
    ['a long path', 'a/'.repeat(SIZE * 5)],
    ['a long number', '1'.repeat(SIZE * 10)],
    ['in after in', `userId${' in groups'.repeat(SIZE)}`],
  ])('with %s are answered or refused, in time that grows with their length', (_name, text) => {
    evaluate(text);
  });

  it('are split into no more tokens than they have characters', () => {
    fc.assert(
      fc.property(filter, (text) => expect(readFilterTokens(text).length).toBeLessThanOrEqual(text.length + 1)),
    );
  });

  it('of concatenations do not grow faster than their own text', () => {
    // Each level names the one below twice, so that the text itself doubles; deeper than the limit it is refused.
    let text = 'userId';
    for (let level = 0; level < 12; level++) text = `concat(${text},${text})`;
    expect(evaluate(`length(${text}) eq ${3 * 2 ** 12}`)).toBe(true);
    let deep = 'userId';
    for (let level = 0; level < 200; level++) deep = `concat(${deep},'a')`;
    expect(evaluate(`length(${deep}) gt 1`)).toBeUndefined();
  });
});
