import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { formatCurl } from '../../../src/inspector/curl-command.js';

/** What a shell makes of the command, with a program in the place of curl that shows its arguments and input. */
function runInShell(command: string): { arguments: string[]; input: Buffer } {
  const output = execFileSync('sh', [
    '-c',
    `curl() { printf '%s\\0' "$@"; printf -- '--input--'; case "$*" in *@-*) cat;; esac; }\n${command}`,
  ]);
  const at = output.indexOf('--input--');
  return { arguments: output.subarray(0, at).toString().split('\0').slice(0, -1), input: output.subarray(at + 9) };
}

describe('the curl command of a request', () => {
  const headers = [['ce-userId', "Zoë d'Arc"]] as const;

  it('hands every byte of a text body and of headers to curl', () => {
    const body = Buffer.from(`it's "$HOME" \`date\` \\n\n{}`);
    const { arguments: words } = runInShell(
      formatCurl({ method: 'POST', url: 'http://localhost/a?b=c&d', headers, body }),
    );
    expect(words).toEqual([
      '-i',
      '-X',
      'POST',
      'http://localhost/a?b=c&d',
      '-H',
      "ce-userId: Zoë d'Arc",
      '--data-raw',
      body.toString(),
    ]);
  });

  it('pipes a binary body through base64', () => {
    const body = Buffer.from([0, 255, 254, 10, 39]);
    const run = runInShell(formatCurl({ method: 'POST', url: 'http://localhost', headers: [], body }));
    expect(run.input).toEqual(body);
    expect(run.arguments.at(-1)).toBe('@-');
  });

  it('needs no body', () => {
    expect(formatCurl({ method: 'GET', url: 'http://localhost', headers: [] })).toBe(
      "curl -i -X GET 'http://localhost'",
    );
  });

  it('puts a stand-in for the end of a tunnel', () => {
    const command = formatCurl({ method: 'POST', url: 'tunnel:///eventhandler', headers: [] });
    expect(command).toContain("'http://localhost:8080/eventhandler'");
    expect(command.split('\n')[0]).toMatch(/^# The emulator sends this through a tunnel/);
  });

  it('says that a secret is missing', () => {
    expect(formatCurl({ method: 'POST', url: 'http://localhost/?code=***', headers: [] })).toMatch(
      /^# \*\*\* stands for/,
    );
  });
});
