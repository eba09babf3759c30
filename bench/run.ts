// `npm run bench -- [suite...] [--quick] [--only text] [--node 24]`: every suite, or those that are named.
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { benchFanOut } from './fan-out/fan-out.bench.js';
import { benchEmulator } from './emulator/emulator.bench.js';
import { benchGrowth } from './growth/growth.bench.js';
import { benchLayers } from './layers/layers.bench.js';
import { type BenchSettings, type BenchTable, printTable, writeResults } from './report.js';
import { benchUpstream } from './upstream/upstream.bench.js';

const SUITES: Readonly<Record<string, (settings: BenchSettings) => Promise<BenchTable[]>>> = {
  upstream: benchUpstream,
  layers: benchLayers,
  'fan-out': benchFanOut,
  emulator: benchEmulator,
  growth: benchGrowth,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean' },
    only: { type: 'string' },
    node: { type: 'string' },
    rounds: { type: 'string' },
    connections: { type: 'string' },
  },
});

const settings: BenchSettings = {
  rounds: Number(values.rounds ?? (values.quick ? 1 : 5)),
  warmUpMs: values.quick ? 1_000 : 2_000,
  durationMs: values.quick ? 1_500 : 4_000,
  connections: values.connections ? values.connections.split(',').map(Number) : values.quick ? [50] : [1, 50],
  node: values.node ? nodeBinary(values.node) : process.execPath,
  ...(values.only ? { only: values.only } : {}),
  selection: [values.only?.replaceAll(/\W+/g, '-'), values.connections && `${values.connections}-connections`]
    .filter(Boolean)
    .join('-'),
};

for (const name of positionals.length > 0 ? positionals : Object.keys(SUITES)) {
  const suite = SUITES[name];
  if (!suite) throw new Error(`There is no suite "${name}". Suites: ${Object.keys(SUITES).join(', ')}.`);
  const tables = await suite(settings);
  tables.forEach(printTable);
  console.log(`\nWritten to ${writeResults(name, settings, tables)}`);
}

/** The npm package `node` holds the binary of each release line. */
function nodeBinary(version: string): string {
  const find = ['exec', '--yes', `--package=node@${version}`, '--', 'node', '-p', 'process.execPath'];
  return execFileSync('npm', find, { encoding: 'utf8' }).trim();
}
