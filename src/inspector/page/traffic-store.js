/** The page keeps more than the emulator's own record; beyond, the oldest go. */
const MAX_ROWS = 10_000;
const DROPPED_AT_ONCE = 2_000;

/**
 * The rows that the feed has brought. Listeners hear which are new, and whether everything before them is void: the record
 * was cleared, or it is another emulator's.
 */
export class TrafficStore {
  rows = [];
  hubs = new Set();
  skipped = 0;
  #listeners = new Set();

  subscribe(listener) {
    this.#listeners.add(listener);
  }

  receive({ reset, skipped, rows }) {
    if (reset) {
      this.rows = [];
      this.skipped = 0;
    }
    this.skipped += skipped;
    // One by one: as arguments, a large batch would not fit on the stack.
    for (const row of rows) this.rows.push(row);
    if (this.rows.length > MAX_ROWS) {
      this.rows.splice(0, Math.max(this.rows.length - MAX_ROWS, DROPPED_AT_ONCE));
    }
    this.nameHubs(rows.map(({ hub }) => hub));
    for (const listener of this.#listeners) listener(rows, reset);
  }

  nameHubs(names) {
    for (const name of names) if (name !== '') this.hubs.add(name);
  }
}
