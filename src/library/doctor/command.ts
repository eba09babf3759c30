#!/usr/bin/env node
import { runCommand } from './doctor.command.js';

void runCommand(process.argv, process.env, (text) => process.stdout.write(`${text}\n`)).then((exitCode) => {
  process.exitCode = exitCode;
});
