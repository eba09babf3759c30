import { describe, expect, it } from '@jest/globals';
import { type Deliverable, DeliveryQueue } from '../../../../src/emulator/core/delivery-queue.js';

interface Item extends Deliverable {
  readonly name: string;
}

function item(name: string, byteLength = 1, expiresAt?: number): Item {
  return { name, byteLength, expiresAt };
}

function replayed(queue: DeliveryQueue<Item>, now = 0): [number, string][] {
  return queue.replay(now).map((delivery) => [delivery.sequenceId, delivery.item.name]);
}

describe('DeliveryQueue [client-websocket 9]', () => {
  it('numbers from 1, and keeps what is not acknowledged in order', () => {
    const queue = new DeliveryQueue<Item>();
    expect(['a', 'b', 'c'].map((name) => queue.push(item(name)))).toEqual([1, 2, 3]);
    queue.acknowledge(1n);
    expect(replayed(queue)).toEqual([
      [2, 'b'],
      [3, 'c'],
    ]);
    expect(queue.push(item('d'))).toBe(4);
  });

  it.each([
    ['again', 1n, [2, 3]],
    ['of 0', 0n, [1, 2, 3]],
    ['of an id that is not given out yet', 18446744073709551615n, []],
  ])('takes an acknowledgement %s', (_fact, sequenceId, left) => {
    const queue = new DeliveryQueue<Item>();
    for (const name of 'abc') queue.push(item(name));
    queue.acknowledge(sequenceId);
    queue.acknowledge(sequenceId);
    expect(queue.replay(0).map((delivery) => delivery.sequenceId)).toEqual(left);
  });

  it('is full at 1,000 messages, and has room again when some are acknowledged', () => {
    const queue = new DeliveryQueue<Item>();
    for (let index = 1; index <= 1000; index++) expect(queue.push(item('x'))).toBe(index);
    expect(queue.push(item('x'))).toBeUndefined();
    queue.acknowledge(1n);
    expect(queue.push(item('x'))).toBe(1001);
    queue.acknowledge(900n);
    expect(replayed(queue).map(([sequenceId]) => sequenceId)).toEqual(Array.from({ length: 101 }, (_, n) => 901 + n));
    expect(queue.push(item('x'))).toBe(1002);
  });

  it('is full at 16 MiB', () => {
    const queue = new DeliveryQueue<Item>();
    const half = 8 * 1024 * 1024;
    expect([queue.push(item('a', half)), queue.push(item('b', half)), queue.push(item('c'))]).toEqual([
      1,
      2,
      undefined,
    ]);
    queue.acknowledge(1n);
    expect(queue.push(item('c', half))).toBe(3);
  });

  it('does not replay what has expired, and keeps the ids of the others', () => {
    const queue = new DeliveryQueue<Item>();
    queue.push(item('a'));
    queue.push(item('b', 1, 100));
    queue.push(item('c', 1, 101));
    expect(replayed(queue, 100)).toEqual([
      [1, 'a'],
      [3, 'c'],
    ]);
  });
});
