import { get, pathOf, post } from './api.js';
import { attempt, button, byId, element } from './dom.js';
import { TrafficDetail } from './traffic-detail.js';
import { makeFilter } from './traffic-filter.js';
import { makeRow } from './traffic-row.js';
import { VirtualList } from './virtual-list.js';

/** The timeline: filters, the list, and the detail beside it. */
export class TrafficPane {
  #store;
  #doors;
  #form = byId('traffic-filters');
  #view = byId('rows');
  #jump = byId('jump-to-newest');
  #list;
  #detail;
  #filter = () => true;
  /** Of the chosen row; its index moves when old rows go. */
  #chosenId;
  #isPaused = false;
  #missedWhilePaused = 0;
  #unseen = 0;
  #failed = 0;

  constructor(store, doors) {
    this.#store = store;
    this.#doors = doors;
    this.#list = new VirtualList(this.#view, (row, index) => this.#makeRow(row, index));
    this.#detail = new TrafficDetail(byId('detail'), {
      onClose: () => this.#close(),
      onFilter: (fields) => this.#setFields(fields),
    });
    store.subscribe((added, isReset) => this.#receive(added, isReset));
    this.#listen();
    this.#applyFilter();
  }

  show() {
    this.#list.refresh();
    if (this.#unseen === 0) this.#list.scrollToEnd();
  }

  filterBy(fields) {
    const none = { text: '', door: '', hub: '', connection: '', user: '', event: '', status: '' };
    this.#setFields({ ...none, ...fields });
  }

  #listen() {
    this.#form.addEventListener('input', () => this.#applyFilter());
    this.#form.addEventListener('submit', (event) => event.preventDefault());
    // The fields have their first values only after the event.
    this.#form.addEventListener('reset', () => setTimeout(() => this.#applyFilter()));
    byId('only-failed').addEventListener('click', () =>
      this.#setFields({ status: this.#fields().status === 'failed' ? '' : 'failed' }),
    );
    const more = byId('more-filters');
    more.addEventListener('click', () => {
      const isOpen = more.getAttribute('aria-expanded') !== 'true';
      more.setAttribute('aria-expanded', String(isOpen));
    });
    byId('pause').addEventListener('click', () => this.#setPaused(!this.#isPaused));
    byId('clear').addEventListener('click', () => void attempt(() => post('traffic/clear')));
    this.#jump.addEventListener('click', () => {
      this.#list.scrollToEnd();
      this.#showUnseen(0);
    });
    this.#view.addEventListener('scroll', () => this.#list.isAtEnd && this.#showUnseen(0), { passive: true });
    this.#view.addEventListener('keydown', (event) => this.#onKey(event));
    document.addEventListener('keydown', (event) => this.#onPageKey(event));
  }

  #onKey(event) {
    const last = this.#list.items.length - 1;
    const current = this.#chosenIndex();
    const target = {
      ArrowDown: current + 1,
      ArrowUp: current < 0 ? last : current - 1,
      PageDown: current + this.#list.pageSize,
      PageUp: current - this.#list.pageSize,
      Home: 0,
      End: last,
    }[event.key];
    if (target !== undefined && last >= 0) {
      event.preventDefault();
      this.#choose(Math.min(last, Math.max(0, target)), this.#detail.isOpen);
    } else if ((event.key === 'Enter' || event.key === ' ') && current >= 0) {
      event.preventDefault();
      this.#choose(current, true);
    }
  }

  #onPageKey(event) {
    if (byId('pane-traffic').hidden) return;
    if (event.key === 'Escape' && this.#detail.isOpen) this.#close();
    else if (event.key === '/' && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
      event.preventDefault();
      this.#form.elements.text.focus();
    }
  }

  #fields() {
    return Object.fromEntries(new FormData(this.#form));
  }

  #setFields(fields) {
    for (const [name, value] of Object.entries(fields)) {
      if (name === 'hub') this.#offerHubs();
      this.#form.elements[name].value = value;
    }
    this.#applyFilter();
  }

  #applyFilter() {
    this.#offerHubs();
    const fields = this.#fields();
    this.#filter = makeFilter(fields);
    byId('only-failed').setAttribute('aria-pressed', String(fields.status === 'failed'));
    const { hub, connection, user, event, status } = fields;
    const hidden = [hub, connection, user, event, status === 'failed' ? '' : status].filter(Boolean).length;
    byId('more-filters').textContent = hidden > 0 ? `More (${hidden})` : 'More';
    this.#list.items = this.#store.rows.filter(this.#filter);
    this.#list.refresh();
    this.#list.scrollToEnd();
    this.#showUnseen(0);
    this.#summarise();
  }

  #receive(added, isReset) {
    if (isReset) this.#startAnew();
    else if (this.#isPaused) {
      this.#missedWhilePaused += added.length;
      byId('pause').textContent = `Resume (${this.#missedWhilePaused})`;
      return;
    }
    const wasAtEnd = this.#list.isAtEnd;
    const oldest = this.#store.rows[0]?.id ?? 0;
    const kept = this.#list.items.findIndex(({ id }) => id >= oldest);
    const dropped = kept < 0 ? this.#list.items.length : kept;
    this.#list.items.splice(0, dropped);
    const matching = added.filter(this.#filter);
    for (const row of matching) this.#list.items.push(row);
    this.#list.update(dropped);
    if (wasAtEnd) this.#list.scrollToEnd();
    else this.#showUnseen(this.#unseen + matching.length);
    this.#offerHubs();
    this.#summarise();
  }

  #startAnew() {
    this.#chosenId = undefined;
    this.#list.items = [];
    this.#list.refresh();
    this.#showUnseen(0);
  }

  #setPaused(isPaused) {
    this.#isPaused = isPaused;
    this.#missedWhilePaused = 0;
    const pause = byId('pause');
    pause.setAttribute('aria-pressed', String(isPaused));
    pause.textContent = isPaused ? 'Resume' : 'Pause';
    if (!isPaused) this.#applyFilter();
  }

  #makeRow(row, index) {
    return makeRow(row, {
      index,
      count: this.#list.items.length,
      isChosen: row.id === this.#chosenId,
      onClick: () => this.#choose(this.#list.items.indexOf(row), true),
    });
  }

  #chosenIndex() {
    return this.#chosenId === undefined ? -1 : this.#list.items.findIndex(({ id }) => id === this.#chosenId);
  }

  #choose(index, opensDetail) {
    const row = this.#list.items[index];
    this.#chosenId = row.id;
    this.#view.setAttribute('aria-activedescendant', `row-${row.id}`);
    this.#list.refresh();
    this.#list.reveal(index);
    if (opensDetail) void this.#open(row);
  }

  async #open(row) {
    await attempt(async () => {
      const detail = await get(pathOf('traffic', String(row.id)));
      if (row.id !== this.#chosenId) return;
      this.#detail.open(detail);
      // The list has become narrower, or the row has gone meanwhile.
      const index = this.#chosenIndex();
      if (index >= 0) this.#list.reveal(index);
    });
  }

  #close() {
    this.#detail.close();
    this.#view.focus({ preventScroll: true });
  }

  #showUnseen(count) {
    this.#unseen = count;
    this.#jump.hidden = count === 0;
    this.#jump.textContent = `↓ ${count} new`;
  }

  #offerHubs() {
    const select = this.#form.elements.hub;
    const offered = new Set([...select.options].map(({ value }) => value));
    for (const hub of this.#store.hubs) if (!offered.has(hub)) select.append(element('option', { value: hub }, hub));
  }

  #summarise() {
    const { rows, skipped } = this.#store;
    this.#failed = rows.reduce((count, { outcome }) => count + (outcome === 'failed' ? 1 : 0), 0);
    byId('failed-count').textContent = this.#failed > 999 ? '999+' : String(this.#failed);
    byId('only-failed').classList.toggle('has-failures', this.#failed > 0);
    const shown = this.#list.items.length;
    const of = shown === rows.length ? '' : ` of ${rows.length}`;
    const left = skipped > 0 ? `; ${skipped} were left out, since they came faster than the page could read` : '';
    byId('traffic-count').textContent =
      rows.length === 0 ? '' : `${shown}${of} ${rows.length === 1 ? 'entry' : 'entries'}${left}`;
    this.#showEmpty(rows.length, shown);
  }

  #showEmpty(total, shown) {
    const empty = byId('traffic-empty');
    empty.hidden = shown > 0;
    if (shown > 0) return;
    empty.replaceChildren(
      ...(total > 0
        ? [
            element('h2', {}, 'No entry matches the filters'),
            element('p', {}, `${total} ${total === 1 ? 'entry is' : 'entries are'} in the record.`),
            button('Reset the filters', () => this.#form.reset()),
          ]
        : [
            element('h2', {}, 'Nothing has crossed the emulator yet'),
            element(
              'p',
              {},
              'Every frame of a client, every REST call and every event to your application shows up here, live.',
            ),
            element(
              'div',
              { class: 'empty-actions' },
              button('Connect a test client', () => this.#doors.showPane('clients'), { class: 'primary' }),
              button('Show the connection string', () => this.#doors.showConnectionString()),
            ),
          ]),
    );
  }
}
