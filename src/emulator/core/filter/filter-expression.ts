/** A parsed `filter` expression [rest-api 7.1]. */
export type FilterExpression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'property'; readonly name: string }
  | { readonly kind: 'not'; readonly operand: FilterExpression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: FilterExpression;
      readonly right: FilterExpression;
    }
  | { readonly kind: 'in'; readonly left: FilterExpression; readonly right: FilterExpression }
  /** Only at the right of `in`. */
  | { readonly kind: 'list'; readonly items: readonly FilterExpression[] }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly FilterExpression[] };

export type LogicalOperator = 'and' | 'or';
export type ComparisonOperator = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';
export type BinaryOperator = LogicalOperator | ComparisonOperator;

/** The expression as messages name it: nested operators in parentheses, no blank after the commas of a call. */
export function printFilterExpression(expression: FilterExpression): string {
  switch (expression.kind) {
    case 'literal':
      return typeof expression.value === 'string' ? `'${expression.value}'` : String(expression.value);
    case 'property':
      return expression.name;
    case 'not':
      return `not ${printOperand(expression.operand)}`;
    case 'binary':
      return `${printOperand(expression.left)} ${expression.operator} ${printOperand(expression.right)}`;
    case 'in':
      return `${printOperand(expression.left)} in ${printFilterExpression(expression.right)}`;
    case 'list':
      return `(${expression.items.map(printFilterExpression).join(',')})`;
    case 'call':
      return `${expression.name}(${expression.arguments.map(printFilterExpression).join(',')})`;
  }
}

function printOperand(expression: FilterExpression): string {
  const isOperator = expression.kind === 'binary' || expression.kind === 'not' || expression.kind === 'in';
  return isOperator ? `(${printFilterExpression(expression)})` : printFilterExpression(expression);
}
