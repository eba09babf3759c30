import type { FilterExpression } from './filter-expression.js';
import { FilterPartError } from './filter.errors.js';
import { integerOf, NULL, stringOf, type FilterValue } from './filter-value.js';

type Call = FilterExpression & { kind: 'call' };

interface FilterFunction {
  readonly argumentCounts: readonly number[];
  call(values: readonly FilterValue[], call: Call, isValidation: boolean): FilterValue;
}

/** One of the functions of [rest-api 7.2]. Throws for any other, and for a wrong number of arguments. */
export function findFilterFunction(call: Call): FilterFunction {
  const known = FUNCTIONS.get(call.name);
  if (!known) throw FilterPartError.notSupported(call);
  if (!known.argumentCounts.includes(call.arguments.length)) throw FilterPartError.invalid(call);
  return known;
}

const FUNCTIONS = new Map<string, FilterFunction>([
  ['length', { argumentCounts: [1], call: ([value], call) => lengthOf(value, call) }],
  ['tolower', transform((text) => text.toLowerCase())],
  ['toupper', transform((text) => text.toUpperCase())],
  ['trim', transform((text) => text.trim())],
  ['contains', ofTwoStrings((text, part) => boolean(text.includes(part)), boolean(false))],
  ['startswith', ofTwoStrings((text, part) => boolean(text.startsWith(part)), boolean(false))],
  ['endswith', ofTwoStrings((text, part) => boolean(text.endsWith(part)), boolean(false))],
  ['indexof', ofTwoStrings((text, part) => ({ type: 'int', value: text.indexOf(part) }), { type: 'int', value: -1 })],
  ['concat', { argumentCounts: [2], call: ([left, right], call) => concat(left, right, call) }],
  ['substring', { argumentCounts: [2, 3], call: substring }],
]);

function lengthOf(value: FilterValue, call: Call): FilterValue {
  if (value.value === null) return NULL;
  if (value.type === 'string') return { type: 'int', value: value.value.length };
  if (value.type === 'collection') return { type: 'int', value: value.value.size };
  throw FilterPartError.invalid(call);
}

function transform(change: (text: string) => string): FilterFunction {
  return {
    argumentCounts: [1],
    call([value], call) {
      const text = value.value === null ? null : stringOf(value, call);
      return text === null ? NULL : { type: 'string', value: change(text) };
    },
  };
}

function ofTwoStrings(compute: (text: string, part: string) => FilterValue, forNull: FilterValue): FilterFunction {
  return {
    argumentCounts: [2],
    call([first, second], call) {
      if (first.value === null || second.value === null) return forNull;
      const [text, part] = [stringOf(first, call), stringOf(second, call)];
      return text === null || part === null ? forNull : compute(text, part);
    },
  };
}

function boolean(value: boolean): FilterValue {
  return { type: 'bool', value };
}

function concat(left: FilterValue, right: FilterValue, call: Call): FilterValue {
  if (left.value === null && right.value === null) return NULL;
  if (left.value === null) return { type: 'string', value: stringOf(right, call) };
  if (right.value === null) return { type: 'string', value: stringOf(left, call) };
  return { type: 'string', value: `${stringOf(left, call)}${stringOf(right, call)}` };
}

function substring(values: readonly FilterValue[], call: Call, isValidation: boolean): FilterValue {
  const [value, first, second] = values;
  const start = integerOf(first, call);
  const length = second === undefined ? undefined : integerOf(second, call);
  const text = value.value === null ? null : stringOf(value, call);
  if (text === null) return NULL;
  // The dummy connection's texts are empty: whatever the range, a real connection may have it.
  if (isValidation) return { type: 'string', value: '' };
  const end = length === undefined ? text.length : start + length;
  if (start < 0 || start > text.length || end < start || end > text.length) return NULL;
  return { type: 'string', value: text.slice(start, end) };
}
