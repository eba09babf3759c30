import { describe, expect, it } from '@jest/globals';
import * as fc from '../../support/property.js';
import { readJsonMembers } from '../../../src/protocol/json-members.js';

describe('readJsonMembers', () => {
  it.each([
    ['no members', '{ }', []],
    [
      'numbers with all their digits',
      '{"a":12345678901234567890,"b":1.50}',
      [
        ['a', '12345678901234567890'],
        ['b', '1.50'],
      ],
    ],
    [
      'a repeated name twice',
      '{"a":1,"a":2}',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
    ['names by what they mean', '{"\\u0061\\"":1}', [['a"', '1']]],
    [
      'strings that hold syntax',
      '{"a":"}\\\\\\",{","b":true}',
      [
        ['a', '"}\\\\\\",{"'],
        ['b', 'true'],
      ],
    ],
    [
      'white space around values, not in them',
      ' \n{ "a" :\t[ 1 ] , "b": null\r}',
      [
        ['a', '[ 1 ]'],
        ['b', 'null'],
      ],
    ],
    [
      'nested containers',
      '{"a":{"b":[{"c":"]"}]},"d":-1e3}',
      [
        ['a', '{"b":[{"c":"]"}]}'],
        ['d', '-1e3'],
      ],
    ],
  ])('reads %s', (_fact, text, members) => {
    expect(readJsonMembers(text)).toEqual(members);
  });

  it('finds in any object the text of each value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(undefined, 2), (object, indent) => {
        const members = readJsonMembers(JSON.stringify(object, undefined, indent));
        expect(members.map(([name, raw]) => [name, JSON.parse(raw)])).toEqual(
          Object.entries(JSON.parse(JSON.stringify(object)) as object),
        );
      }),
    );
  });
});
