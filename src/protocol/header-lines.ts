import { encodeUtf8Header } from './utf8-header.codec.js';

/** Headers by name, their values as Unicode text; several are a line each. */
export type HeaderTexts = Readonly<Record<string, string | readonly string[]>>;

/** The headers as Node's HTTP client takes them: every value as its UTF-8 bytes [upstream-events 4.2]. */
export function encodeHeaderTexts(headers: HeaderTexts): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? encodeUtf8Header(value) : value.map(encodeUtf8Header),
    ]),
  );
}

/** From names and values in turn, as Node's `rawHeaders` has them: names in lower case, to one value per line. */
export function readHeaderLines(rawHeaders: readonly string[]): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index].toLowerCase();
    const known = lines.get(name);
    if (known) known.push(rawHeaders[index + 1]);
    else lines.set(name, [rawHeaders[index + 1]]);
  }
  return lines;
}
