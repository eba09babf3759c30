import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CONFIGURATION_FIELDS } from '../../src/emulator/configuration/emulator-options.validator.js';
import { EVENT_HANDLER_FIELDS, HUB_FIELDS } from '../../src/emulator/configuration/hub-settings.validator.js';
import { FAULT_KINDS } from '../../src/emulator/faults/fault.validator.js';
import { restRoutes } from '../../src/emulator/rest/operations/index.js';

/** A table of the page: the section it stands in, its column heads, and its rows cell by cell, without code marks. */
interface Table {
  readonly section: string;
  readonly heads: readonly string[];
  readonly rows: readonly string[][];
}

const tables = readTables(readFileSync('docs/coverage.md', 'utf8'));

function readTables(page: string): Table[] {
  return page.split(/^## /m).flatMap((part) => {
    const [section = '', ...lines] = part.split('\n');
    const blocks = lines.join('\n').match(/(?:^\|.*\n?)+/gm) ?? [];
    return blocks.map((block) => {
      const [heads = [], , ...rows] = block.trim().split('\n').map(cellsOf);
      return { section, heads, rows };
    });
  });
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('`', ''));
}

function table(section: string, head: string): Table {
  const found = tables.find((candidate) => candidate.section === section && candidate.heads[0] === head);
  if (!found) throw new Error(`The section ${section} has no table that begins with ${head}.`);
  return found;
}

/** The kinds of a union, as its file declares them. */
function kindsOf(file: string): string[] {
  const declarations = readFileSync(file, 'utf8').matchAll(/^ {2}readonly kind: ([^;]+);/gm);
  return [...declarations].flatMap(([, kinds = '']) => kinds.split('|').map((kind) => kind.trim().slice(1, -1)));
}

describe('docs/coverage.md', () => {
  it('lists the operations of REST, neither more nor less', () => {
    const listed = table('REST operations', 'operation').rows.map(([id, request]) => `${id} ${request}`);
    const served = restRoutes.map(({ id, method, path }) => `${id} ${method} ${path}`);
    expect(listed.toSorted()).toEqual(served.toSorted());
    // 25 by the service's specification.
    expect(new Set(restRoutes.map(({ id }) => id)).size).toBe(25);
  });

  it.each<[string, string, readonly string[]]>([
    ['Client messages', 'message', kindsOf('src/protocol/client-message.ts')],
    ['Service messages', 'message', kindsOf('src/protocol/service-message.ts')],
    ['Hub settings', 'setting', HUB_FIELDS],
    ['Hub settings', 'of an event handler', EVENT_HANDLER_FIELDS],
    ['Options', 'option', CONFIGURATION_FIELDS],
    ['Fault switches', 'kind', FAULT_KINDS],
  ])('%s: lists each %s, neither more nor less', (section, head, names) => {
    expect(names.length).toBeGreaterThan(2);
    expect(
      table(section, head)
        .rows.map(([name]) => name)
        .toSorted(),
    ).toEqual(names.toSorted());
  });

  it.each(
    tables.flatMap(({ section, heads, rows }) => {
      const column = heads.findIndex((head) => head === 'covered' || head === 'enforced');
      return column < 0 ? [] : rows.map((row) => [section, row[0], row[column]] as const);
    }),
  )('%s: says of %s whether it is covered', (_section, _name, verdict) => {
    expect(['yes', 'partly', 'no', 'no: nor has the service']).toContain(verdict);
  });
});

function tagsOf(text: string): (string | undefined)[] {
  return Array.from(text.matchAll(/\[([a-z]+(?:-[a-z]+)*) \d[\d., ]*\]/g), ([, tag]) => tag);
}

describe('docs/sources.md', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const tags = new Set(sources.flatMap((file) => tagsOf(readFileSync(join('src', file), 'utf8'))));

  it.each([...tags])('explains the tag %s', (tag) => {
    expect(readFileSync('docs/sources.md', 'utf8')).toMatch(new RegExp(`^## ${tag}: `, 'm'));
  });
});
