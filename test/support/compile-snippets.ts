import { join } from 'node:path';
import ts from 'typescript';

export interface Snippet {
  /** Where it is compiled, from the root of the repository: relative imports are resolved from there. */
  readonly path: string;
  readonly text: string;
  /** What an error calls it. */
  readonly name: string;
}

/** Of packages that the pages name and the repository does not install: as much as the pages use. */
const FOREIGN_PACKAGES = `
declare module '@azure/identity' {
  import type { TokenCredential } from '@azure/core-auth';
  export class DefaultAzureCredential implements TokenCredential {
    getToken: TokenCredential['getToken'];
  }
}
`;

/**
 * Compiler errors of snippets, each as a module of its own, which imports the package by its name. `settings` are laid over
 * those of the repository.
 */
export function compileSnippets(snippets: readonly Snippet[], settings: ts.CompilerOptions = {}): string[] {
  const { options: own } = ts.parseJsonConfigFileContent(
    ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)).config,
    ts.sys,
    process.cwd(),
  );
  const options = { ...own, ...settings };
  const host = ts.createCompilerHost(options);
  const texts = new Map(snippets.map(({ path, text }) => [join(process.cwd(), path), text]));
  const foreign = join(process.cwd(), 'foreign-packages.d.ts');
  texts.set(foreign, FOREIGN_PACKAGES);
  const readSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, form, ...rest) => {
    const text = texts.get(name);
    return text === undefined ? readSourceFile(name, form, ...rest) : ts.createSourceFile(name, text, form);
  };
  const fileExists = host.fileExists.bind(host);
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  const readFile = host.readFile.bind(host);
  host.readFile = (name) => texts.get(name) ?? readFile(name);
  const program = ts.createProgram([...texts.keys()], options, host);
  return snippets.flatMap(({ path, name }) => {
    const source = program.getSourceFile(join(process.cwd(), path));
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText, start }) => {
        const line = source && start !== undefined ? source.getLineAndCharacterOfPosition(start).line + 1 : 0;
        return `${name}, line ${line} of the block: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
      },
    );
  });
}
