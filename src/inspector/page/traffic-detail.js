import { pathOf, post } from './api.js';
import { attempt, button, copyText, element, fill, say } from './dom.js';
import { colourJson, formatBytes, formatDuration, formatTime } from './format.js';

/** The panel beside the timeline: one entry, decoded. */
export class TrafficDetail {
  #panel;
  #doors;

  constructor(panel, doors) {
    this.#panel = panel;
    this.#doors = doors;
  }

  get isOpen() {
    return !this.#panel.hidden;
  }

  open(detail) {
    const { row, sections, curl, canResend } = detail;
    this.#panel.hidden = false;
    this.#panel.dataset.door = row.door;
    fill(
      this.#panel,
      element(
        'header',
        { class: 'detail-head' },
        element('h2', {}, titleOf(row)),
        button('Close', () => this.#doors.onClose(), {
          class: 'quiet',
          'aria-label': 'Close the details',
          title: 'Esc',
        }),
      ),
      element('p', { class: 'detail-summary' }, row.summary),
      row.problem !== undefined &&
        element(
          'div',
          { class: `callout is-${row.outcome}`, role: 'note' },
          element('strong', {}, row.outcome === 'fault' ? 'Fault switch' : 'What went wrong'),
          element('p', {}, row.problem),
        ),
      facts(row),
      this.#actions(row, curl, canResend),
      ...sections.map(makeSection),
      sections.length === 0 && element('p', { class: 'dim' }, 'Nothing more was recorded of this entry.'),
    );
    this.#panel.scrollTop = 0;
  }

  close() {
    this.#panel.hidden = true;
    this.#panel.replaceChildren();
  }

  #actions(row, curl, canResend) {
    return element(
      'div',
      { class: 'detail-actions' },
      canResend &&
        button('Send again', () => this.#resend(row), {
          class: 'primary',
          title: 'Sends the same request to your application once more; the answer goes to no client.',
        }),
      curl !== undefined && button('Copy as curl', () => copyText(curl, 'The curl command')),
      row.connectionId !== undefined &&
        button('Only this connection', () => this.#doors.onFilter({ connection: row.connectionId })),
      row.userId !== undefined && button('Only this user', () => this.#doors.onFilter({ user: row.userId })),
    );
  }

  #resend(row) {
    return attempt(async () => {
      say('Sent again; its answer is the newest entry.');
      await post(pathOf('traffic', String(row.id), 'resend'));
    });
  }
}

function titleOf({ door, action, event }) {
  if (door === 'rest') return 'REST call';
  if (door === 'upstream') return `Event ${event}`;
  const titles = { received: 'Frame from a client', sent: 'Frame to a client', fanOut: 'Message to clients' };
  return titles[action] ?? `Client ${action}`;
}

function facts(row) {
  const rows = [
    ['Time', formatTime(row.time)],
    ['Hub', row.hub],
    ['User', row.userId],
    ['Connection', row.connectionId],
    ['Status', row.status],
    ['Took', formatDuration(row.durationMs)],
    ['Attempt', row.attempt === 0 ? 'nothing was sent' : row.attempt > 1 ? row.attempt : undefined],
    ['Receivers', row.receivers],
    ['Sent again from', row.resentFrom === undefined ? undefined : `entry ${row.resentFrom}`],
  ].filter(([, value]) => value !== undefined && value !== '');
  return element(
    'dl',
    { class: 'facts' },
    rows.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, String(value)))),
  );
}

function makeSection(section) {
  const isOpen = section.kind !== 'headers' || section.headers.length <= 40;
  return element(
    'details',
    { class: 'section', open: isOpen },
    element('summary', {}, element('span', {}, section.title), noteOf(section)),
    section.kind === 'headers' ? headersTable(section.headers) : textBlock(section),
  );
}

function noteOf({ kind, body, note, headers }) {
  const text =
    kind === 'headers'
      ? String(headers.length)
      : kind === 'body'
        ? [body.contentType, formatBytes(body.byteLength)].filter(Boolean).join(', ')
        : note;
  return text === undefined ? undefined : element('span', { class: 'section-note' }, text);
}

function headersTable(headers) {
  return element(
    'table',
    { class: 'headers' },
    element(
      'tbody',
      {},
      headers.map(([name, value]) =>
        element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, value === '' ? '(empty)' : value)),
      ),
    ),
  );
}

function textBlock({ kind, title, body, text }) {
  const shown = kind === 'body' ? body.text : text;
  const isJson = kind === 'decoded' || body.kind === 'json';
  return element(
    'div',
    { class: 'text-block' },
    button('Copy', () => copyText(shown, title), { class: 'quiet copy', 'aria-label': `Copy: ${title}` }),
    element('pre', { class: kind === 'body' ? body.kind : 'json', tabindex: 0 }, isJson ? colourJson(shown) : shown),
    kind === 'body' &&
      body.shownBytes < body.byteLength &&
      element('p', { class: 'dim' }, `The first ${formatBytes(body.shownBytes)} of ${formatBytes(body.byteLength)}.`),
  );
}
