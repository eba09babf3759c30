import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { PageFiles } from '../../../src/inspector/page-files.js';
import { pageFolder } from '../../../src/inspector/page-folder.js';

const files = new PageFiles();

describe('the files of the page', () => {
  it.each([
    ['index.html', 'text/html; charset=utf-8'],
    ['main.js', 'text/javascript; charset=utf-8'],
    ['theme.css', 'text/css; charset=utf-8'],
    ['icon.svg', 'image/svg+xml'],
  ])('are read by name: %s as %s', async (name, contentType) => {
    const file = await files.read(name);
    expect(file?.contentType).toBe(contentType);
    expect(file?.bytes).toEqual(readFileSync(`${pageFolder}/${name}`));
  });

  it.each(['', '.', '..', '../page-files.ts', '..%2fpage-files.ts', 'nothing.js', 'INDEX.HTML', '/etc/passwd'])(
    'do not hold %j',
    async (name) => {
      expect(await files.read(name)).toBeUndefined();
    },
  );

  it('need nothing that the content security policy forbids, and nothing from elsewhere', () => {
    for (const name of readdirSync(pageFolder)) {
      const text = readFileSync(`${pageFolder}/${name}`, 'utf8');
      expect({
        name,
        found: /\sstyle="|\son\w+="|<script(?![^>]*\ssrc=)|<style|eval\(|new Function/.exec(text)?.[0],
      }).toEqual({
        name,
        found: undefined,
      });
      const hosts = [...text.matchAll(/https?:\/\/([\w.]+)/g)].map(([, host]) => host);
      expect({ name, hosts: hosts.filter((host) => host !== 'localhost' && host !== 'www.w3.org') }).toEqual({
        name,
        hosts: [],
      });
    }
  });
});
