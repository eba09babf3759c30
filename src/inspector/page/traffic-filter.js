/**
 * What the fields of the filter form ask for. `connection`, `user` and `event` are looked for anywhere in their field, in
 * any case; `status` is `failed`, `ok`, `fault`, a code such as `401`, or `4xx`; `text` is looked for everywhere, each
 * word by itself.
 */
export function makeFilter({ text, door, hub, connection, user, event, status }) {
  const words = lower(text).split(/\s+/).filter(Boolean);
  const [wantedConnection, wantedUser, wantedEvent, wantedStatus] = [connection, user, event, status].map(lower);
  return (row) =>
    (door === '' || row.door === door) &&
    (hub === '' || row.hub === hub) &&
    lower(row.connectionId).includes(wantedConnection) &&
    lower(row.userId).includes(wantedUser) &&
    matchesEvent(row, wantedEvent) &&
    matchesStatus(row, wantedStatus) &&
    (words.length === 0 || containsAll(row, words));
}

/** Frames name their event in the summary only. */
function matchesEvent(row, event) {
  return event === '' || lower(row.event ?? (row.door === 'client' ? row.summary : '')).includes(event);
}

function matchesStatus(row, status) {
  if (status === '') return true;
  if (status === 'failed' || status === 'ok' || status === 'fault') return row.outcome === status;
  const code = String(row.status ?? '');
  return /^\dxx$/.test(status) ? code.length === 3 && code[0] === status[0] : code.startsWith(status);
}

function containsAll(row, words) {
  const { summary, problem, preview, hub, connectionId, userId, status, door, action } = row;
  const all = lower([summary, problem, preview, hub, connectionId, userId, status, door, action].join('\n'));
  return words.every((word) => all.includes(word));
}

function lower(text) {
  return String(text ?? '')
    .trim()
    .toLowerCase();
}
