#!/usr/bin/env node
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from './command/run-command.js';

const PACKAGE_NAME = 'nestjs-web-pubsub';

/** Of the package that the running file lies in, however deep. */
function readVersion(file: string): string {
  for (let folder = dirname(realpathSync(file)); ; folder = dirname(folder)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
        string,
        unknown
      >;
      if (name === PACKAGE_NAME && typeof version === 'string') return version;
    } catch {
      // no package here
    }
    if (folder === dirname(folder)) return 'unknown';
  }
}

/** The first signal ends the command in order, the second at once. */
function waitForSignal(): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (++signals > 1) process.exit(1);
        resolve();
      });
    }
  });
}

// Nobody may be left to read the output, or its disk be full: an error that nobody hears would end the process, clients and all.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

void runCommand(process.argv.slice(2), {
  version: readVersion(process.argv[1] ?? '.'),
  stdout: process.stdout,
  stderr: process.stderr,
  stopped: waitForSignal(),
}).then((exitCode) => {
  process.exitCode = exitCode;
});
