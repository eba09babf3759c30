import { printFilterExpression, type FilterExpression } from './filter-expression.js';

/** A `filter` that cannot be parsed or evaluated; the message is the one REST answers with [rest-api 7.2]. */
export class InvalidFilterError extends Error {
  override readonly name = 'InvalidFilterError';

  constructor(culprit: string | FilterExpression, problem: string) {
    const text = typeof culprit === 'string' ? culprit : printFilterExpression(culprit);
    super(`Invalid syntax for '${text}': ${problem} (Parameter 'filter')`);
  }
}

/** A part that is understood but not served. The expression or call around it is named by whoever catches it. */
export class FilterPartError extends Error {
  override readonly name = 'FilterPartError';

  static notSupported(part: string | FilterExpression): FilterPartError {
    return new FilterPartError(
      `Token '${typeof part === 'string' ? part : printFilterExpression(part)}' is not supported.`,
    );
  }

  static invalid(part: string | FilterExpression): FilterPartError {
    return new FilterPartError(`Invalid token '${typeof part === 'string' ? part : printFilterExpression(part)}'.`);
  }
}
