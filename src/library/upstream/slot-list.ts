/** Something that can be in one `SlotList`. */
export interface Slotted {
  /** Its place there; -1 while it is in none. Only the list changes it. */
  slot: number;
}

/**
 * A set whose members know their places, in no order. For what comes and goes with every event: a `Set` or `Map` in such
 * constant change spends most of its time on hashing itself anew.
 */
export class SlotList<T extends Slotted> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** Has no effect on a member. */
  add(member: T): void {
    if (member.slot === -1) member.slot = this.#members.push(member) - 1;
  }

  /** Whether it was a member. */
  delete(member: T): boolean {
    const { slot } = member;
    if (slot === -1) return false;
    const last = this.#members.pop() as T;
    if (last !== member) {
      this.#members[slot] = last;
      last.slot = slot;
    }
    member.slot = -1;
    return true;
  }

  /** The members as they are now. */
  list(): T[] {
    return this.#members.slice();
  }
}
