import { describe, expect, it } from '@jest/globals';
import { SlotList } from '../../../../src/library/upstream/slot-list.js';

const member = (name: string) => ({ name, slot: -1 });

describe('SlotList', () => {
  it('holds what was added and not deleted, once, whatever the order', () => {
    const list = new SlotList<ReturnType<typeof member>>();
    const members = ['a', 'b', 'c', 'd'].map(member);
    for (const each of [...members, members[0]]) list.add(each);
    expect([list.delete(members[1]), list.delete(members[3]), list.delete(members[1])]).toEqual([true, true, false]);
    list.add(members[1]);
    expect(
      list
        .list()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['a', 'b', 'c']);
    expect(list.size).toBe(3);
    for (const each of members) list.delete(each);
    expect([list.size, members.map(({ slot }) => slot)]).toEqual([0, [-1, -1, -1, -1]]);
  });

  it('lists a copy: members may be deleted meanwhile', () => {
    const list = new SlotList<ReturnType<typeof member>>();
    for (const name of ['a', 'b', 'c']) list.add(member(name));
    for (const each of list.list()) list.delete(each);
    expect(list.size).toBe(0);
  });
});
