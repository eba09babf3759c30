import { cut, element } from './dom.js';
import { formatDuration, formatTime } from './format.js';

const ARROWS = { received: '→', sent: '←', fanOut: '⇇' };
const ARROW_TITLES = {
  received: 'from the client to the service',
  sent: 'from the service to the client',
  fanOut: 'from the service to several clients',
};

/** Every upstream call to a hub has the same one; the row has no room for it, the detail has. */
const LEADING_URL = /^(?:https?|tunnel):\S+ (?=answered|gave)/;

/** One row of the timeline: an option of its listbox. */
export function makeRow(row, { index, count, isChosen, onClick }) {
  const what = element(
    'span',
    { class: 'cell-what', title: [row.summary, row.problem].filter(Boolean).join('\n') },
    element('span', { class: 'summary' }, summaryOf(row)),
    row.problem !== undefined && element('span', { class: 'problem' }, row.problem.replace(LEADING_URL, '')),
    row.problem === undefined && row.preview !== undefined && element('span', { class: 'preview' }, row.preview),
  );
  return element(
    'div',
    {
      id: `row-${row.id}`,
      class: `row is-${row.outcome}`,
      role: 'option',
      'aria-selected': String(isChosen),
      'aria-posinset': index + 1,
      'aria-setsize': count,
      'data-door': row.door,
      click: onClick,
    },
    element('span', { class: 'cell-time' }, formatTime(row.time)),
    doorCell(row),
    cut('span', 'cell-hub', row.hub),
    whoCell(row),
    what,
    element('span', { class: 'cell-status' }, statusText(row)),
    element('span', { class: 'cell-took' }, formatDuration(row.durationMs)),
  );
}

/** The words of a failed call name its address themselves. */
function summaryOf({ summary, event, attempt, problem }) {
  if (event === undefined || problem === undefined) return summary;
  return attempt > 1 ? `${event}, attempt ${attempt}` : event;
}

function doorCell({ door, action, receivers }) {
  const arrow = ARROWS[action];
  const count = action === 'fanOut' && receivers !== undefined ? ` ${receivers}` : '';
  return element(
    'span',
    { class: 'cell-door', title: ARROW_TITLES[action] },
    door === 'rest' ? 'REST' : door,
    arrow !== undefined && element('span', { class: 'arrow' }, `${arrow}${count}`),
  );
}

function whoCell({ userId, connectionId }) {
  if (userId === undefined && connectionId === undefined) return element('span', { class: 'cell-who' });
  // Each on a line of its own, on which no character of the other has a say.
  const title = [userId, connectionId].filter((part) => part !== undefined).join('\n');
  return element(
    'span',
    { class: 'cell-who', title },
    userId !== undefined && element('span', { class: 'user' }, userId),
    connectionId !== undefined && element('span', { class: 'connection' }, connectionId),
  );
}

function statusText({ status, outcome, door }) {
  if (status !== undefined) return String(status);
  return outcome === 'failed' ? (door === 'upstream' ? 'none' : 'failed') : '';
}
