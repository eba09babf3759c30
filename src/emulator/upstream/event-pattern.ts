/** Which user events an event handler or a listener takes: `*`, or names with commas between [upstream-events 1]. */
export class EventPattern {
  readonly #matchesAll: boolean;
  /** In lower case: event names are compared without regard to it. */
  readonly #names: ReadonlySet<string>;

  /** Absent or empty: no event. A `*` inside a name is no wildcard and matches nothing. */
  constructor(pattern = '') {
    const names = pattern.split(',').map((name) => name.trim().toLowerCase());
    this.#matchesAll = names.includes('*');
    this.#names = new Set(names.filter((name) => name !== ''));
  }

  matches(eventName: string): boolean {
    return this.#matchesAll || this.#names.has(eventName.toLowerCase());
  }
}
