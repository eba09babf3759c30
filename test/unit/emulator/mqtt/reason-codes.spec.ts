import { describe, expect, it } from '@jest/globals';
import { toConnectRefusal } from '../../../../src/emulator/mqtt/reason-codes.js';

const refused = { kind: 'refused', reason: '' } as const;

describe('toConnectRefusal [client-mqtt 3.1]', () => {
  it.each([
    [400, 0x86, 4],
    [401, 0x87, 5],
    [403, 0x80, 3],
    [500, 0x80, 3],
    [503, 0x80, 3],
  ])('%i is 0x%i in 5.0 and %i in 3.1.1', (status, reasonCode, returnCode) => {
    expect(toConnectRefusal({ ...refused, status })).toEqual({ reasonCode, returnCode });
  });

  it.each([
    [1, 0x80, 1],
    [5, 0x80, 5],
    [6, 0x80, 3],
    [0, 0x80, 3],
    [128, 128, 3],
    [138, 138, 3],
    [139, 0x80, 3],
    [144, 144, 3],
    [159, 159, 3],
    [160, 0x80, 3],
    [4.5, 0x80, 3],
  ])('the code %p of an event handler is %i in 5.0 and %i in 3.1.1', (code, reasonCode, returnCode) => {
    expect(toConnectRefusal({ ...refused, status: 401, mqtt: { code } })).toMatchObject({ reasonCode, returnCode });
  });
});
