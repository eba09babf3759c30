import { canonicalHubName, isHubName } from '../../protocol/names.js';
import type { HubSettings } from '../core/hub-settings.js';
import type { EmulatorOptions } from '../emulator-options.js';
import { validateHubSettings } from './hub-settings.validator.js';
import { Setting } from '../setting.js';

/** The part of the options that a file or a command line can state. */
export type EmulatorConfiguration = Omit<EmulatorOptions, 'unref' | 'clock' | 'logger'>;

/** Everything that a file may say. */
export const CONFIGURATION_FIELDS = [
  'port',
  'host',
  'accessKey',
  'secondaryAccessKey',
  'serviceHost',
  'allowUnvalidatedEntraTokens',
  'inspectorHosts',
  'recoveryWindowMs',
  'endsOnCloseWithoutCode',
  'upstreamRetryDelaysMs',
  'maxFrameBytes',
  'maxConnections',
  'hubs',
] as const satisfies (keyof EmulatorConfiguration)[];

/** The longest that a timer of Node waits. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const MAX_FRAME_BYTES = 1024 * 1024 * 1024;
const MAX_CONNECTIONS = 1_000_000;

/** Checks everything a configuration may say; defaults are not filled in. Throws an InvalidSettingError. */
export function validateConfiguration(value: unknown): EmulatorConfiguration {
  const read = new Setting(value, '').fields(CONFIGURATION_FIELDS);
  return present({
    port: optional(read('port'), (field) => field.integer(0, 65535)),
    host: optional(read('host'), readHost),
    accessKey: optional(read('accessKey'), readAccessKey),
    secondaryAccessKey: optional(read('secondaryAccessKey'), readAccessKey),
    serviceHost: optional(read('serviceHost'), readHost),
    allowUnvalidatedEntraTokens: optional(read('allowUnvalidatedEntraTokens'), (field) => field.boolean()),
    inspectorHosts: optional(read('inspectorHosts'), (field) => field.list().map(readHost)),
    recoveryWindowMs: optional(read('recoveryWindowMs'), (field) => field.integer(1, MAX_TIMER_MS)),
    upstreamRetryDelaysMs: optional(read('upstreamRetryDelaysMs'), readDelays),
    maxFrameBytes: optional(read('maxFrameBytes'), (field) => field.integer(1, MAX_FRAME_BYTES)),
    maxConnections: optional(read('maxConnections'), (field) => field.integer(1, MAX_CONNECTIONS)),
    endsOnCloseWithoutCode: optional(read('endsOnCloseWithoutCode'), (field) => field.boolean()),
    hubs: optional(read('hubs'), readHubs),
  });
}

/** The same for options handed over in the process, which carry more. */
export function validateOptions({ unref, logger, clock, ...configuration }: EmulatorOptions): EmulatorOptions {
  const isUnref = unref !== undefined && new Setting(unref, 'unref').boolean();
  const own = { ...(isUnref && { unref }), ...(logger && { logger }), ...(clock && { clock }) };
  return { ...validateConfiguration(configuration), ...own };
}

export function validateHubName(name: string, field: string): string {
  if (!isHubName(name)) {
    new Setting(name, field).fail(
      'is not a hub name: a letter first, then letters, digits and _ ` , . [ ], at most 128 characters in all',
    );
  }
  return name;
}

/** Without the fields that are undefined, so that the result can be laid over another configuration. */
function present(configuration: EmulatorConfiguration): EmulatorConfiguration {
  return Object.fromEntries(Object.entries(configuration).filter(([, value]) => value !== undefined));
}

function optional<T>(field: Setting, read: (field: Setting) => T): T | undefined {
  return field.isPresent ? read(field) : undefined;
}

function readHost(setting: Setting): string {
  const host = setting.string();
  // A bracketed IPv6 address is how URLs write it; the socket wants it bare.
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (bare === '' || /[\s/?#@]/.test(bare)) setting.fail('must be an address or a host name, without scheme and port');
  return bare;
}

function readDelays(setting: Setting): number[] {
  return setting.list().map((delay) => delay.integer(0, MAX_TIMER_MS));
}

/** [auth 1] */
function readAccessKey(setting: Setting): string {
  const key = setting.string();
  if (Buffer.byteLength(key) < 32) setting.fail('must have at least 32 bytes');
  if (key.trim() !== key) setting.fail('must not begin or end with blanks');
  if (key.includes(';')) setting.fail('must not hold a semicolon, which ends a field of a connection string');
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f]/.test(key)) setting.fail('must not hold control characters');
  return key;
}

function readHubs(setting: Setting): Record<string, HubSettings> {
  const hubs: Record<string, HubSettings> = {};
  const seen = new Map<string, string>();
  for (const [name, hub] of setting.entries()) {
    validateHubName(name, hub.field);
    const twin = seen.get(canonicalHubName(name));
    if (twin !== undefined) hub.fail(`is the same hub as "${twin}", since hub names do not tell case apart; keep one`);
    seen.set(canonicalHubName(name), name);
    hubs[name] = validateHubSettings(hub.value, hub.field);
  }
  return hubs;
}
