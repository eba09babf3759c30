const OVERSCAN = 8;

/**
 * A list of any length of which only the rows in view are in the document. All rows have the height that the style sheet
 * says in `--row-height`; the caller sets `items` and makes a row's element.
 */
export class VirtualList {
  items = [];
  #view;
  #space;
  #makeRow;
  #shown = new Map();
  #rowHeight = 30;
  #isScheduled = false;

  /** `makeRow(item, index)`; the element is made anew when `refresh` is called, and kept while it stays in view. */
  constructor(view, makeRow) {
    this.#view = view;
    this.#space = view.querySelector('.rows-space');
    this.#makeRow = makeRow;
    view.addEventListener('scroll', () => this.#schedule(), { passive: true });
    new ResizeObserver(() => this.#measure()).observe(view);
  }

  get isAtEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.#view;
    return scrollTop + clientHeight >= scrollHeight - this.#rowHeight;
  }

  get pageSize() {
    return Math.max(1, Math.floor(this.#view.clientHeight / this.#rowHeight) - 1);
  }

  /** After `items` grew, or lost `dropped` items at its beginning, so that what is in view stays in view. */
  update(dropped = 0) {
    if (dropped > 0) {
      this.#forget();
      this.#view.scrollTop = Math.max(0, this.#view.scrollTop - dropped * this.#rowHeight);
    }
    this.#layOut();
  }

  /** After anything else changed. */
  refresh() {
    this.#forget();
    this.#layOut();
  }

  scrollToEnd() {
    this.#layOut();
    this.#view.scrollTop = this.#view.scrollHeight;
    this.#layOut();
  }

  reveal(index) {
    const top = index * this.#rowHeight;
    const { scrollTop, clientHeight } = this.#view;
    if (top < scrollTop) this.#view.scrollTop = top;
    else if (top + this.#rowHeight > scrollTop + clientHeight) {
      this.#view.scrollTop = top + this.#rowHeight - clientHeight;
    }
    this.#layOut();
  }

  #measure() {
    const height = Number.parseFloat(getComputedStyle(this.#view).getPropertyValue('--row-height'));
    const wasAtEnd = this.isAtEnd;
    if (height > 0 && height !== this.#rowHeight) {
      this.#rowHeight = height;
      this.#forget();
    }
    if (wasAtEnd) this.scrollToEnd();
    else this.#layOut();
  }

  #schedule() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => {
      this.#isScheduled = false;
      this.#layOut();
    });
  }

  #forget() {
    for (const row of this.#shown.values()) row.remove();
    this.#shown.clear();
  }

  #layOut() {
    this.#space.style.height = `${this.items.length * this.#rowHeight}px`;
    const { scrollTop, clientHeight } = this.#view;
    if (clientHeight === 0) return;
    const first = Math.max(0, Math.floor(scrollTop / this.#rowHeight) - OVERSCAN);
    const last = Math.min(this.items.length, Math.ceil((scrollTop + clientHeight) / this.#rowHeight) + OVERSCAN);
    for (const [index, row] of this.#shown) {
      if (index >= first && index < last) continue;
      row.remove();
      this.#shown.delete(index);
    }
    for (let index = first; index < last; index++) {
      if (this.#shown.has(index)) continue;
      const row = this.#makeRow(this.items[index], index);
      row.style.top = `${index * this.#rowHeight}px`;
      this.#shown.set(index, row);
      this.#space.append(row);
    }
  }
}
