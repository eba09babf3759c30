import { mkdir, mkdtemp, readdir, readFile, rm, writeFile, cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';

/** The source as plain modules in a folder of its own, for tests that start it as another process. */
export interface TranspiledSource {
  readonly folder: string;
  remove(): Promise<void>;
}

/**
 * Always what the source says now, unlike an earlier build. Inside the package, so that its dependencies and its
 * `package.json` are found; types are not checked.
 */
export async function transpileSource(format: 'esm' | 'commonjs' = 'esm'): Promise<TranspiledSource> {
  await mkdir('.tmp', { recursive: true });
  const folder = await mkdtemp(join(process.cwd(), '.tmp', 'source-'));
  if (format === 'commonjs') await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }');
  const entries = await readdir('src', { recursive: true, withFileTypes: true });
  await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const source = join(entry.parentPath, entry.name);
        const target = join(folder, source.slice('src/'.length));
        await mkdir(dirname(target), { recursive: true });
        if (!entry.name.endsWith('.ts')) return cp(source, target);
        const { outputText } = transpileModule(await readFile(source, 'utf8'), {
          fileName: source,
          compilerOptions: {
            module: format === 'esm' ? ModuleKind.ESNext : ModuleKind.CommonJS,
            esModuleInterop: true,
            target: ScriptTarget.ES2023,
            experimentalDecorators: true,
            emitDecoratorMetadata: true,
          },
        });
        // CommonJS has another word for it, as the build knows.
        const text = format === 'esm' ? outputText : outputText.replace('import.meta.dirname', '__dirname');
        return writeFile(target.replace(/\.ts$/, '.js'), text);
      }),
  );
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
