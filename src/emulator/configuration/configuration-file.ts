import { unwatchFile, watch, watchFile, type FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { canonicalHubName } from '../../protocol/names.js';
import type { HubSettings } from '../core/hub-settings.js';
import type { EmulatorLogger } from '../emulator-logger.js';
import { InvalidSettingError } from '../setting.errors.js';
import {
  CONFIGURATION_FIELDS,
  validateConfiguration,
  type EmulatorConfiguration,
} from './emulator-options.validator.js';
import { findJsonMistake } from './json-mistake.js';

/** Editors write in several steps; a change is looked at when the file has been quiet for that long. */
const QUIET_MS = 50;

/** How often the file is looked at when nothing tells of a change. */
const POLL_INTERVAL_MS = 1000;

/** What a running emulator cannot change. */
const FIXED_FIELDS = CONFIGURATION_FIELDS.filter((field) => field !== 'hubs');

/** The emulator's options as a JSON file, and its changes. */
export class ConfigurationFile {
  readonly #path: string;
  readonly #handedOverHubs: ReadonlySet<string>;
  /** The text that was read last, or why none could be: what two watchers tell of is dealt with once. */
  #seen = '';
  #started: EmulatorConfiguration = {};
  #configuration: EmulatorConfiguration = {};
  #watcher?: FSWatcher;
  #pending?: NodeJS.Timeout;
  #stopPolling?: () => void;
  #isClosed = false;

  /** `handedOver` goes before what the file says: of a hub or a field in it, changes in the file count for nothing. */
  constructor(
    path: string,
    private readonly logger: EmulatorLogger,
    private readonly handedOver: EmulatorConfiguration = {},
  ) {
    this.#path = resolve(path);
    this.#handedOverHubs = new Set(Object.keys(handedOver.hubs ?? {}).map(canonicalHubName));
  }

  /** For a start, without hubs that go before it. Rejects with an InvalidSettingError that names the file and the field. */
  async read(): Promise<EmulatorConfiguration> {
    this.#seen = await this.#readText();
    this.#started = this.#configuration = this.#parse(this.#seen);
    return this.#configuration;
  }

  /** Follows the file from what was read last. `setHub` is called for each hub that is new, changed, or gone (`{}`). */
  watch(setHub: (name: string, settings: HubSettings) => void): void {
    const look = (): void => this.#schedule(setHub);
    // Where the path leads through a link or a mount, the change is in another folder, of which no watch here tells.
    watchFile(this.#path, { interval: POLL_INTERVAL_MS, persistent: false }, look);
    this.#stopPolling = () => unwatchFile(this.#path, look);
    try {
      // The folder, not the file: editors replace the file, and a watch on it would follow the old one.
      this.#watcher = watch(dirname(this.#path), (_event, name) => {
        if (name === null || name === basename(this.#path)) look();
      });
      this.#watcher.on('error', () => {});
    } catch {
      // The system has no watch left to give; the polling goes on.
    }
    // It may have changed since it was read.
    look();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#pending);
    this.#stopPolling?.();
    this.#watcher?.close();
  }

  #schedule(setHub: (name: string, settings: HubSettings) => void): void {
    clearTimeout(this.#pending);
    this.#pending = setTimeout(() => void this.#reload(setHub), QUIET_MS);
  }

  async #reload(setHub: (name: string, settings: HubSettings) => void): Promise<void> {
    const text = await this.#readText().catch((error: Error) => error);
    if (this.#isClosed || String(text) === this.#seen) return;
    this.#seen = String(text);
    try {
      if (text instanceof Error) throw text;
      const configuration = this.#parse(text);
      const previous = this.#configuration;
      this.#configuration = configuration;
      this.#apply(previous, configuration, setHub);
    } catch (error) {
      this.logger.error(`${(error as Error).message} The last good settings stay in force.`);
    }
  }

  #apply(
    previous: EmulatorConfiguration,
    configuration: EmulatorConfiguration,
    setHub: (name: string, settings: HubSettings) => void,
  ): void {
    const before = byCanonicalName(previous);
    const after = byCanonicalName(configuration);
    const changed: string[] = [];
    for (const [key, { name, settings }] of after) {
      if (isDeepStrictEqual(before.get(key)?.settings, settings)) continue;
      changed.push(name);
      setHub(name, settings);
    }
    for (const [key, { name }] of before) {
      if (after.has(key)) continue;
      changed.push(name);
      setHub(name, {});
    }
    this.logger.log(
      `${this.#path} was read again; ${changed.length > 0 ? `changed: ${changed.join(', ')}` : 'no hub changed'}.`,
    );
    for (const field of FIXED_FIELDS) {
      if (this.handedOver[field] !== undefined || isDeepStrictEqual(previous[field], configuration[field])) continue;
      // Back to what is in force, there is nothing to wait for.
      if (isDeepStrictEqual(this.#started[field], configuration[field])) continue;
      this.logger.warn(`${field} changed; it takes effect at the next start.`);
    }
  }

  #parse(text: string): EmulatorConfiguration {
    const configuration = parse(text, this.#path);
    if (!configuration.hubs) return configuration;
    const hubs = Object.entries(configuration.hubs).filter(
      ([name]) => !this.#handedOverHubs.has(canonicalHubName(name)),
    );
    return { ...configuration, hubs: Object.fromEntries(hubs) };
  }

  async #readText(): Promise<string> {
    try {
      return (await readFile(this.#path, 'utf8')).replace(/^\uFEFF/, '');
    } catch (error) {
      throw new InvalidSettingError('', `${this.#path} cannot be read: ${(error as Error).message}.`);
    }
  }
}

function parse(text: string, path: string): EmulatorConfiguration {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const place = findJsonMistake(text);
    const where = place === undefined ? '' : `: the mistake is at line ${place.line}, column ${place.column}`;
    throw new InvalidSettingError('', `${path} is not JSON${where}.`);
  }
  try {
    return validateConfiguration(value);
  } catch (error) {
    if (!(error instanceof InvalidSettingError)) throw error;
    throw new InvalidSettingError('', `${path}: ${error.message}.`);
  }
}

function byCanonicalName({ hubs = {} }: EmulatorConfiguration): Map<string, { name: string; settings: HubSettings }> {
  return new Map(Object.entries(hubs).map(([name, settings]) => [canonicalHubName(name), { name, settings }]));
}
