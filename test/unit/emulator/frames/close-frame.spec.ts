import { describe, expect, it } from '@jest/globals';
import { fitCloseReason } from '../../../../src/emulator/frames/close-frame.js';

describe('the reason of a close frame [RFC 6455 5.5]', () => {
  it('is cut to 123 bytes, between characters', () => {
    expect(fitCloseReason('x'.repeat(123))).toHaveLength(123);
    expect(fitCloseReason('x'.repeat(124))).toHaveLength(123);
    expect(fitCloseReason(`${'x'.repeat(122)}é`)).toBe('x'.repeat(122));
    expect(fitCloseReason('😀'.repeat(31))).toBe('😀'.repeat(30));
  });
});
