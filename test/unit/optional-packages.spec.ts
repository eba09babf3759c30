import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import ts from 'typescript';

const packageJson = JSON.parse(readFileSync('package.json', 'utf8')) as {
  peerDependenciesMeta: Record<string, { optional?: boolean }>;
};
const optional = Object.keys(packageJson.peerDependenciesMeta);

/** What a file loads while it runs: the package, and whether a bundler lets it be absent. */
function loadsOf(fileName: string, text: string): [name: string, mayBeAbsent: boolean][] {
  const loads: [string, boolean][] = [];
  const visit = (node: ts.Node, isInTry: boolean): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const { importClause } = node;
      if (importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword) loads.push([node.moduleSpecifier.text, false]);
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [name] = node.arguments;
      if (name && ts.isStringLiteral(name)) loads.push([name.text, isInTry]);
    }
    if (ts.isTryStatement(node)) {
      visit(node.tryBlock, true);
      if (node.catchClause) visit(node.catchClause, isInTry);
      if (node.finallyBlock) visit(node.finallyBlock, isInTry);
      return;
    }
    // As webpack and esbuild see it: the block of a function is no part of the block around it.
    node.forEachChild((child) => visit(child, isInTry && !ts.isFunctionLike(node)));
  };
  visit(ts.createSourceFile(fileName, text, ts.ScriptTarget.ES2023), false);
  return loads;
}

it('optional packages are loaded where bundlers let them be absent', () => {
  expect(loadsOf('a.ts', `try { await import('a'); later(() => import('b')); } catch { await import('c'); }`)).toEqual([
    ['a', true],
    ['b', false],
    ['c', false],
  ]);

  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const loads = files.flatMap((file) =>
    loadsOf(file, readFileSync(`src/${file}`, 'utf8'))
      .filter(([name]) => optional.includes(name))
      .map(([name, mayBeAbsent]) => ({ file, name, mayBeAbsent })),
  );
  expect(loads.map(({ name }) => name)).toEqual(expect.arrayContaining(optional));
  const shipped = loads.filter(({ file }) => !file.startsWith('sample/'));
  expect(shipped.filter(({ mayBeAbsent }) => !mayBeAbsent)).toEqual([]);
});
