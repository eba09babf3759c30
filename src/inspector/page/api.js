const BASE = '/inspector/api/';

/** Each rejects with an Error whose message is meant for the person at the page. */
export function get(path) {
  return call(path, {});
}

export function post(path, fields = {}) {
  return call(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(fields),
  });
}

/** A path of the API from segments that may hold anything. */
export function pathOf(...segments) {
  return segments.map(encodeURIComponent).join('/');
}

async function call(path, init) {
  let response;
  try {
    response = await fetch(BASE + path, init);
  } catch {
    throw new Error('The emulator does not answer; is it still running?');
  }
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw new Error(problemOf(text) ?? `The emulator answered ${response.status}.`);
}

function problemOf(text) {
  try {
    return JSON.parse(text).problem;
  } catch {
    return text || undefined;
  }
}
