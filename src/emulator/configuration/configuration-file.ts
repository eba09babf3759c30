import { watch, type FSWatcher } from 'node:fs';
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

/** Editors write in several steps; a change is looked at when the file has been quiet for that long. */
const QUIET_MS = 50;

/** What a running emulator cannot change. */
const FIXED_FIELDS = CONFIGURATION_FIELDS.filter((field) => field !== 'hubs');

/** The emulator's options as a JSON file, and its changes. */
export class ConfigurationFile {
  readonly #path: string;
  #text = '';
  #configuration: EmulatorConfiguration = {};
  #watcher?: FSWatcher;
  #pending?: NodeJS.Timeout;
  #isClosed = false;

  constructor(
    path: string,
    private readonly logger: EmulatorLogger,
  ) {
    this.#path = resolve(path);
  }

  /** Rejects with an InvalidSettingError that names the file and the field. */
  async read(): Promise<EmulatorConfiguration> {
    this.#text = await this.#readText();
    this.#configuration = parse(this.#text, this.#path);
    return this.#configuration;
  }

  /** Follows the file from what was read last. `setHub` is called for each hub that is new, changed, or gone (`{}`). */
  watch(setHub: (name: string, settings: HubSettings) => void): void {
    try {
      // The folder, not the file: editors replace the file, and a watch on it would follow the old one.
      this.#watcher = watch(dirname(this.#path), (_event, name) => {
        if (name === null || name === basename(this.#path)) this.#schedule(setHub);
      });
      this.#watcher.on('error', (error) => this.#lose(error));
    } catch (error) {
      return this.#lose(error as Error);
    }
    // It may have changed since it was read.
    this.#schedule(setHub);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#pending);
    this.#watcher?.close();
  }

  #lose(error: Error): void {
    this.logger.error(`Changes of ${this.#path} are not followed: ${error.message}`);
  }

  #schedule(setHub: (name: string, settings: HubSettings) => void): void {
    clearTimeout(this.#pending);
    this.#pending = setTimeout(() => void this.#reload(setHub), QUIET_MS);
  }

  async #reload(setHub: (name: string, settings: HubSettings) => void): Promise<void> {
    try {
      const text = await this.#readText();
      if (this.#isClosed || text === this.#text) return;
      this.#text = text;
      const configuration = parse(text, this.#path);
      const previous = this.#configuration;
      this.#configuration = configuration;
      this.#apply(previous, configuration, setHub);
    } catch (error) {
      if (this.#isClosed) return;
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
      if (!isDeepStrictEqual(previous[field], configuration[field]))
        this.logger.warn(`${field} changed; it takes effect at the next start.`);
    }
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
  } catch (error) {
    throw new InvalidSettingError('', `${path} is not JSON${placeOf(error, text)}.`);
  }
  try {
    return validateConfiguration(value);
  } catch (error) {
    if (!(error instanceof InvalidSettingError)) throw error;
    throw new InvalidSettingError('', `${path}: ${error.message}.`);
  }
}

/** The parser's own message may quote the text around the mistake, an access key among it. */
function placeOf(error: unknown, text: string): string {
  const position = /position (\d+)/.exec((error as Error).message)?.[1];
  if (position === undefined) return '';
  const lines = text.slice(0, Number(position)).split('\n');
  return `: the mistake is at line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

function byCanonicalName({ hubs = {} }: EmulatorConfiguration): Map<string, { name: string; settings: HubSettings }> {
  return new Map(Object.entries(hubs).map(([name, settings]) => [canonicalHubName(name), { name, settings }]));
}
