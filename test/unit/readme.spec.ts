import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const readme = readFileSync('README.md', 'utf8');
const doors = {
  'nestjs-web-pubsub': 'index',
  'nestjs-web-pubsub/emulator': 'emulator/index',
  'nestjs-web-pubsub/testing': 'testing/index',
};

interface CodeBlock {
  readonly language: string;
  readonly text: string;
  /** Of its first line. */
  readonly line: number;
}

const blocks: CodeBlock[] = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(
  ([, language = '', text = ''], index, all) => ({
    language,
    text,
    line: readme.slice(0, all[index]?.index ?? 0).split('\n').length + 1,
  }),
);

function blocksIn(language: string): CodeBlock[] {
  return blocks.filter((block) => block.language === language);
}

/** Compiler errors of the blocks, each as a module of its own that imports the package by its name. */
function compile(modules: readonly CodeBlock[]): string[] {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)).config,
    ts.sys,
    process.cwd(),
  );
  const host = ts.createCompilerHost(options);
  const files = new Map(modules.map((block) => [join(process.cwd(), `readme-line-${block.line}.ts`), block.text]));
  const readSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) => {
    const text = files.get(name);
    return text === undefined ? readSourceFile(name, ...rest) : ts.createSourceFile(name, text, ts.ScriptTarget.ES2023);
  };
  const fileExists = host.fileExists.bind(host);
  host.fileExists = (name) => files.has(name) || fileExists(name);
  const paths = Object.fromEntries(Object.entries(doors).map(([name, file]) => [name, [`./src/${file}.ts`]]));
  const program = ts.createProgram([...files.keys()], { ...options, paths }, host);
  return [...files.keys()].flatMap((name) => {
    const source = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });
}

describe('README.md', () => {
  it('has code that compiles, by a compiler that would tell', () => {
    const wrong = { language: 'ts', line: 0, text: `export { OnMessages } from 'nestjs-web-pubsub';\n` };
    const modules = blocksIn('ts');
    expect(modules.length).toBeGreaterThan(2);
    expect(compile([...modules, wrong])).toEqual([expect.stringMatching(/readme-line-0\.ts: .*'OnMessages'/)]);
  }, 60_000);

  it('has JSON that parses', () => {
    expect(blocksIn('json').map(({ text }) => typeof JSON.parse(text))).toEqual(['object']);
  });

  it('names scripts and doors that package.json has', () => {
    const { scripts, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
    const named = [...readme.matchAll(/npm (?:run )?(start|test|lint|build|[a-z]+:[a-z:0-9]+)\b/g)].map(
      ([, name = '']) => name,
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
    expect(
      Object.keys(doors)
        .map((name) => name.replace('nestjs-web-pubsub', '.'))
        .filter((door) => !(door in exports)),
    ).toEqual([]);
  });

  it('shows pictures and links to files that are there', () => {
    const paths = [...readme.matchAll(/(?:\]\(|src=")(?!https?:)([^)"#]+)/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(2);
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });
});
