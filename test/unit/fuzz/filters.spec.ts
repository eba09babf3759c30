import { describe, expect, it } from '@jest/globals';
import * as fc from '../../support/property.js';
import {
  compileConnectionFilter,
  InvalidFilterError,
  type FilterSubject,
} from '../../../src/emulator/core/connection-filter.js';
import { readFilterTokens } from '../../../src/emulator/core/filter/filter.lexer.js';
import { parseFilter } from '../../../src/emulator/core/filter/filter.parser.js';
import { printFilterExpression } from '../../../src/emulator/core/filter/filter-expression.js';
import { countCalls } from '../../support/count-calls.js';
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

  const DEPTH = /nested more than 100 levels deep/;
  const OPERATORS = /more than 1000 operators/;
  const repeat = (count: number, text: string, separator = '') =>
    Array.from({ length: count }, () => text).join(separator);

  /** How a filter of some shape is written so many times over, and how the longest ends: answered, or refused for that. */
  const SHAPES: [name: string, write: (size: number) => string, longest: boolean | RegExp][] = [
    ['parentheses', (size) => `${'('.repeat(size)}true${')'.repeat(size)}`, DEPTH],
    ['parentheses that do not close', (size) => '('.repeat(size), DEPTH],
    ['negations', (size) => `${'not '.repeat(size)}true`, DEPTH],
    ['negations in parentheses', (size) => `${'not ('.repeat(size)}true${')'.repeat(size)}`, DEPTH],
    ['a chain of and', (size) => repeat(size, 'true', ' and '), OPERATORS],
    ['a chain of or', (size) => repeat(size, 'true', ' or '), OPERATORS],
    ['a chain of comparisons', (size) => repeat(size, 'null', ' eq '), OPERATORS],
    ['calls in calls', (size) => `${'tolower('.repeat(size)}userId${')'.repeat(size)} eq 'ann'`, DEPTH],
    ['lists in lists', (size) => `userId in ${'('.repeat(size)}userId${')'.repeat(size)}`, DEPTH],
    ['a long list', (size) => `userId in (${repeat(size, "'a'", ',')})`, false],
    ['a string without an end', (size) => `'${'a'.repeat(size)}`, /has no end/],
    ['quotes without an end', (size) => "'".repeat(2 * size + 1), /has no end/],
    ['blanks', (size) => `${' '.repeat(size)}true`, true],
    ['a long word', (size) => 'a'.repeat(size), /is not supported/],
    ['a long path', (size) => 'a/'.repeat(size), /is not supported/],
    ['a long number', (size) => '1'.repeat(size), /is not supported/],
    ['in after in', (size) => `userId${' in groups'.repeat(size)}`, /not expected here/],
  ];
  const LONGEST = 60_000;

  // Small sizes: what takes exponential time fails here, instead of never ending.
  it.each(SHAPES)('with %s take the same work for each piece, however many there are', (_, write) => {
    const runs = [4, 8, 16].map((size) => () => void evaluate(write(size)));
    const [four = 0, eight = 0, sixteen = 0] = countCalls('/src/emulator/core/filter/', runs);
    expect(four).toBeGreaterThan(0);
    expect(sixteen - eight).toBeLessThanOrEqual(2 * (eight - four));
  });

  it.each(SHAPES)('with %s are answered, or refused for what is too much', (_, write, longest) => {
    const text = write(LONGEST);
    if (typeof longest === 'boolean') return expect(evaluate(text)).toBe(longest);
    expect(() => compileConnectionFilter(text)).toThrow(InvalidFilterError);
    expect(() => compileConnectionFilter(text)).toThrow(longest);
  });

  it('look at a connection once for each name in their text, however deep', () => {
    let readCount = 0;
    const subject: FilterSubject = {
      ...SUBJECT,
      get userId() {
        readCount++;
        return 'ann';
      },
    };
    const matches = compileConnectionFilter(`${'not ('.repeat(10)}concat(userId, userId) eq 'annann'${')'.repeat(10)}`);
    readCount = 0;
    expect(matches(subject)).toBe(true);
    expect(readCount).toBe(2);
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
