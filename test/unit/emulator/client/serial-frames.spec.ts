import { beforeEach, describe, expect, it } from '@jest/globals';
import { SerialFrames, type ClientFrame } from '../../../../src/emulator/client/serial-frames.js';

let handled: string[];
let finish: (() => void)[];
let caughtUp: number;
let frames: SerialFrames;

beforeEach(() => {
  [handled, finish, caughtUp] = [[], [], 0];
  frames = new SerialFrames(
    ({ payload, isBinary }) => {
      handled.push(payload.toString());
      // Binary frames stand for those that take their time.
      return isBinary ? new Promise((resolve) => finish.push(resolve)) : undefined;
    },
    () => caughtUp++,
  );
});

function frame(text: string, isBinary = false): ClientFrame {
  return { payload: Buffer.from(text), isBinary };
}

describe('SerialFrames [client-websocket 2]', () => {
  it('handles a frame when the one before it is done', async () => {
    for (const next of [frame('a'), frame('b', true), frame('c'), frame('d', true), frame('e')]) frames.push(next);
    expect(handled).toEqual(['a', 'b']);
    finish.shift()?.();
    const settled = frames.settled();
    while (handled.length < 4) await Promise.resolve();
    expect(handled).toEqual(['a', 'b', 'c', 'd']);
    finish.shift()?.();
    await settled;
    expect(handled).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it.each([
    ['256 frames', 256, 'x'],
    ['4 MiB', 4, 'x'.repeat(1024 * 1024)],
  ])('is behind when more than %s wait, and says when it has caught up', async (_fact, count, text) => {
    frames.push(frame('slow', true));
    for (let index = 0; index < count; index++) frames.push(frame(text));
    expect(frames.isBehind).toBe(false);
    frames.push(frame(text));
    expect([frames.isBehind, caughtUp]).toEqual([true, 0]);
    finish.shift()?.();
    await frames.settled();
    expect([frames.isBehind, caughtUp]).toEqual([false, 1]);
  });

  it('forgets what waits when it is cleared', async () => {
    frames.push(frame('a', true));
    frames.push(frame('b'));
    frames.clear();
    finish.shift()?.();
    await frames.settled();
    expect(handled).toEqual(['a']);
  });
});
