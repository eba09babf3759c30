import type { ComparisonOperator, FilterExpression, LogicalOperator } from './filter-expression.js';
import { FilterPartError, InvalidFilterError } from './filter.errors.js';
import { readFilterTokens, type FilterToken } from './filter.lexer.js';

/** Of nesting, as in the service's parser [rest-api 7]. */
const MAX_DEPTH = 100;
/** A chain of operators nests to the left, and whoever evaluates it goes down all of it; the service advises 100. */
const MAX_OPERATORS = 1_000;
const COMPARISONS = new Set<string>(['eq', 'ne', 'gt', 'ge', 'lt', 'le'] satisfies ComparisonOperator[]);
const KEYWORDS = new Set([...COMPARISONS, 'and', 'or', 'not', 'in']);
const CONSTANTS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

/** Throws an InvalidFilterError. Time and memory grow with the length of the text, not faster. */
export function parseFilter(text: string): FilterExpression {
  try {
    return new FilterParser(readFilterTokens(text)).parse();
  } catch (error) {
    throw error instanceof FilterPartError ? new InvalidFilterError(text, error.message) : error;
  }
}

/** Recursive descent over the grammar of [rest-api 7.1]; a method per level of precedence. */
class FilterParser {
  #next = 0;
  #depth = 0;
  #operators = 0;

  constructor(private readonly tokens: readonly FilterToken[]) {}

  parse(): FilterExpression {
    const expression = this.#or();
    if (this.#token.kind !== 'end') this.#refuse();
    return expression;
  }

  get #token(): FilterToken {
    return this.tokens[this.#next];
  }

  #or(): FilterExpression {
    return this.#logical('or', () => this.#logical('and', () => this.#comparison()));
  }

  #logical(operator: LogicalOperator, operand: () => FilterExpression): FilterExpression {
    let left = operand();
    while (this.#takeWord(operator)) {
      this.#countOperator();
      left = { kind: 'binary', operator, left, right: operand() };
    }
    return left;
  }

  #comparison(): FilterExpression {
    let left = this.#unary();
    while (this.#token.kind === 'word' && COMPARISONS.has(this.#token.text)) {
      this.#countOperator();
      const operator = this.#take().text as ComparisonOperator;
      left = { kind: 'binary', operator, left, right: this.#unary() };
    }
    return left;
  }

  /** `not` takes the next operand only; `in` belongs to that operand, as OData has it [assumed]. */
  #unary(): FilterExpression {
    if (!this.#takeWord('not')) return this.#membership();
    return { kind: 'not', operand: this.#deeper(() => this.#unary()) };
  }

  #membership(): FilterExpression {
    const left = this.#primary();
    if (!this.#takeWord('in')) return left;
    return { kind: 'in', left, right: this.#isAt('(') ? { kind: 'list', items: this.#arguments() } : this.#primary() };
  }

  #primary(): FilterExpression {
    const token = this.#token;
    if (this.#isAt('(')) {
      this.#next++;
      const expression = this.#deeper(() => this.#or());
      this.#expect(')');
      return expression;
    }
    if (token.kind === 'end' || token.kind === 'punctuation') return this.#refuse();
    this.#next++;
    if (token.kind === 'string') return { kind: 'literal', value: token.text };
    if (token.kind === 'integer') return { kind: 'literal', value: Number(token.text) };
    if (KEYWORDS.has(token.text)) return this.#refuse(token);
    if (this.#isAt('(')) return { kind: 'call', name: token.text, arguments: this.#arguments() };
    const constant = Object.hasOwn(CONSTANTS, token.text) ? CONSTANTS[token.text] : undefined;
    return constant === undefined ? { kind: 'property', name: token.text } : { kind: 'literal', value: constant };
  }

  #arguments(): FilterExpression[] {
    this.#expect('(');
    const items = [this.#deeper(() => this.#or())];
    while (this.#isAt(',')) {
      this.#next++;
      items.push(this.#deeper(() => this.#or()));
    }
    this.#expect(')');
    return items;
  }

  #deeper(parse: () => FilterExpression): FilterExpression {
    if (++this.#depth > MAX_DEPTH) {
      throw new FilterPartError(`The expression is nested more than ${MAX_DEPTH} levels deep.`);
    }
    const expression = parse();
    this.#depth--;
    return expression;
  }

  #take(): FilterToken {
    return this.tokens[this.#next++];
  }

  #takeWord(word: string): boolean {
    const isNext = this.#token.kind === 'word' && this.#token.text === word;
    if (isNext) this.#next++;
    return isNext;
  }

  #isAt(punctuation: string): boolean {
    return this.#token.kind === 'punctuation' && this.#token.text === punctuation;
  }

  #expect(punctuation: string): void {
    if (!this.#isAt(punctuation)) this.#refuse();
    this.#next++;
  }

  #countOperator(): void {
    if (++this.#operators > MAX_OPERATORS) {
      throw new FilterPartError(`The expression has more than ${MAX_OPERATORS} operators.`);
    }
  }

  #refuse(token = this.#token): never {
    throw new FilterPartError(
      token.kind === 'end'
        ? 'The expression ends too early.'
        : `Syntax error at position ${token.position}: '${token.text}' is not expected here.`,
    );
  }
}
