import { restErrors } from './rest.errors.js';

/** The query of a call. Names are compared without regard to case; of a parameter that is not a list the first counts. */
export class RestQuery {
  readonly #values = new Map<string, string[]>();

  constructor(query: string) {
    for (const [name, value] of new URLSearchParams(query)) {
      const key = name.toLowerCase();
      const values = this.#values.get(key);
      if (values) values.push(value);
      else this.#values.set(key, [value]);
    }
  }

  /** Every value of a repeated parameter; commas do not separate [rest-api 1]. */
  list(name: string): readonly string[] {
    return this.#values.get(name.toLowerCase()) ?? [];
  }

  /** Absent when missing or empty. */
  text(name: string): string | undefined {
    return this.list(name)[0] || undefined;
  }

  /** Throws 400 for anything but a whole number in the range; absent when missing or empty. */
  integer(name: string, least: number, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) {
      throw restErrors.invalidParameter(name, `a whole number from ${least} to ${most}`);
    }
    return value;
  }

  /** Throws 400 when the parameter is repeated or blank [rest-api 6.2]. */
  requireAtMostOne(name: string): void {
    const values = this.list(name);
    if (values.length > 1 || values[0]?.trim() === '') {
      throw restErrors.invalidParameter(name, 'given at most once, and not blank');
    }
  }
}
