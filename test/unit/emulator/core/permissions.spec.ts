import { describe, expect, it } from '@jest/globals';
import { ConnectionPermissions } from '../../../../src/emulator/core/permissions.js';

const SEND = 'webpubsub.sendToGroup';
const JOIN = 'webpubsub.joinLeaveGroup';

function maySendTo(roles: string[], group: string): boolean {
  return new ConnectionPermissions(roles).maySendTo(group);
}

describe('roles [auth 6]', () => {
  it.each([
    ['no role', [], 'a', false],
    ['the role for all groups', [SEND], 'a', true],
    ['the role for another right', [JOIN], 'a', false],
    ['the role for that group', [`${SEND}.a`], 'a', true],
    ['the role for another group', [`${SEND}.a`], 'b', false],
    ['the role for a group with dots', [`${SEND}.a.b.c`], 'a.b.c', true],
    ['a literal that looks like a pattern, as a pattern', [`${SEND}.a*`], 'ab', false],
    ['a literal that looks like a pattern, as it is', [`${SEND}.a*`], 'a*', true],
    ['the group in another case', [`${SEND}.a`], 'A', false],
    ['the role in another case', ['webpubsub.sendtogroup'], 'a', false],
    ['a role with a blank', [` ${SEND}`], 'a', false],
    ['a role for no group', [`${SEND}.`], 'a', false],
    ['a pattern that matches', [`${SEND}s.a?`], 'ab', true],
    ['a pattern without wildcards', [`${SEND}s.a`], 'a', true],
    ['the pattern for everything', [`${SEND}s.**`], 'a.b', true],
    ['an invalid pattern beside a valid one', [`${SEND}s.a\\`, `${SEND}s.b*`], 'bc', true],
  ])('%s', (_fact, roles, group, isAllowed) => {
    expect(maySendTo(roles, group)).toBe(isAllowed);
  });

  it('are evaluated for each right by itself', () => {
    const permissions = new ConnectionPermissions([
      `${JOIN}.a`,
      `${SEND}.b`,
      'webpubsub.setGroupState',
      'webpubsub.getGroupState.a',
    ]);
    expect([permissions.mayJoinOrLeave('a'), permissions.mayJoinOrLeave('b')]).toEqual([true, false]);
    expect([permissions.maySendTo('a'), permissions.maySendTo('b')]).toEqual([false, true]);
    expect([permissions.maySetState('b'), permissions.mayGetState('a'), permissions.mayGetState('b')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('that are skipped are named with the reason', () => {
    const problems: string[] = [];
    const roles = [
      `${SEND}s.*****a*`,
      `${SEND}s.\\x`,
      ...Array.from({ length: 10 }, (_, index) => `${SEND}s.${index}*`),
    ];
    new ConnectionPermissions(roles, (problem) => problems.push(problem)).maySendTo('a');
    expect(problems).toEqual([
      expect.stringContaining('at most 5 asterisks'),
      expect.stringContaining('at most 9 patterns'),
      expect.stringContaining('backslash'),
    ]);
  });
});

describe('grants and revocations [auth 6]', () => {
  it('allow and deny a single group', () => {
    const permissions = new ConnectionPermissions([]);
    expect(permissions.grant('sendToGroup', 'a')).toBe(true);
    expect([permissions.maySendTo('a'), permissions.maySendTo('b')]).toEqual([true, false]);
    expect(permissions.revoke('sendToGroup', 'a')).toBe(true);
    expect(permissions.maySendTo('a')).toBe(false);
  });

  it('deny one group under a role for all, until it is granted again', () => {
    const permissions = new ConnectionPermissions([SEND]);
    permissions.revoke('sendToGroup', 'a');
    expect([permissions.maySendTo('a'), permissions.maySendTo('b')]).toEqual([false, true]);
    permissions.grant('sendToGroup', 'a');
    expect(permissions.maySendTo('a')).toBe(true);
  });

  it('deny one group under a pattern', () => {
    const permissions = new ConnectionPermissions([`${SEND}s.a*`]);
    permissions.revoke('sendToGroup', 'ab');
    expect([permissions.maySendTo('ab'), permissions.maySendTo('ac')]).toEqual([false, true]);
  });

  it('keep to 1,000 entries, and entries that are taken back make room', () => {
    const permissions = new ConnectionPermissions([]);
    for (let index = 0; index < 1000; index++) expect(permissions.grant('joinLeaveGroup', `g${index}`)).toBe(true);
    expect(permissions.grant('joinLeaveGroup', 'more')).toBe(false);
    expect(permissions.mayJoinOrLeave('more')).toBe(false);
    permissions.revoke('joinLeaveGroup', 'g0');
    expect(permissions.grant('joinLeaveGroup', 'more')).toBe(true);
  });
});
