// The property tests on values that no run before had: `npm run fuzz`. Each property is tried `--times` (20) as often as by
// `npm test`; `--seed` repeats a run; what else is given goes to jest, such as the path of one file.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const tests = join(dirname(fileURLToPath(import.meta.url)), '..');

const { values: flags, positionals } = parseArgs({
  options: {
    times: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  },
  allowPositionals: true,
});

console.log(`seed ${flags.seed}: npm run fuzz -- --seed ${flags.seed} --times ${flags.times}`);
const paths = positionals.length > 0 ? positionals : propertyTests();
const { status } = spawnSync('npm', ['run', 'jest', '--', '--testTimeout', '600000', ...paths], {
  stdio: 'inherit',
  env: { ...process.env, FUZZ_SEED: flags.seed, FUZZ_TIMES: flags.times },
  shell: process.platform === 'win32',
});
process.exitCode = status ?? 1;

/** The specs that take their values from `support/property.ts`, or from what it feeds. */
function propertyTests() {
  return readdirSync(tests, { recursive: true })
    .filter((path) => path.endsWith('spec.ts'))
    .map((path) => join(tests, path))
    .filter((path) => /support\/(property|codec-cases|hostile-values)\.js'/.test(readFileSync(path, 'utf8')));
}
