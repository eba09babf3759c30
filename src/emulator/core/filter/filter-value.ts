import type { FilterExpression } from './filter-expression.js';
import { InvalidFilterError } from './filter.errors.js';

/** What a part of a filter evaluates to; the type names are those of the service's messages [rest-api 7.2]. */
export type FilterValue =
  | { readonly type: 'null'; readonly value: null }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'string'; readonly value: string | null }
  | { readonly type: 'collection'; readonly value: ReadonlySet<string> };

export const NULL: FilterValue = { type: 'null', value: null };

/** Each of these throws an InvalidFilterError that names `expression`, for which the value is needed. */
export function booleanOf(value: FilterValue, expression: FilterExpression): boolean {
  return value.type === 'bool' ? value.value : refuse(value, 'bool', expression);
}

export function integerOf(value: FilterValue, expression: FilterExpression): number {
  return value.type === 'int' ? value.value : refuse(value, 'int', expression);
}

export function stringOf(value: FilterValue, expression: FilterExpression): string | null {
  return value.type === 'string' ? value.value : refuse(value, 'string', expression);
}

function refuse(value: FilterValue, expected: FilterValue['type'], expression: FilterExpression): never {
  throw new InvalidFilterError(expression, `Type '${value.type}', expect '${expected}'.`);
}
