import { Command, CommanderError } from 'commander';
import { validateConfiguration, type EmulatorConfiguration } from '../configuration/emulator-options.validator.js';
import { HubFlags } from './hub-flags.js';

/** What a command line asks for. */
export type CommandLine =
  | { readonly kind: 'start'; readonly configFile?: string; readonly configuration: EmulatorConfiguration }
  /** Help or version were asked for; `text` is for the standard output. */
  | { readonly kind: 'show'; readonly text: string }
  /** In words, with what to do about it. */
  | { readonly kind: 'invalid'; readonly problem: string };

/** Reads the flags; those of hubs are the ones of `az webpubsub hub create`, repeatable. Never throws. */
export function parseCommandLine(args: readonly string[], version: string): CommandLine {
  let shown = '';
  const hubs = new HubFlags();
  const command = createCommand(hubs, version).configureOutput({
    writeOut: (text) => (shown += text),
    writeErr: () => {},
  });
  try {
    command.parse(gatherEventHandlers(args), { from: 'user' });
    const { config, ...options } = pickOptions(command.opts());
    const configuration = validateConfiguration(hubs.isEmpty ? options : { ...options, hubs: hubs.settings() });
    return { kind: 'start', ...(config !== undefined && { configFile: config }), configuration };
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return { kind: 'show', text: shown };
    return { kind: 'invalid', problem: (error as Error).message.replace(/^error: /, '') };
  }
}

function createCommand(hubs: HubFlags, version: string): Command {
  return new Command('web-pubsub-emulator')
    .description('Azure Web PubSub on this machine, for local and test use only.')
    .version(version)
    .exitOverride()
    .option('--port <port>', 'port to listen on; 0 takes any free one (default: 8888)', readNumber)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1, this machine only)')
    .option('--access-key <key>', 'at least 32 bytes (default: the well-known key of the emulator)')
    .option('--secondary-access-key <key>', 'a second key that verifies as the first does')
    .option('--config <file>', 'the options as JSON; read again whenever the file changes')
    .option('--allow-unvalidated-entra-tokens', 'let Microsoft Entra tokens pass without a look at their signature')
    .option('--hub-name <name>', 'a hub; the flags that follow are about it; repeatable')
    .option(
      '--event-handler <key=value...>',
      'url-template=URL, and any of user-event-pattern=PATTERN, system-event=NAME (repeatable), ' +
        'auth-type=None|ManagedIdentity, auth-resource=URI; repeatable, the first that matches an event gets it',
    )
    .option('--allow-anonymous [true|false]', 'whether clients without a token may connect (default: false)')
    .option('--websocket-keepalive <seconds>', 'between pings to WebSocket clients, 1 to 120 (default: 20)')
    .addHelpText('after', EXAMPLE)
    .on('option:hub-name', (name: string) => hubs.name(name))
    .on('option:event-handler', (values: string) => hubs.eventHandler(JSON.parse(values) as string[]))
    .on('option:allow-anonymous', (value: string | null) => hubs.allowAnonymous(value ?? 'true'))
    .on('option:websocket-keepalive', (value: string) => hubs.keepAlive(readNumber(value)));
}

const EXAMPLE = `
Example:
  web-pubsub-emulator --port 8888 --hub-name Sample_ChatApp \\
    --event-handler url-template="http://localhost:8080/eventhandler" user-event-pattern="*" \\
      system-event="connect" system-event="connected" system-event="disconnected"
`;

/**
 * Makes the values of each `--event-handler` one argument: the parser itself does not tell where the values of one end and
 * those of the next begin.
 */
function gatherEventHandlers(args: readonly string[]): string[] {
  const gathered: string[] = [];
  let values: string[] | undefined;
  // Also when there are none: the parser would take the next flag for one.
  const end = (): void => {
    if (values) gathered.push(JSON.stringify(values));
    values = undefined;
  };
  for (const argument of args) {
    if (argument.startsWith('-')) end();
    const eventHandler = /^--event-handler(?:=(.*))?$/s.exec(argument);
    if (eventHandler) {
      gathered.push('--event-handler');
      values = eventHandler[1] === undefined ? [] : [eventHandler[1]];
    } else if (values) values.push(argument);
    else gathered.push(argument);
  }
  end();
  return gathered;
}

/** What is no number stays text, for the check of the settings to name it. */
function readNumber(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

const HUB_FLAGS = new Set(['hubName', 'eventHandler', 'allowAnonymous', 'websocketKeepalive']);

/** Without the flags of hubs, which are gathered elsewhere. */
function pickOptions(flags: Record<string, unknown>): Record<string, unknown> & { config?: string } {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => !HUB_FLAGS.has(name)));
}
