import { describe, expect, it } from '@jest/globals';
import { AckHistory } from '../../../../src/emulator/core/ack-history.js';

describe('AckHistory [client-websocket 5.4]', () => {
  it('knows the latest 1,000 ids', () => {
    const history = new AckHistory();
    for (let id = 0n; id < 1001n; id++) history.add(id);
    expect([0n, 1n, 1000n, 1001n].map((id) => history.has(id))).toEqual([false, true, true, false]);
  });
});
