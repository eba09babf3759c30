import { InvalidSettingError } from './setting.errors.js';

/** A value of unknown make together with its place in the settings, so that every complaint names the field. */
export class Setting {
  constructor(
    readonly value: unknown,
    readonly field: string,
  ) {}

  get isPresent(): boolean {
    return this.value !== undefined;
  }

  fail(problem: string): never {
    throw new InvalidSettingError(this.field, problem);
  }

  string(): string {
    return typeof this.value === 'string'
      ? this.value
      : this.fail(`must be a string, ${describe(this.value)} was given`);
  }

  boolean(): boolean {
    if (typeof this.value === 'boolean') return this.value;
    return this.fail(`must be true or false, ${describe(this.value)} was given`);
  }

  integer(least: number, most: number): number {
    const { value } = this;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    return this.fail(`must be a whole number from ${least} to ${most}, ${describe(value)} was given`);
  }

  /** One of the words, compared without regard to case; answers the spelling of the list. */
  oneOf<T extends string>(words: readonly T[]): T {
    const given = this.string().toLowerCase();
    const word = words.find((candidate) => candidate.toLowerCase() === given);
    return word ?? this.fail(`must be one of ${words.join(', ')}; ${describe(this.value)} was given`);
  }

  list(): Setting[] {
    if (!Array.isArray(this.value)) return this.fail(`must be a list, ${describe(this.value)} was given`);
    return this.value.map((item: unknown, index) => new Setting(item, `${this.field}[${index}]`));
  }

  /** The entries of an object, whatever their names. */
  entries(): [name: string, setting: Setting][] {
    return Object.entries(this.#object()).map(([name, value]) => [name, this.#child(name, value)]);
  }

  /** A reader of the named fields; a field outside the list is a mistake, `undefined` counts as absent. */
  fields<T extends string>(names: readonly T[]): (name: T) => Setting {
    const object = this.#object();
    for (const name of Object.keys(object)) {
      if ((names as readonly string[]).includes(name) || name.startsWith('$')) continue;
      this.#child(name, undefined).fail(`is not a setting; known here: ${names.join(', ')}`);
    }
    return (name) => this.#child(name, object[name]);
  }

  #object(): Record<string, unknown> {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.fail(`must be an object, ${describe(value)} was given`);
    }
    return value as Record<string, unknown>;
  }

  #child(name: string, value: unknown): Setting {
    return new Setting(value, this.field === '' ? name : `${this.field}.${name}`);
  }
}

/** What was given, short enough for a message and never the content of a long text, which may be a secret. */
function describe(value: unknown): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return value.length <= 40 ? JSON.stringify(value) : 'a long text';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
