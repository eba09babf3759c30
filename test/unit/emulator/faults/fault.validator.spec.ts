import { describe, expect, it } from '@jest/globals';
import { validateFault } from '../../../../src/emulator/faults/fault.validator.js';

const connection = { hub: 'chat', connectionId: 'c' };
const target = { hub: 'chat', eventName: 'message', connectionId: 'c', times: 2 };

describe('a fault', () => {
  it.each<[object]>([
    [{ kind: 'dropSocket', ...connection }],
    [{ kind: 'forceRecovery', ...connection }],
    [{ kind: 'throttleClient', ...connection, durationMs: 5 }],
    [{ kind: 'expireReconnectionToken', ...connection }],
    [{ kind: 'expireAccessToken', hub: 'chat', userId: 'ann', times: 1 }],
    [{ kind: 'expireAccessToken' }],
    [{ kind: 'delayUpstream', ...target, delayMs: 0 }],
    [{ kind: 'failUpstream', ...target, status: 503 }],
    [{ kind: 'failUpstream' }],
    [{ kind: 'repeatUpstream', ...target, copies: 3 }],
    [{ kind: 'refuseValidation', hub: 'chat', status: 401, times: 1 }],
  ])('%j is taken as it is', (fault) => {
    expect(validateFault(fault)).toEqual(fault);
  });

  it.each<[unknown, string]>([
    [null, 'fault: must be an object, null was given'],
    [[], 'fault: must be an object, a list was given'],
    [{}, 'fault.kind: must be a string, nothing was given'],
    [{ kind: 'explode' }, 'fault.kind: must be one of dropSocket, forceRecovery,'],
    [{ kind: 'dropSocket', hub: 'chat' }, 'fault.connectionId: must be a string'],
    [{ kind: 'dropSocket', hub: 'my-hub', connectionId: 'c' }, 'fault.hub: is not a hub name'],
    [{ kind: 'dropSocket', ...connection, times: 1 }, 'fault.times: is not a setting'],
    [{ kind: 'delayUpstream' }, 'fault.delayMs: must be a whole number from 0 to 3600000, nothing was given'],
    [{ kind: 'failUpstream', status: 99 }, 'fault.status: must be a whole number from 200 to 599'],
    [{ kind: 'failUpstream', times: 0 }, 'fault.times: must be a whole number from 1'],
    [{ kind: 'repeatUpstream', copies: 101 }, 'fault.copies: must be a whole number from 1 to 100'],
    [{ kind: 'throttleClient', ...connection, durationMs: 0 }, 'fault.durationMs: must be a whole number from 1'],
  ])('%j is refused', (fault, message) => {
    expect(() => validateFault(fault)).toThrow(message);
  });
});
