import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { isSystemEventName, SYSTEM_EVENT_NAMES } from '../../protocol/names.js';
import { diagnoseUpstream, type DiagnoseUpstreamOptions } from './diagnose-upstream.js';
import type { HubEventHandler } from './hub-settings.js';
import { formatDiagnosis } from './upstream-diagnosis.js';

interface DoctorFlags {
  readonly url: string;
  readonly hub?: HubEventHandler[];
  readonly connectionString?: string;
  readonly accessKey?: string;
  readonly origin?: string;
  readonly timeout: number;
  readonly json?: true;
}

/**
 * The command `nestjs-web-pubsub`. Returns the exit code: 0 when the service could deliver events, 1 when not, 2 when the
 * command line is wrong. `print` takes a text without its last line break; `version` is that of the package.
 */
export async function runCommand(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  print: (text: string) => void,
  version = 'unknown',
): Promise<number> {
  let exitCode = 0;
  const program = new Command('nestjs-web-pubsub')
    .description('Azure Web PubSub for NestJS')
    .version(version)
    .configureOutput({ writeOut: (text) => print(text.trimEnd()), writeErr: (text) => print(text.trimEnd()) })
    .exitOverride();
  describeDoctor(program.command('doctor')).action(async (flags: DoctorFlags) => {
    exitCode = await examine(flags, environment, print);
  });
  try {
    await program.parseAsync([...argv]);
    return exitCode;
  } catch (error) {
    // commander has printed what is wrong
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    print(`error: ${(error as Error).message}`);
    return 2;
  }
}

function describeDoctor(command: Command): Command {
  return command
    .description('does to a running application what the service would do, and says what the service would see')
    .requiredOption('--url <url>', 'where the service would send events; {hub} and {event} are filled in')
    .option(
      '--hub <name[=events]>',
      'a hub to try, with the events it handles: chat or chat=connect,message; repeatable (default: what the application says)',
      collectHub,
    )
    .option('--connection-string <text>', 'of the service (default: the variable WebPubSubConnectionString)')
    .option('--access-key <key>', 'in the place of a connection string; other users of the machine may see it')
    .option('--origin <host>', 'host that the events claim to come from (default: that of the connection string)')
    .option('--timeout <seconds>', 'patience with each answer', readSeconds, 10)
    .option('--json', 'print the diagnosis as JSON')
    .exitOverride();
}

async function examine(
  flags: DoctorFlags,
  environment: Readonly<Record<string, string | undefined>>,
  print: (text: string) => void,
): Promise<number> {
  const connectionString = flags.connectionString ?? environment['WebPubSubConnectionString'];
  const options: DiagnoseUpstreamOptions = {
    url: flags.url,
    timeoutMs: flags.timeout * 1_000,
    ...(flags.hub && { hubs: flags.hub }),
    ...(connectionString && { connectionString }),
    ...(flags.accessKey !== undefined && { accessKey: flags.accessKey }),
    ...(flags.origin !== undefined && { origin: flags.origin }),
  };
  const diagnosis = await diagnoseUpstream(options);
  print(flags.json ? JSON.stringify(diagnosis, null, 2) : formatDiagnosis(diagnosis));
  return diagnosis.isHealthy ? 0 : 1;
}

/** `chat` stands for all events of the hub. */
function collectHub(text: string, hubs: readonly HubEventHandler[] = []): HubEventHandler[] {
  const [hub = '', events] = text.split(/=(.*)/s, 2);
  const names = events
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names?.length === 0) throw new InvalidArgumentError('Name events after "=", or leave it out for all.');
  return [
    ...hubs,
    {
      hub,
      systemEvents: SYSTEM_EVENT_NAMES.filter((event) => names?.includes(event) ?? true),
      userEvents: names?.filter((name) => !isSystemEventName(name)) ?? ['*'],
    },
  ];
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 600)) throw new InvalidArgumentError('It must be a number of seconds up to 600.');
  return seconds;
}
