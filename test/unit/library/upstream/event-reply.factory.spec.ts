import { describe, expect, it } from '@jest/globals';
import { createEventReply, HandlerResultError } from '../../../../src/library/upstream/event-reply.factory.js';

describe('what a connect handler returned [upstream-events 6.1]', () => {
  it.each<[object, string]>([
    [{ userId: 5 }, 'userId that is not a string'],
    [{ groups: 'lobby' }, 'groups that is not a list of strings'],
    [{ roles: [1] }, 'roles that is not a list of strings'],
    [{ subprotocol: ['json'] }, 'subprotocol that is not a string'],
    [{ mqtt: 'x' }, 'mqtt that is not an object'],
  ])('%j is refused with what is wrong', (result, problem) => {
    const refused = new HandlerResultError(`The connect handler returned ${problem}.`);
    expect(() => createEventReply('connect', result)).toThrow(refused);
  });

  it('fields that are undefined or null are left out, and so are those that the service does not know', () => {
    const result = { userId: undefined, groups: null, roles: ['r'], other: 1 };
    expect(createEventReply('connect', result)).toEqual({ kind: 'connect', roles: ['r'] });
  });
});
