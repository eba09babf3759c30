import { describe, expect, it } from '@jest/globals';
import { DeliveryQueue } from '../../../../src/emulator/core/delivery-queue.js';

function replayed(queue: DeliveryQueue<string>, now = 0): [number, string][] {
  return queue.replay(now).map(({ sequenceId, item }) => [sequenceId, item]);
}

describe('DeliveryQueue [client-websocket 9]', () => {
  it('numbers from 1, and keeps what is not acknowledged in order', () => {
    const queue = new DeliveryQueue<string>();
    expect(['a', 'b', 'c'].map((item) => queue.push(item, 1))).toEqual([1, 2, 3]);
    queue.acknowledge(1n);
    expect(replayed(queue)).toEqual([
      [2, 'b'],
      [3, 'c'],
    ]);
    expect(queue.push('d', 1)).toBe(4);
  });

  it.each([
    ['again', 1n, [2, 3]],
    ['of 0', 0n, [1, 2, 3]],
    ['of an id that is not given out yet', 18446744073709551615n, []],
  ])('takes an acknowledgement %s', (_fact, sequenceId, left) => {
    const queue = new DeliveryQueue<string>();
    for (const item of 'abc') queue.push(item, 1);
    queue.acknowledge(sequenceId);
    queue.acknowledge(sequenceId);
    expect(queue.replay(0).map((delivery) => delivery.sequenceId)).toEqual(left);
  });

  it('is full at 1,000 messages, and has room again when some are acknowledged', () => {
    const queue = new DeliveryQueue<string>();
    for (let index = 1; index <= 1000; index++) expect(queue.push('x', 1)).toBe(index);
    expect(queue.push('x', 1)).toBeUndefined();
    queue.acknowledge(1n);
    expect(queue.push('x', 1)).toBe(1001);
  });

  it('is full at 16 MiB', () => {
    const queue = new DeliveryQueue<string>();
    const half = 8 * 1024 * 1024;
    expect([queue.push('a', half), queue.push('b', half), queue.push('c', 1)]).toEqual([1, 2, undefined]);
    queue.acknowledge(1n);
    expect(queue.push('c', half)).toBe(3);
  });

  it('does not replay what has expired, and keeps the ids of the others', () => {
    const queue = new DeliveryQueue<string>();
    queue.push('a', 1);
    queue.push('b', 1, 100);
    queue.push('c', 1, 101);
    expect(replayed(queue, 100)).toEqual([
      [1, 'a'],
      [3, 'c'],
    ]);
  });
});
