import { FilterPartError } from './filter.errors.js';

export interface FilterToken {
  readonly kind: 'word' | 'string' | 'integer' | 'punctuation' | 'end';
  /** Of a string: its value, quotes and doubling undone. */
  readonly text: string;
  /** Where it begins, from 0. */
  readonly position: number;
}

const BLANKS = /\s*/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*(?:[./][A-Za-z0-9_./$]*)?/y;
const STRING = /'((?:[^']|'')*)'/y;
/** Everything that begins as a number does, so that decimals, dates and ids are refused as a whole. */
const NUMBER = /[+-]?[0-9][A-Za-z0-9_.:+-]*/y;
const INTEGER = /^[+-]?[0-9]+$/;
const MAX_INTEGER = 2 ** 31 - 1;

/** Splits a filter into tokens, an `end` last. Throws a FilterPartError at the first character that fits nowhere. */
export function readFilterTokens(text: string): FilterToken[] {
  const tokens: FilterToken[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    return pattern.exec(text);
  };
  for (;;) {
    position += take(BLANKS)?.[0].length ?? 0;
    if (position >= text.length) break;
    const start = position;
    const [match, token] = readToken(take, text[position], start);
    tokens.push(token);
    position += match.length;
  }
  tokens.push({ kind: 'end', text: '', position: text.length });
  return tokens;
}

function readToken(
  take: (pattern: RegExp) => RegExpExecArray | null,
  character: string,
  position: number,
): [match: string, token: FilterToken] {
  if (character === '(' || character === ')' || character === ',') {
    return [character, { kind: 'punctuation', text: character, position }];
  }
  const word = take(WORD);
  if (word) {
    if (/[./]/.test(word[0])) throw FilterPartError.notSupported(word[0]);
    return [word[0], { kind: 'word', text: word[0], position }];
  }
  const string = take(STRING);
  if (string) return [string[0], { kind: 'string', text: string[1].replaceAll("''", "'"), position }];
  const number = take(NUMBER);
  if (number) {
    const value = Number(number[0]);
    if (!INTEGER.test(number[0]) || value > MAX_INTEGER || value < -MAX_INTEGER - 1) {
      throw FilterPartError.notSupported(number[0]);
    }
    return [number[0], { kind: 'integer', text: number[0], position }];
  }
  if (character === "'") throw new FilterPartError(`The string that begins at position ${position} has no end.`);
  throw new FilterPartError(`The character '${character}' at position ${position} is not expected.`);
}
