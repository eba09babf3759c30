import { describe, expect, it } from '@jest/globals';
import * as fc from '../../support/property.js';
import {
  ConnectionStates,
  decodeConnectionStates,
  encodeConnectionStates,
} from '../../../src/library/connection-states.js';
import {
  BadConnectionStateError,
  decodeStateHeader,
  encodeStateHeader,
  type ConnectionStateForm,
} from '../../../src/protocol/connection-states.codec.js';
import { expectCleanPrototypes, hostileJson, hostileText, nested } from '../../support/hostile-values.js';

expectCleanPrototypes();

const FORMS: ConnectionStateForm[] = ['json', 'dotnet'];
/** JSON has one zero. */
const jsonValue = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const states = fc.array(fc.tuple(hostileText, jsonValue), { maxLength: 5 }).map((entries) => new Map(entries));

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Undefined: refused, and with the one error that is for that. */
function tryDecode(header: string, form: ConnectionStateForm): Map<string, unknown> | undefined {
  try {
    return decodeStateHeader(header, form);
  } catch (error) {
    expect(error).toBeInstanceOf(BadConnectionStateError);
    return undefined;
  }
}

describe.each(FORMS)('connection states in the %s form [upstream-events 5]', (form) => {
  it('are read as they were written, whatever their names', () => {
    fc.assert(
      fc.property(states, (values) => {
        const header = encodeStateHeader(values, form);
        expect(header).toMatch(/^[A-Za-z0-9+/]*={0,2}$/);
        // An object has names that are numbers first, and once each.
        const read = [...decodeStateHeader(header, form)].sort(byName);
        expect(read).toEqual([...values].sort(byName));
      }),
      { numRuns: 300 },
    );
  });

  it('of any header are read or refused', () => {
    const header = fc.oneof(
      hostileText,
      hostileJson.map(base64),
      hostileJson.map((json) => base64(`{"a":${JSON.stringify(base64(json))}}`)),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
    );
    fc.assert(
      fc.property(header, (text) => void tryDecode(text, form)),
      { numRuns: 300 },
    );
  });

  it('are read by an application, changed, and written back without a trace of their names', () => {
    fc.assert(
      fc.property(states, hostileText, jsonValue, (values, name, value) => {
        const header = encodeStateHeader(values, form);
        const received = decodeConnectionStates(header, form);
        expect(received.isChanged).toBe(false);
        received.toJSON();
        expect(received.isChanged).toBe(false);
        received.set(name, value);
        const again = decodeConnectionStates(encodeConnectionStates(received, form), form);
        expect(again.get(name)).toEqual(value);
        expect(again.size).toBe(received.size);
        expect(Object.getPrototypeOf(received.toJSON())).toBe(Object.prototype);
      }),
    );
  });

  it('that nest deep are read, and refuse to be set', () => {
    tryDecode(base64(`{"a":${nested(200_000)}}`), form);
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(() => new ConnectionStates().set('deep', deep)).toThrow(TypeError);
  });
});

function byName([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : Number(one > other);
}
