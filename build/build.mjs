// Builds the package twice from one source: ES modules into dist/esm, CommonJS into dist/cjs, each with its declarations.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, rmSync, writeFileSync } from 'node:fs';

const compile = (project) => {
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

rmSync('dist', { recursive: true, force: true });
compile('tsconfig.build.json');
compile('tsconfig.commonjs.json');
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
for (const folder of ['sample/public']) cpSync(`src/${folder}`, `dist/esm/${folder}`, { recursive: true });
chmodSync('dist/esm/emulator/command.js', 0o755);
