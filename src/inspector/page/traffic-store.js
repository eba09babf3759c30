/** The page keeps more than the emulator's own record; beyond, the oldest go. */
const MAX_ROWS = 10_000;
const DROPPED_AT_ONCE = 2_000;

/** The rows that the feed has brought. Listeners hear `(added, dropped)`: new rows, and how many old ones went. */
export class TrafficStore {
  rows = [];
  hubs = new Set();
  skipped = 0;
  #listeners = new Set();

  subscribe(listener) {
    this.#listeners.add(listener);
  }

  receive({ reset, skipped, rows }) {
    let dropped = 0;
    if (reset) {
      dropped = this.rows.length;
      this.rows = [];
      this.skipped = 0;
    }
    this.skipped += skipped;
    // One by one: as arguments, a large batch would not fit on the stack.
    for (const row of rows) this.rows.push(row);
    if (this.rows.length > MAX_ROWS) {
      const excess = Math.max(this.rows.length - MAX_ROWS, DROPPED_AT_ONCE);
      this.rows.splice(0, excess);
      dropped += excess;
    }
    this.nameHubs(rows.map(({ hub }) => hub));
    for (const listener of this.#listeners) listener(rows, dropped);
  }

  nameHubs(names) {
    for (const name of names) if (name !== '') this.hubs.add(name);
  }

  /** The newest row for which the condition holds. */
  findLast(condition) {
    return this.rows.findLast(condition);
  }
}
