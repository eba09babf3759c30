import { readJsonMembers } from './json-members.js';
import { MalformedMessageError } from './subprotocol-codec.js';

const MAX_UINT64 = 2n ** 64n - 1n;
const UNSIGNED = /^\d{1,20}$/;
const INTEGER = /^-?\d{1,15}$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** An object in JSON, with its members by name and as they were written. What is not as asked is a MalformedMessageError. */
export class JsonObject {
  readonly #values: Readonly<Record<string, unknown>>;
  #members?: Map<string, string>;

  constructor(private readonly text: string) {
    const value = parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new MalformedMessageError('it is not a JSON object');
    }
    this.#values = value as Record<string, unknown>;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name);
  }

  /** Missing, or `null`. */
  isAbsent(name: string): boolean {
    return !this.has(name) || this.#values[name] === null;
  }

  /** The text of a value; undefined when it is absent. */
  raw(name: string): string | undefined {
    if (this.isAbsent(name)) return undefined;
    this.#members ??= new Map(readJsonMembers(this.text));
    return this.#members.get(name);
  }

  string(name: string): string {
    const value = this.has(name) ? this.#values[name] : undefined;
    if (typeof value !== 'string') throw new MalformedMessageError(`${name} is missing or not a string`);
    return value;
  }

  nonEmptyString(name: string): string {
    const value = this.string(name);
    if (value === '') throw new MalformedMessageError(`${name} is empty`);
    return value;
  }

  optionalString(name: string): string | undefined {
    return this.isAbsent(name) ? undefined : this.string(name);
  }

  /** False when it is missing; `null` is no boolean. */
  boolean(name: string): boolean {
    if (!this.has(name)) return false;
    const value = this.#values[name];
    if (typeof value !== 'boolean') throw new MalformedMessageError(`${name} is not a boolean`);
    return value;
  }

  optionalInteger(name: string): number | undefined {
    const raw = this.raw(name);
    if (raw === undefined) return undefined;
    if (!INTEGER.test(raw)) throw new MalformedMessageError(`${name} is not an integer`);
    return Number(raw);
  }

  optionalUnsigned(name: string, max: number): number | undefined {
    const raw = this.raw(name);
    if (raw === undefined) return undefined;
    if (!UNSIGNED.test(raw) || Number(raw) > max) {
      throw new MalformedMessageError(`${name} is not an integer from 0 to ${max}`);
    }
    return Number(raw);
  }

  uint64(name: string): bigint {
    const raw = this.raw(name);
    if (raw === undefined || !UNSIGNED.test(raw) || BigInt(raw) > MAX_UINT64) {
      throw new MalformedMessageError(`${name} is missing or not an unsigned 64-bit integer`);
    }
    return BigInt(raw);
  }

  base64(name: string): Uint8Array {
    const text = this.string(name);
    if (text.length % 4 !== 0 || !BASE64.test(text)) throw new MalformedMessageError(`${name} is not base64`);
    return Buffer.from(text, 'base64');
  }

  object(name: string): JsonObject {
    return new JsonObject(this.raw(name) ?? '');
  }

  /** Every member, repeated ones too; all of them must be strings. */
  stringEntries(): [string, string][] {
    return readJsonMembers(this.text).map(([name, raw]) => {
      const value: unknown = JSON.parse(raw);
      if (typeof value !== 'string') throw new MalformedMessageError(`${name} is not a string`);
      return [name, value];
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedMessageError('it is not JSON');
  }
}
