import { describe, expect, it } from '@jest/globals';
import { CLOSES } from '../../../../src/emulator/client/close-reasons.js';
import { fitCloseReason } from '../../../../src/emulator/frames/close-frame.js';

describe('close reasons [client-websocket 11]', () => {
  it.each(Object.entries(CLOSES))('%s fits a close frame', (_name, { reason }) => {
    expect(fitCloseReason(reason)).toBe(reason);
  });
});
