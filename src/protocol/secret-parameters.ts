/** Query parameters whose values are secrets by their names; `code` is the one of Azure Functions [auth 9.2]. */
const SECRET_NAME = /code|sig|token|key|secret|pass|pwd|auth|credential/i;
const BLANK = '***';

/** The query of a URL, without its question mark, as a log may show it. */
export function blankSecretParameters(query: string): string {
  return query.split('&').map(blankPair).join('&');
}

function blankPair(pair: string): string {
  const equals = pair.indexOf('=');
  if (equals === -1) return pair;
  const name = pair.slice(0, equals);
  return SECRET_NAME.test(decodeName(name)) ? `${name}=${BLANK}` : pair;
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
