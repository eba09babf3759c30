import { describe, expect, it } from '@jest/globals';
import { FrameBatch } from '../../../../src/emulator/frames/frame-batch.js';
import { frameMessage, payloadOf } from '../../../../src/emulator/frames/outbound-frame.js';

const frames = ['a', 'b', 'c'].map((text) => frameMessage([Buffer.from(text)], false));
const [a, b, c] = frames as [(typeof frames)[0], (typeof frames)[0], (typeof frames)[0]];

describe('FrameBatch', () => {
  it('joins frames in the order in which they were appended', () => {
    const batch = FrameBatch.empty().append(a).append(b).append(a);
    expect(Buffer.from(batch.bytes).toString('latin1')).toBe('\x81\x01a\x81\x01b\x81\x01a');
    expect(batch.byteLength).toBe(9);
  });

  it('is the same bytes for all who got the same frames', () => {
    const empty = FrameBatch.empty();
    expect(empty.append(a).append(b).bytes).toBe(empty.append(a).append(b).bytes);
  });

  it('goes apart where the frames do', () => {
    const begun = FrameBatch.empty().append(a);
    const texts = [b, c, a, c].map((frame) => Buffer.from(begun.append(frame).bytes).toString('latin1').at(-1));
    expect(texts).toEqual(['b', 'c', 'a', 'c']);
  });
});

describe('frameMessage [RFC 6455 5.2]', () => {
  it.each([
    [0, '8100'],
    [125, '817d'],
    [126, '817e007e'],
    [65535, '817effff'],
    [65536, '817f0000000000010000'],
  ])('heads a text of %d bytes', (length, header) => {
    const frame = frameMessage([Buffer.alloc(length, 'x')], false);
    const bytes = Buffer.concat(frame.chunks);
    expect(bytes.subarray(0, header.length / 2).toString('hex')).toBe(header);
    expect(bytes.length).toBe(frame.byteLength);
    expect(payloadOf(frame)).toBe('x'.repeat(length));
  });

  it('marks binary frames, and does not copy a large payload', () => {
    const payload = Buffer.alloc(100_000);
    const frame = frameMessage([payload], true);
    expect(frame.chunks[0]?.[0]).toBe(0x82);
    expect(frame.chunks[1]).toBe(payload);
  });
});
