/** A member of a JSON object, its value as it was written. */
export type JsonMember = readonly [name: string, value: string];

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const SPACE = 0x20;

/**
 * The members of a JSON object in order, repeated ones included, with the text of each value. What `JSON.parse` cannot
 * say: the digits of a number that a double does not hold, and that a name came twice. Works without recursion, so that
 * nesting has no limit.
 *
 * `text` must be a JSON object that `JSON.parse` has accepted.
 */
export function readJsonMembers(text: string): JsonMember[] {
  const members: JsonMember[] = [];
  let position = skipWhiteSpace(text, text.indexOf('{') + 1);
  while (text.charCodeAt(position) === QUOTE) {
    const nameEnd = endOfString(text, position);
    const name = JSON.parse(text.slice(position, nameEnd)) as string;
    const valueStart = skipWhiteSpace(text, text.indexOf(':', nameEnd) + 1);
    const valueEnd = endOfValue(text, valueStart);
    members.push([name, text.slice(valueStart, valueEnd)]);
    position = skipWhiteSpace(text, valueEnd);
    if (text.charCodeAt(position) === COMMA) position = skipWhiteSpace(text, position + 1);
  }
  return members;
}

function skipWhiteSpace(text: string, start: number): number {
  let position = start;
  while (position < text.length && text.charCodeAt(position) <= SPACE) position++;
  return position;
}

/** `start` is at the opening quote; the result is behind the closing one. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote + 1;
}

function isEscaped(text: string, position: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(position - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfString(text, start);
  return first === OPEN_BRACE || first === OPEN_BRACKET ? endOfContainer(text, start) : endOfLiteral(text, start);
}

function endOfContainer(text: string, start: number): number {
  let depth = 0;
  let position = start;
  for (;;) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) {
      position = endOfString(text, position);
      continue;
    }
    position++;
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) return position;
  }
}

/** Numbers and the words `true`, `false` and `null`. */
function endOfLiteral(text: string, start: number): number {
  let position = start;
  while (position < text.length) {
    const code = text.charCodeAt(position);
    if (code <= SPACE || code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code === COLON) break;
    position++;
  }
  return position;
}
