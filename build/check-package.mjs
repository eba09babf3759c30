// What would be published, from the last build: `npm run check:package`. The files of the tarball, `publint` and
// `@arethetypeswrong/cli`; ends with 1 when something is wrong.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { bin, exports: doors } = JSON.parse(readFileSync('package.json', 'utf8'));

const DOCUMENTS = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
const COMMANDS = Object.values(bin).map((file) => file.replace(/^\.\//, ''));
const DOORS = Object.values(doors).flatMap((door) =>
  typeof door === 'string' ? [] : Object.values(door).flatMap((files) => Object.values(files)),
);
const REQUIRED = [
  ...DOCUMENTS,
  ...COMMANDS,
  ...DOORS.map((file) => file.replace(/^\.\//, '')),
  'dist/cjs/package.json',
  ...['cjs', 'esm'].map((copy) => `dist/${copy}/inspector/page/index.html`),
];
/** Beside the required ones: compiled code with its declarations, and the inspector's page. */
const ALLOWED =
  /^dist\/(cjs|esm)\/(protocol|library|emulator|inspector|testing)\/.+(?<!\.d)\.(js|d\.ts)$|^dist\/(cjs|esm)\/inspector\/page\/[\w-]+\.(js|css|svg|html)$/;

const folder = mkdtempSync(join(tmpdir(), 'nestjs-web-pubsub-package-'));
try {
  const { filename, files } = pack();
  const paths = files.map(({ path }) => path);
  const faults = [
    ...REQUIRED.filter((path) => !paths.includes(path)).map((path) => `missing: ${path}`),
    ...paths.filter((path) => !REQUIRED.includes(path) && !ALLOWED.test(path)).map((path) => `not to publish: ${path}`),
    ...files
      .filter(({ path, mode }) => COMMANDS.includes(path) && !(mode & 0o111))
      .map(({ path }) => `no command: ${path}`),
  ];
  for (const fault of faults) console.log(fault);
  console.log(`${paths.length} files, ${faults.length} of them wrong.`);
  const tarball = join(folder, filename);
  const statuses = [
    runTool('publint/src/cli.js', ['--strict', tarball]),
    runTool('@arethetypeswrong/cli/dist/index.js', [tarball]),
  ];
  process.exitCode = faults.length === 0 && statuses.every((status) => status === 0) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Without scripts, which would build again. */
function pack() {
  const { stdout, status } = spawnSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm pack ended with ${status}`);
  const listed = JSON.parse(stdout);
  return Array.isArray(listed) ? listed[0] : Object.values(listed)[0];
}

function runTool(tool, args) {
  return spawnSync(process.execPath, [join('node_modules', tool), ...args], { stdio: 'inherit' }).status;
}
