#!/usr/bin/env node
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runCommand } from './doctor.command.js';

/** The package is asked for by its name, so that it does not matter how deep this file lies in it. */
function readVersion(file: string): string | undefined {
  try {
    const path = createRequire(file).resolve('nestjs-web-pubsub/package.json');
    return (JSON.parse(readFileSync(path, 'utf8')) as { version?: string }).version;
  } catch {
    return undefined;
  }
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

void runCommand(process.argv, process.env, print, readVersion(realpathSync(process.argv[1]))).then((exitCode) => {
  process.exitCode = exitCode;
});
