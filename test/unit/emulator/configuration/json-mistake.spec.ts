import { describe, expect, it } from '@jest/globals';
import { findJsonMistake } from '../../../../src/emulator/configuration/json-mistake.js';

describe('the place of a mistake in JSON', () => {
  it.each<[string, string, number, number]>([
    ['nothing', '', 1, 1],
    ['blanks alone', ' \n ', 2, 2],
    ['a comma after the last item', '{\n  "systemEvents": ["connect",]\n}', 2, 30],
    ['a comma after the last field', '{\n  "port": 1,\n}', 3, 1],
    ['a word of another language', '{\n  "port": True\n}', 2, 11],
    ['an end too early', '{\n  "port": 0', 2, 12],
    ['a text without an end', '{"host": "localhost', 1, 20],
    ['a comment', '{\n  // the port\n  "port": 1\n}', 2, 3],
    ['single quotes', "{'port': 1}", 1, 2],
    ['more after the end', '{}\n{}', 2, 1],
    ['lines that end as on Windows', '{\r\n  "port": 1,\r\n  oops\r\n}', 3, 3],
    ['a field that is there twice before it', '{\n  "port": 1,\n  "port": 2,\n  oops\n}', 4, 3],
    ['words like those of the parser', '{"a": "x at position 3" oops}', 1, 25],
  ])('%s', (_name, text, line, column) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(findJsonMistake(text)).toEqual({ line, column });
  });

  it.each(['{}', '{"port": 1, "port": 2}', ' [1, "\\u00e9", null]\n'])('%s has none', (text) => {
    expect(findJsonMistake(text)).toBeUndefined();
  });
});
