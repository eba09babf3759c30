import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';

/** Writes the address of every module that is imported, then those that were required, one a line. */
const REPORTER = `
import { createRequire, register } from 'node:module';
const hooks = \`
  import { writeSync } from 'node:fs';
  export async function resolve(specifier, context, next) {
    const resolved = await next(specifier, context);
    writeSync(1, resolved.url + '\\\\n');
    return resolved;
  }
\`;
register('data:text/javascript,' + encodeURIComponent(hooks));
const [format, file, url] = process.argv.slice(1);
const require = createRequire(file);
if (format === 'esm') await import(url);
else require(file);
process.stdout.write(Object.keys(require.cache).map((path) => path + '\\n').join(''));
`;

const PACKAGE = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/;

export interface LoadedModules {
  /** Names of packages, sorted. */
  readonly packages: string[];
  /** Of the package's own files, below `folder`. */
  readonly files: string[];
}

/** What a file of a built or transpiled package brings along, in a process of its own. Rejects when it cannot be loaded. */
export async function loadedModules(folder: string, file: string, format: 'esm' | 'commonjs'): Promise<LoadedModules> {
  const path = `${folder}/${file}`;
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--disable-warning=ExperimentalWarning',
      '-e',
      REPORTER,
      format,
      path,
      pathToFileURL(path).href,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const printed = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (printed.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (printed.stderr += data.toString()));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  if (exitCode !== 0) throw new Error(`${path} could not be loaded:\n${printed.stderr}`);
  const modules = printed.stdout.split('\n');
  const packages = new Set(modules.flatMap((module) => PACKAGE.exec(module)?.[1] ?? []));
  const own = modules.map((module) => module.split(`${folder}/`)[1]).filter((name) => name !== undefined);
  return { packages: [...packages].sort(), files: [...new Set(own)] };
}
