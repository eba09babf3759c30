import type { ComparisonOperator, FilterExpression } from './filter-expression.js';
import { FilterPartError, InvalidFilterError } from './filter.errors.js';
import { findFilterFunction } from './filter-functions.js';
import { booleanOf, integerOf, stringOf, type FilterValue } from './filter-value.js';

/** What a filter looks at; a ClientConnection is one. */
export interface FilterSubject {
  readonly connectionId: string;
  readonly userId?: string;
  readonly groups: ReadonlySet<string>;
  readonly subprotocol?: string;
}

/** The connection a filter is tried on before it is used [rest-api 7.2]. */
const DUMMY: FilterSubject = { connectionId: '', groups: new Set() };

/** Throws an InvalidFilterError when the filter cannot be evaluated, whatever the connection. */
export function validateFilter(expression: FilterExpression, text: string): void {
  matchesFilter(expression, text, DUMMY);
}

/** Throws an InvalidFilterError for a type error that shows only with that connection's values. */
export function matchesFilter(expression: FilterExpression, text: string, subject: FilterSubject): boolean {
  try {
    return booleanOf(evaluate(expression, subject), expression);
  } catch (error) {
    throw error instanceof FilterPartError ? new InvalidFilterError(text, error.message) : error;
  }
}

function evaluate(expression: FilterExpression, subject: FilterSubject): FilterValue {
  switch (expression.kind) {
    case 'literal':
      return literal(expression.value);
    case 'property':
      return property(expression.name, subject);
    case 'not':
      return { type: 'bool', value: !booleanOf(evaluate(expression.operand, subject), expression) };
    case 'binary':
      return naming(expression, () => evaluateBinary(expression, subject));
    case 'in':
      return naming(expression, () => evaluateIn(expression, subject));
    case 'call':
      return naming(expression, () => {
        const known = findFilterFunction(expression);
        const values = expression.arguments.map((argument) => evaluate(argument, subject));
        return known.call(values, expression, subject === DUMMY);
      });
    case 'list':
      throw FilterPartError.notSupported(expression);
  }
}

/** The innermost operator or call around an unsupported part is what the message names. */
function naming(expression: FilterExpression, evaluation: () => FilterValue): FilterValue {
  try {
    return evaluation();
  } catch (error) {
    throw error instanceof FilterPartError ? new InvalidFilterError(expression, error.message) : error;
  }
}

function evaluateBinary(expression: FilterExpression & { kind: 'binary' }, subject: FilterSubject): FilterValue {
  const { operator } = expression;
  const left = evaluate(expression.left, subject);
  const right = evaluate(expression.right, subject);
  switch (operator) {
    // [rest-api 7.2] both sides are always looked at, so that a type error shows whatever the values
    case 'and': {
      const [a, b] = [booleanOf(left, expression), booleanOf(right, expression)];
      return { type: 'bool', value: a && b };
    }
    case 'or': {
      const [a, b] = [booleanOf(left, expression), booleanOf(right, expression)];
      return { type: 'bool', value: a || b };
    }
    case 'eq':
      return { type: 'bool', value: left.value === right.value };
    case 'ne':
      return { type: 'bool', value: left.value !== right.value };
    default:
      return { type: 'bool', value: isInOrder(operator, left, right, expression) };
  }
}

function isInOrder(
  operator: Exclude<ComparisonOperator, 'eq' | 'ne'>,
  left: FilterValue,
  right: FilterValue,
  expression: FilterExpression,
): boolean {
  if (left.type === 'null' || right.type === 'null') return false;
  const difference = integerOf(left, expression) - integerOf(right, expression);
  switch (operator) {
    case 'gt':
      return difference > 0;
    case 'ge':
      return difference >= 0;
    case 'lt':
      return difference < 0;
    case 'le':
      return difference <= 0;
  }
}

function evaluateIn(expression: FilterExpression & { kind: 'in' }, subject: FilterSubject): FilterValue {
  const { value } = evaluate(expression.left, subject);
  if (expression.right.kind === 'list') {
    const items = expression.right.items.map((item) => evaluate(item, subject).value);
    return { type: 'bool', value: items.includes(value) };
  }
  const right = evaluate(expression.right, subject);
  if (right.type !== 'collection') throw FilterPartError.invalid(stringOf(right, expression) ?? 'null');
  return { type: 'bool', value: typeof value === 'string' && right.value.has(value) };
}

function literal(value: string | number | boolean | null): FilterValue {
  switch (typeof value) {
    case 'string':
      return { type: 'string', value };
    case 'number':
      return { type: 'int', value };
    case 'boolean':
      return { type: 'bool', value };
    default:
      return { type: 'null', value: null };
  }
}

/** Names are compared without regard to case. A user id that is not there is a string without value. */
function property(name: string, subject: FilterSubject): FilterValue {
  switch (name.toLowerCase()) {
    case 'userid':
      return { type: 'string', value: subject.userId ?? null };
    case 'connectionid':
      return { type: 'string', value: subject.connectionId };
    case 'groups':
      return { type: 'collection', value: subject.groups };
    case 'protocol':
      return { type: 'string', value: subject.subprotocol ?? null };
    default:
      throw FilterPartError.notSupported(name);
  }
}
