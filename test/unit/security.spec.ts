import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { readPage } from '../support/documents.js';

const { text } = readPage('docs/security.md');

/** Of the tables: what is promised, and the files that are named beside it. */
const promises = [...text.matchAll(/^\| (?!promise \|)([^|-][^|]*) \| ([^|]+) \| ([^|]+) \|$/gm)].map(
  ([, promise, checks, tests]) => [promise, namesIn(checks), namesIn(tests)] as const,
);

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
}

describe('the page on security', () => {
  it('has promises', () => {
    expect(promises.length).toBeGreaterThan(30);
  });

  it.each(promises)('names what checks and what tests this, as it is: %s', (_promise, checks, tests) => {
    expect(checks.length).toBeGreaterThan(0);
    expect(tests.length).toBeGreaterThan(0);
    expect([...checks, ...tests].filter((path) => !existsSync(path))).toEqual([]);
    expect(tests.every((path) => /^test\/.*\.(e2e-)?spec\.ts$/.test(path))).toBe(true);
  });
});
