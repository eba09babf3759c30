import { describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import {
  EMULATOR_APP_ID,
  EMULATOR_OBJECT_ID,
  EMULATOR_TENANT_ID,
  ManagedIdentity,
} from '../../../../src/emulator/identity/managed-identity.js';
import { FakeClock } from '../../../support/fake-clock.js';

const MINUTE_MS = 60_000;

describe('ManagedIdentity', () => {
  const clock = new FakeClock();
  const identity = new ManagedIdentity(clock, () => 'http://localhost:8888');

  it('signs tokens that its key set verifies [auth 9.3]', async () => {
    const token = await identity.token('api://chat');
    const keys = createLocalJWKSet(await identity.keySet());
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      audience: 'api://chat',
      issuer: `http://localhost:8888/emulator/identity/${EMULATOR_TENANT_ID}/v2.0`,
      currentDate: new Date(clock.now()),
    });
    expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'JWT' });
    const now = clock.now() / 1000;
    expect(payload).toMatchObject({
      appid: EMULATOR_APP_ID,
      azp: EMULATOR_APP_ID,
      oid: EMULATOR_OBJECT_ID,
      tid: EMULATOR_TENANT_ID,
      iat: now,
      nbf: now,
      exp: now + 3600,
    });
  });

  it('hands the same token out until five minutes before its end', async () => {
    const first = await identity.token('api://cached');
    clock.advance(54 * MINUTE_MS);
    expect(identity.token('api://cached')).toBe(first);
    clock.advance(1 * MINUTE_MS);
    const renewed = identity.token('api://cached');
    expect(renewed).toBeInstanceOf(Promise);
    expect(await renewed).not.toBe(first);
  });

  it('signs for each resource apart', async () => {
    expect(await identity.token('api://a')).not.toBe(await identity.token('api://b'));
  });

  it('publishes no private part of its key', async () => {
    const { keys } = await identity.keySet();
    expect(Object.keys(keys[0]).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });
});
