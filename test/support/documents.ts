import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** A fenced block of code in a page. */
export interface CodeBlock {
  readonly page: string;
  readonly language: string;
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

/** A page of the documentation, by its path from the root of the repository. */
export interface Page {
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly CodeBlock[];
}

/** The pages of the root and of `docs`, without the API reference, which is made by a tool. */
export function readPages(): Page[] {
  const inDocs = readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`);
  return [...readdirSync('.'), ...inDocs.map((name) => name.replaceAll('\\', '/'))]
    .filter((path) => path.endsWith('.md') && !path.startsWith('docs/api/'))
    .toSorted()
    .map(readPage);
}

export function readPage(path: string): Page {
  const text = readFileSync(path, 'utf8');
  const blocks = [...text.matchAll(/^( *)```(\w+)\n(.*?)^ *```$/gms)].map(
    ([, indent = '', language = '', code = ''], index, all) => ({
      page: path,
      language,
      text: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      line: text.slice(0, all[index]?.index ?? 0).split('\n').length + 1,
    }),
  );
  return { path, text, blocks };
}

/**
 * A block of a guide that begins with a comment of a file's name is that file of `test/guides/<guide>/`, where tests run it:
 * its path, and the code below the comment.
 */
export function fileOf({ page, text }: CodeBlock): { readonly path: string; readonly code: string } | undefined {
  const guide = /^docs\/guides\/([\w-]+)\.md$/.exec(page)?.[1];
  const [comment, name] = /^\/\/ ([\w.-]+\.ts)\n+/.exec(text) ?? [];
  if (guide === undefined || comment === undefined || name === undefined) return undefined;
  return { path: `test/guides/${guide}/${name}`, code: text.slice(comment.length) };
}

/** What the links and pictures of a page lead to inside the repository, and why a target is wrong. */
export function brokenLinks({ path, text }: Page): string[] {
  const prose = text.replaceAll(/^ *```.*?^ *```$/gms, '').replaceAll(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/(?:\]\(|src=")(?![a-z]+:)([^)"\s]+)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !leadsSomewhere(path, target)).map((target) => `${path}: ${target}`);
}

function leadsSomewhere(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : posix.join(posix.dirname(from), file);
  if (!existsSync(path)) return false;
  return anchor === undefined || (path.endsWith('.md') && anchorsOf(readFileSync(path, 'utf8')).includes(anchor));
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  const prose = text.replaceAll(/^ *```.*?^ *```$/gms, '');
  const seen = new Map<string, number>();
  return [...prose.matchAll(/^#+ +(.*?) *$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

/** The lines of the tables below a heading and above the next one, each as its cells; the header rows among them. */
export function tableRows({ path, text }: Page, heading: string): string[][] {
  const start = new RegExp(`^#+ ${heading}$`, 'm').exec(text);
  if (!start) throw new Error(`${path} has no heading "${heading}".`);
  const [section = ''] = text.slice(start.index + start[0].length).split(/^#+ /m);
  return [...section.matchAll(/^\|(.*)\|$/gm)].map(([, row = '']) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()));
}
