import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { pageFolder } from './page-folder.js';

export interface PageFile {
  readonly contentType: string;
  readonly bytes: Buffer;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The files of the page. A name is looked up among those that are there, so no path can lead out of the folder. */
export class PageFiles {
  #names?: ReadonlySet<string>;

  /** `name` is a bare file name; undefined when there is no such file. */
  async read(name: string): Promise<PageFile | undefined> {
    this.#names ??= new Set(readdirSync(pageFolder));
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined || !this.#names.has(name)) return undefined;
    return { contentType, bytes: await readFile(join(pageFolder, name)) };
  }
}
