import { afterEach, expect } from '@jest/globals';
import * as fc from './property.js';

/** Names that an object has, or takes for something else than a member. */
export const PROTOTYPE_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'valueOf',
  'toJSON',
  'then',
  '__defineGetter__',
] as const;

/** Text that is worth trying on whatever takes a text: names of prototypes, controls, halves of characters, long runs. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom<string>(...PROTOTYPE_NAMES),
  fc.constantFrom(
    '',
    ' ',
    '\0',
    'a\r\nX-Evil: 1',
    'a\nb',
    '\ud800',
    '\udfff\ud800',
    'Zoë 李 🎉',
    '\ufeff',
    '\u2028',
    '../..',
    '%',
    '%00',
    '%zz',
    '{hub}',
    '*',
    '**?**',
    '\\',
    "'",
    '"',
    '18446744073709551615',
    '18446744073709551616',
    '-1',
    '1e999',
    'NaN',
    'a'.repeat(2_000),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'binary-ascii', maxLength: 40 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
);

/** JSON text whose objects have such names. */
export const hostileJson: fc.Arbitrary<string> = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom('null', 'true', '0', '-0', '1e999', '18446744073709551616', '9007199254740993', '""', '[]', '{}'),
    hostileText.map((text) => JSON.stringify(text)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(hostileText, tie('value')), { maxLength: 4 })
    .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`),
})).value;

/** Bytes that are nearly those of `wire`: one is changed, some are missing, some are too many, or they come twice. */
export function nearly(wire: Uint8Array): fc.Arbitrary<Buffer> {
  const bytes = Buffer.from(wire);
  const position = fc.nat({ max: Math.max(0, bytes.length - 1) });
  return fc.oneof(
    fc.tuple(position, fc.integer({ min: 0, max: 255 })).map(([at, byte]) => {
      const changed = Buffer.from(bytes);
      if (changed.length > 0) changed[at] = byte;
      return changed;
    }),
    position.map((end) => bytes.subarray(0, end)),
    fc.tuple(position, fc.uint8Array({ maxLength: 8 })).map(([at, more]) => {
      return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
    }),
    fc.tuple(position, position).map(([from, to]) => Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])),
    fc.constant(Buffer.concat([bytes, bytes])),
  );
}

/** An array or object in itself, so many times. */
export function nested(depth: number, open = '[', close = ']'): string {
  return open.repeat(depth) + close.repeat(depth);
}

const members = new Map([Object, Array, Function, String, Map].map(({ prototype }) => [prototype, namesOf(prototype)]));

function namesOf(prototype: object): string {
  return Reflect.ownKeys(prototype).map(String).sort().join();
}

/** After each test of the file: nothing has been added to what all objects share. */
export function expectCleanPrototypes(): void {
  afterEach(() => {
    for (const [prototype, names] of members) expect(namesOf(prototype)).toBe(names);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
}
