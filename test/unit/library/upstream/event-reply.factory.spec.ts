import { describe, expect, it } from '@jest/globals';
import { createEventReply, HandlerResultError } from '../../../../src/library/upstream/event-reply.factory.js';

const GROUPS = 'a list of group names, which have 1 to 1,024 characters, not only white space';

describe('what a connect handler returned [upstream-events 6.1]', () => {
  it.each<[object, string]>([
    [{ userId: 5 }, 'userId that is not a string without control characters'],
    [{ userId: 'a\nb' }, 'userId that is not a string without control characters'],
    [{ groups: 'lobby' }, `groups that is not ${GROUPS}`],
    [{ groups: ['ok', ' '] }, `groups that is not ${GROUPS}`],
    [{ groups: ['x'.repeat(1_025)] }, `groups that is not ${GROUPS}`],
    [{ roles: [1] }, 'roles that is not a list of strings'],
    [{ subprotocol: ['json'] }, 'subprotocol that is not the name of a subprotocol'],
    [{ subprotocol: '' }, 'subprotocol that is not the name of a subprotocol'],
    [{ mqtt: 'x' }, 'mqtt that is not an object'],
  ])('%j is refused with what is wrong', (result, problem) => {
    const refused = new HandlerResultError(`The connect handler returned ${problem}.`);
    expect(() => createEventReply('connect', result)).toThrow(refused);
  });

  it('any text may be the id of a user', () => {
    expect(createEventReply('connect', { userId: 'Zoë 李' })).toEqual({ kind: 'connect', userId: 'Zoë 李' });
  });

  it('fields that are undefined or null are left out, and so are those that the service does not know', () => {
    const result = { userId: undefined, groups: null, roles: ['r'], other: 1 };
    expect(createEventReply('connect', result)).toEqual({ kind: 'connect', roles: ['r'] });
  });
});
