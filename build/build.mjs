// Builds the package twice from one source: ES modules into dist/esm, CommonJS into dist/cjs, each with its declarations.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const compile = (project) => {
  // Maps are not published; without them, no file may name one.
  const flags = ['--sourceMap', 'false', '--inlineSources', 'false'];
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project, ...flags], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
};

rmSync('dist', { recursive: true, force: true });
compile('tsconfig.build.json');
compile('tsconfig.commonjs.json');
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
for (const folder of ['sample/public']) cpSync(`src/${folder}`, `dist/esm/${folder}`, { recursive: true });
for (const copy of ['esm', 'cjs']) cpSync('src/inspector/page', `dist/${copy}/inspector/page`, { recursive: true });

// The one file that asks where it lies: CommonJS has another word for it.
const pageFolder = 'dist/cjs/inspector/page-folder.js';
const compiled = readFileSync(pageFolder, 'utf8');
if (!compiled.includes('import.meta.dirname'))
  throw new Error(`${pageFolder} does not say import.meta.dirname any more.`);
writeFileSync(pageFolder, compiled.replace('import.meta.dirname', '__dirname'));

// An import() becomes a require() inside of a function, where bundlers do not see the `try` around it that lets an optional
// package be absent.
const inFunction = /\bawait Promise\.resolve\(\)\.then\(\(\) => (__importStar\(require\((['"])[^'"]+\2\)\))\)/g;
for (const name of readdirSync('dist/cjs', { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.js')) continue;
  const code = readFileSync(`dist/cjs/${name}`, 'utf8');
  const inTry = code.replaceAll(inFunction, '$1');
  if (inTry.includes('.then(() => __importStar(')) throw new Error(`dist/cjs/${name} has an import() of another form.`);
  if (inTry !== code) writeFileSync(`dist/cjs/${name}`, inTry);
}

for (const command of Object.values(JSON.parse(readFileSync('package.json', 'utf8')).bin)) {
  if (!readFileSync(command, 'utf8').startsWith('#!/usr/bin/env node\n')) throw new Error(`${command} is no command.`);
  chmodSync(command, 0o755);
}
