import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';

/** A name behind a door. */
export interface DoorExport {
  readonly name: string;
  readonly isType: boolean;
  /** Where it is declared, below `src`. */
  readonly file: string;
  /** Its name there. */
  readonly localName: string;
}

/** What a door passes on, by its text: a door has nothing but `export { ... } from`. Throws when it has something else. */
export function exportsOf(door: string): DoorExport[] {
  return parse(`src/${door}`, readFileSync(`src/${door}`, 'utf8')).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause || !ts.isNamedExports(statement.exportClause)) {
      throw new Error(`${door} has more than exports by name: ${statement.getText().split('\n')[0]}`);
    }
    const { text } = statement.moduleSpecifier as ts.StringLiteral;
    const file = posix.join(posix.dirname(door), text.replace(/\.js$/, '.ts'));
    return statement.exportClause.elements.map(({ name, propertyName, isTypeOnly }) => ({
      name: name.text,
      isType: statement.isTypeOnly || isTypeOnly,
      file,
      localName: (propertyName ?? name).text,
    }));
  });
}

/** The docstring of a name in the declarations that the build writes, or undefined. */
export function docstringOf({ file, localName }: DoorExport, declarations: ts.SourceFile): string | undefined {
  const statement = declarations.statements.find((candidate) => namesOf(candidate).includes(localName));
  if (!statement) throw new Error(`${file} declares no ${localName}`);
  return ts.getJSDocCommentsAndTags(statement).find(ts.isJSDoc)?.getText();
}

/** As the build's compiler writes the declarations of a file. */
export function declarationsOf(file: string, project: string): ts.SourceFile {
  const path = `src/${file}`;
  const { outputText } = ts.transpileDeclaration(readFileSync(path, 'utf8'), {
    fileName: path,
    compilerOptions: compilerOptionsOf(project),
  });
  return parse(path.replace(/\.ts$/, '.d.ts'), outputText);
}

/** Those of a project with what it extends. */
export function compilerOptionsOf(project: string): ts.CompilerOptions {
  const { config } = ts.readConfigFile(project, (path) => readFileSync(path, 'utf8')) as { config: unknown };
  const host = { ...ts.sys, readDirectory: () => [] };
  return ts.parseJsonConfigFileContent(config, host, '.', undefined, project).options;
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const { name } = statement as { name?: ts.Node };
  return name && ts.isIdentifier(name) ? [name.text] : [];
}

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
}
