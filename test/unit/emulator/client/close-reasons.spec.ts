import { describe, expect, it } from '@jest/globals';
import { CLOSES, fitReason } from '../../../../src/emulator/client/close-reasons.js';

describe('close reasons [client-websocket 11]', () => {
  it.each(Object.entries(CLOSES))('%s fits a close frame', (_name, { reason }) => {
    expect(fitReason(reason)).toBe(reason);
  });

  it('are cut to 123 bytes, between characters', () => {
    expect(fitReason('x'.repeat(123))).toHaveLength(123);
    expect(fitReason('x'.repeat(124))).toHaveLength(123);
    expect(fitReason(`${'x'.repeat(122)}é`)).toBe('x'.repeat(122));
    expect(fitReason('😀'.repeat(31))).toBe('😀'.repeat(30));
  });
});
