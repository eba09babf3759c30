import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { check } from 'recheck';
import ts from 'typescript';

/** Of the files below the folder: each expression once, with the first file that has it. */
function regularExpressionsOf(folder: string): [expression: string, file: string][] {
  const found = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const source = ts.createSourceFile(name, readFileSync(join(folder, name), 'utf8'), ts.ScriptTarget.ES2023);
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node) && !found.has(node.text)) found.set(node.text, name);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return [...found];
}

/** By the number of steps that a backtracking matcher takes, not by a clock. */
async function complexityOf(expression: string): Promise<string> {
  const end = expression.lastIndexOf('/');
  const diagnostics = await check(expression.slice(1, end), expression.slice(end + 1));
  const { status } = diagnostics;
  return status === 'vulnerable' ? `${status}: ${diagnostics.complexity.summary}` : status;
}

describe('the regular expressions of the sources', () => {
  it('take no more steps than a multiple of the length of what they are given', async () => {
    const expressions = regularExpressionsOf('src');
    expect(expressions.length).toBeGreaterThan(50);
    const unsafe: string[] = [];
    for (const [expression, file] of expressions) {
      const complexity = await complexityOf(expression);
      if (complexity !== 'safe') unsafe.push(`${file}: ${expression} is ${complexity}`);
    }
    expect(unsafe).toEqual([]);
  }, 60_000);

  it('are told from one that is not safe', async () => {
    expect(await complexityOf('/^(a+)+$/')).toMatch(/^vulnerable/);
  });
});
