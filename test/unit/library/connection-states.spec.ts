import { describe, expect, it } from '@jest/globals';
import {
  assertStateFits,
  ConnectionStates,
  ConnectionStateTooLargeError,
  decodeConnectionStates,
  encodeConnectionStates,
} from '../../../src/library/connection-states.js';

const received = () =>
  new ConnectionStates(
    new Map<string, unknown>([
      ['room', 'blue'],
      ['seats', [1, 2]],
    ]),
  );

describe('ConnectionStates', () => {
  it('gives what was received', () => {
    const states = received();
    expect(states.get('room')).toBe('blue');
    expect(states.has('seats')).toBe(true);
    expect(states.has('other')).toBe(false);
    expect(states.get('other')).toBeUndefined();
    expect(states.toJSON()).toEqual({ room: 'blue', seats: [1, 2] });
    expect(JSON.stringify(states)).toBe('{"room":"blue","seats":[1,2]}');
    expect(states.size).toBe(2);
  });

  it.each<[string, (states: ConnectionStates) => unknown]>([
    ['nothing', () => undefined],
    ['reading', (states) => [states.get('room'), states.get('seats'), states.toJSON(), ...states.entries()]],
    ['setting an equal primitive', (states) => states.set('room', 'blue')],
    ['setting a deep-equal value', (states) => states.set('seats', [1, 2])],
    ['setting and setting back', (states) => states.set('room', 'red').set('room', 'blue')],
    ['deleting what is not there', (states) => states.delete('other')],
    ['setting undefined where nothing is', (states) => states.set('other', undefined)],
    ['adding and deleting', (states) => states.set('new', 1).delete('new')],
  ])('is not changed by %s', (_, use) => {
    const states = received();
    use(states);
    expect(states.isChanged).toBe(false);
  });

  it.each<[string, (states: ConnectionStates) => unknown]>([
    ['another value', (states) => states.set('room', 'red')],
    ['a value of another type', (states) => states.set('seats', '[1,2]')],
    ['a new name', (states) => states.set('new', null)],
    ['deleting', (states) => states.delete('room')],
    ['setting undefined', (states) => states.set('room', undefined)],
    ['clearing', (states) => states.clear()],
    ['another name with the same value', (states) => states.set('raum', 'blue').delete('room')],
    ['changing a value in place', (states) => (states.get('seats') as number[]).push(3)],
    ['changing a value of toJSON() in place', (states) => (states.toJSON()['seats'] as number[]).push(3)],
    [
      'changing in place and setting what it has become',
      (states) => {
        const seats = states.get('seats') as number[];
        seats.push(3);
        states.set('seats', [1, 2, 3]);
      },
    ],
  ])('is changed by %s', (_, use) => {
    const states = received();
    use(states);
    expect(states.isChanged).toBe(true);
  });

  it('clearing nothing is no change', () => {
    const states = new ConnectionStates();
    states.clear();
    expect(states.isChanged).toBe(false);
  });

  it('keeps a copy of what is set', () => {
    const states = new ConnectionStates<{ list: number[] }>();
    const list = [1];
    states.set('list', list);
    list.push(2);
    expect(states.get('list')).toEqual([1]);
  });

  it('takes names of the object prototype as names like any other', () => {
    const states = new ConnectionStates();
    expect(states.get('constructor')).toBeUndefined();
    expect(states.has('toString')).toBe(false);
    states.set('__proto__', { admin: true });
    expect(states.get('__proto__')).toEqual({ admin: true });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(Object.keys(states.toJSON())).toEqual(['__proto__']);
  });

  it.each<[string, unknown]>([
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a cycle', Object.assign({}, { self: undefined })],
  ])('refuses %s, naming the state', (name, value) => {
    if (name === 'a cycle') (value as { self: unknown }).self = value;
    const states = new ConnectionStates();
    expect(() => states.set('x', value)).toThrow('The connection state "x" cannot be written as JSON. Set texts,');
    expect(states.isChanged).toBe(false);
  });

  it('is typed by name', () => {
    const states = new ConnectionStates<{ room: string; seats?: number[] }>();
    states.set('room', 'blue');
    const room: string | undefined = states.get('room');
    // @ts-expect-error a number is no room
    states.set('room', 1);
    // @ts-expect-error there is no such state
    states.get('other');
    expect(room).toBe('blue');
  });
});

describe('connection states of an event [upstream-events 5]', () => {
  it.each(['json', 'dotnet'] as const)('survive the way through the service in the %s form', (form) => {
    const states = received().set('room', 'red');
    expect(decodeConnectionStates(encodeConnectionStates(states, form), form).toJSON()).toEqual({
      room: 'red',
      seats: [1, 2],
    });
  });

  it.each(['json', 'dotnet'] as const)('become the empty header when they are cleared in the %s form', (form) => {
    const states = received();
    states.clear();
    expect(encodeConnectionStates(states, form)).toBe('');
  });

  it('are none when the header is absent', () => {
    const states = decodeConnectionStates(undefined, 'json');
    expect(states.size).toBe(0);
    expect(states.isChanged).toBe(false);
  });

  it('keep unchanged bytes of the dotnet form unchanged', () => {
    const states = decodeConnectionStates(Buffer.from('{"blob":"AP8B"}').toString('base64'), 'dotnet');
    states.set('blob' as never, Uint8Array.of(0, 255, 1));
    expect(states.isChanged).toBe(false);
  });

  it('may be as large as maxStateBytes', () => {
    expect(() => assertStateFits('x'.repeat(100), 100, 'chat', 'join')).not.toThrow();
  });

  it('larger than maxStateBytes are an error that names hub, event and size', () => {
    const check = () => assertStateFits('x'.repeat(101), 100, 'chat', 'join');
    expect(check).toThrow(ConnectionStateTooLargeError);
    expect(check).toThrow(/hub "chat".*101 bytes.*event "join".*100 of maxStateBytes/);
  });
});
