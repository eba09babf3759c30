import { matchesFilter, validateFilter, type FilterSubject } from './filter/filter.evaluator.js';
import { parseFilter } from './filter/filter.parser.js';

export { InvalidFilterError } from './filter/filter.errors.js';
export type { FilterSubject } from './filter/filter.evaluator.js';

/** Whether a connection is meant. Throws an InvalidFilterError when its values have a type the filter cannot use. */
export type ConnectionFilter = (connection: FilterSubject) => boolean;

/**
 * Makes a test out of a REST `filter`, an OData expression on a connection [rest-api 7]. It is tried on an empty
 * connection first, so that most mistakes show before anything is delivered. Throws an InvalidFilterError.
 */
export function compileConnectionFilter(text: string): ConnectionFilter {
  const expression = parseFilter(text);
  validateFilter(expression, text);
  return (connection) => matchesFilter(expression, text, connection);
}
