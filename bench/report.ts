import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { pinning } from './pinned-process.js';

export interface BenchSettings {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly connections: readonly number[];
  /** Only cases whose name contains it. */
  readonly only?: string;
  /** What was left out, for the name of the results; empty when nothing was. */
  readonly selection: string;
  /** The Node.js binary that runs the servers. */
  readonly node: string;
}

export interface BenchTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** Where the figures come from; without it they say nothing. */
function describeRun(settings: BenchSettings) {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  return {
    date: new Date().toISOString(),
    commit:
      git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--', 'src', 'bench') ? ' with changes' : ''),
    node: execFileSync(settings.node, ['--version'], { encoding: 'utf8' }).trim(),
    cores: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    pinning,
    rounds: settings.rounds,
    warmUpMs: settings.warmUpMs,
    durationMs: settings.durationMs,
  };
}

export function printTable(table: BenchTable): void {
  const cells = [table.columns, ...table.rows.map((row) => row.map(formatCell))];
  const widths = table.columns.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const lines = cells.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  '),
  );
  console.log(`\n${table.title}\n${lines[0]}\n${'-'.repeat(lines[0].length)}\n${lines.slice(1).join('\n')}`);
}

export function writeResults(suite: string, settings: BenchSettings, tables: readonly BenchTable[]): string {
  const run = describeRun(settings);
  const node = run.node.split('.')[0].slice(1);
  const file = `bench/results/${[suite, `node${node}`, settings.selection].filter(Boolean).join('-')}.json`;
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(file, `${JSON.stringify({ suite, run, tables }, null, 2)}\n`);
  return file;
}

function formatCell(cell: string | number): string {
  if (typeof cell === 'string') return cell;
  if (Number.isInteger(cell)) return cell.toLocaleString('en');
  return cell.toPrecision(3);
}
