import type { EmulatorConfiguration } from '../configuration/emulator-options.validator.js';
import type { EmulatorLogger } from '../emulator-logger.js';
import { WebPubSubEmulator } from '../web-pubsub-emulator.js';
import { parseCommandLine } from './command-line.js';

/** What the command needs of its process. */
export interface CommandSurroundings {
  readonly version: string;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Resolves when the process is told to end. */
  readonly stopped: Promise<unknown>;
}

/** Runs until it is told to end; resolves with the exit code. */
export async function runCommand(args: readonly string[], surroundings: CommandSurroundings): Promise<number> {
  const { version, stdout, stderr } = surroundings;
  const commandLine = parseCommandLine(args, version);
  switch (commandLine.kind) {
    case 'show':
      stdout.write(commandLine.text);
      return 0;
    case 'invalid':
      stderr.write(`${commandLine.problem}\nSee web-pubsub-emulator --help.\n`);
      return 1;
    case 'start': {
      const { configFile, configuration } = commandLine;
      const options = { ...configuration, logger: logTo(surroundings) };
      let emulator: WebPubSubEmulator;
      try {
        emulator =
          configFile === undefined
            ? await WebPubSubEmulator.start(options)
            : await WebPubSubEmulator.startFromFile(configFile, options);
      } catch (error) {
        stderr.write(`${(error as Error).message}\n`);
        return 1;
      }
      stdout.write(greeting(emulator, configuration));
      await surroundings.stopped;
      await emulator.close();
      return 0;
    }
  }
}

/** The connection string holds the key: it is what the command is asked for, and goes to the standard output alone. */
function greeting(emulator: WebPubSubEmulator, { hubs = {} }: EmulatorConfiguration): string {
  return [
    'Azure Web PubSub emulator, for local and test use only',
    `  Connection string  ${emulator.connectionString}`,
    `  Inspector          ${emulator.endpoint}/inspector`,
    ...Object.entries(hubs).map(([name, { eventHandlers = [] }]) => {
      const targets = eventHandlers.map(({ urlTemplate }) => withoutQuery(urlTemplate));
      return `  Hub ${name}: events go to ${targets.join(', ') || 'nobody'}`;
    }),
    '',
  ].join('\n');
}

/** The query of a template may be a secret [upstream-events 2]. */
function withoutQuery(urlTemplate: string): string {
  return urlTemplate.replace(/\?.*$/s, '');
}

function logTo({ stdout, stderr }: CommandSurroundings): EmulatorLogger {
  const time = (): string => new Date().toISOString().slice(11, 23);
  return {
    log: (message) => void stdout.write(`${time()} ${message}\n`),
    warn: (message) => void stderr.write(`${time()} WARN ${message}\n`),
    error: (message) => void stderr.write(`${time()} ERROR ${message}\n`),
  };
}
