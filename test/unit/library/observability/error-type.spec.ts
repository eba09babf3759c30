import { BadRequestException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { errorTypeOf, stackFramesOf } from '../../../../src/library/observability/error-type.js';

class RoomFullError extends Error {}

describe('the type of an error', () => {
  it.each<[string, unknown, string]>([
    ['an error of the application', new RoomFullError('42'), 'RoomFullError'],
    ['an exception of Nest', new BadRequestException(), 'BadRequestException'],
    ['an error whose name holds data', Object.assign(new TypeError('x'), { name: 'user 7' }), 'TypeError'],
    ['an error of a class without a name', new (class extends Error {})(), '_OTHER'],
    ['a string', 'secret', '_OTHER'],
    ['an object', { name: 'secret' }, '_OTHER'],
    ['nothing', undefined, '_OTHER'],
  ])('of %s', (_, error, type) => {
    expect(errorTypeOf(error)).toBe(type);
  });
});

describe('the frames of an error', () => {
  it('say where it was thrown, not what it said', () => {
    const frames = stackFramesOf(new Error('first secret\n    at second secret\nthird secret'))!;
    expect(frames).toContain('error-type.spec');
    expect(frames).not.toContain('secret');
    expect(frames.split('\n').every((line) => line.startsWith('    at '))).toBe(true);
  });

  it.each([
    ['a string', 'text'],
    ['an error without a stack', Object.assign(new Error('secret'), { stack: undefined })],
    ['an error with nothing but a message', Object.assign(new Error('secret'), { stack: 'Error: secret' })],
    ['an error whose message has changed since', Object.assign(new Error('old secret'), { message: 'new' })],
  ])('are none or frames only of %s', (_, error) => {
    expect(stackFramesOf(error) ?? '').not.toContain('secret');
  });
});
