import { describe, expect, it } from '@jest/globals';
import {
  BadConnectionStateError,
  decodeStateHeader,
  encodeStateHeader,
} from '../../../src/protocol/connection-states.codec.js';

/** [upstream-events 5] the examples for room="blue", n=1. */
const JSON_FORM = 'eyJyb29tIjoiYmx1ZSIsIm4iOjF9';
const DOTNET_FORM = 'eyJyb29tIjoiSW1Kc2RXVWkiLCJuIjoiTVE9PSJ9';
const STATES = new Map<string, unknown>([
  ['room', 'blue'],
  ['n', 1],
]);

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe.each([
  ['json', JSON_FORM],
  ['dotnet', DOTNET_FORM],
] as const)('state header in the %s form [upstream-events 5]', (form, example) => {
  it('is written as the SDK of that language writes it', () => {
    expect(encodeStateHeader(STATES, form)).toBe(example);
  });

  it('is read back', () => {
    expect(decodeStateHeader(example, form)).toEqual(STATES);
  });

  it.each([
    ['absent', undefined],
    ['empty', ''],
    ['blank', '  '],
    ['an object without members', base64('{}')],
  ])('holds no states when it is %s', (_, text) => {
    expect(decodeStateHeader(text, form).size).toBe(0);
  });

  it('is empty for no states, which clears them at the service', () => {
    expect(encodeStateHeader(new Map(), form)).toBe('');
  });

  it.each<[string, unknown]>([
    ['text beyond ASCII', 'Zoë 李 🎈'],
    ['null', null],
    ['false', false],
    ['an object', { a: [1, { b: null }] }],
    ['an empty string', ''],
  ])('keeps %s', (_, value) => {
    const states = new Map([['x', value]]);
    const written = encodeStateHeader(states, form);
    expect(written).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(decodeStateHeader(written, form)).toEqual(states);
  });

  it('keeps a state with the name __proto__ as one like any other', () => {
    const header = base64('{"__proto__":"eyJhIjoxfQ==","constructor":"MQ=="}');
    const states = decodeStateHeader(header, form);
    expect([...states.keys()]).toEqual(['__proto__', 'constructor']);
    expect(decodeStateHeader(encodeStateHeader(states, form), form)).toEqual(states);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });

  it.each([
    ['no base64', '{"room":"blue"}', 'base64'],
    ['base64 of impossible length', 'abcde', 'base64'],
    ['a stray character', 'eyJy b29tIjo', 'base64'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]).toString('base64'), 'UTF-8'],
    ['no JSON', base64('room=blue'), 'JSON'],
    ['an array', base64('[1]'), 'JSON object'],
    ['a number', base64('1'), 'JSON object'],
    ['null', base64('null'), 'JSON object'],
    ['a string', base64('"blue"'), 'JSON object'],
  ])('is refused with the reason when it holds %s', (_, header, reason) => {
    const decode = () => decodeStateHeader(header, form);
    expect(decode).toThrow(BadConnectionStateError);
    expect(decode).toThrow(reason);
  });

  it('names nothing of its value in the reason', () => {
    expect(() => decodeStateHeader(base64('secret'), form)).toThrow(/^(?!.*secret)/s);
  });
});

describe('state header across forms', () => {
  it('reads the base64 strings of the dotnet form as they are in the json form', () => {
    expect(decodeStateHeader(DOTNET_FORM, 'json')).toEqual(
      new Map([
        ['room', 'ImJsdWUi'],
        ['n', 'MQ=='],
      ]),
    );
  });

  it('reads what the json form wrote when the form of an application was changed to dotnet', () => {
    expect(decodeStateHeader(JSON_FORM, 'dotnet')).toEqual(STATES);
  });

  it.each(['lobby1', 'a-b_cd', 'blå', 'x'])('reads the text %s of the json form with the dotnet form', (room) => {
    const states = new Map([['room', room]]);
    expect(decodeStateHeader(encodeStateHeader(states, 'json'), 'dotnet')).toEqual(states);
  });

  it('keeps bytes that are no JSON in the dotnet form', () => {
    const bytes = Buffer.from([0, 255, 1]);
    const header = base64(JSON.stringify({ blob: bytes.toString('base64') }));
    const states = decodeStateHeader(header, 'dotnet');
    expect(states.get('blob')).toEqual(bytes);
    expect(encodeStateHeader(states, 'dotnet')).toBe(header);
  });

  it('writes bytes as base64 in the json form', () => {
    const header = encodeStateHeader(new Map([['blob', Uint8Array.of(1, 2)]]), 'json');
    expect(Buffer.from(header, 'base64').toString()).toBe('{"blob":"AQI="}');
  });
});
