import { describe, expect, it } from '@jest/globals';
import { decodeAccessToken, verifyAccessToken } from '../../../src/protocol/access-token.js';
import { signClientToken, type ClientToken } from '../../../src/protocol/client-token.js';

const KEY = 'primary-key-for-docs-0123456789abcdef';
const NOW = 1_772_600_000_999;
const ANONYMOUS: ClientToken = {
  audience: 'http://localhost:8888/client/hubs/chat',
  issuedAt: NOW,
  lifetimeSeconds: 60,
};

describe('client access token [auth 3]', () => {
  it('is good for its audience and its time', () => {
    const token = signClientToken(ANONYMOUS, KEY);
    const rules = { accessKeys: [KEY], audiences: [ANONYMOUS.audience], clockSkewSeconds: 0 };
    expect(verifyAccessToken(token, { ...rules, now: NOW })).toMatchObject({ isValid: true });
    expect(verifyAccessToken(token, { ...rules, now: NOW + 60_000 })).toMatchObject({ isValid: false });
  });

  it('says who the client is', () => {
    const token = signClientToken(
      { ...ANONYMOUS, userId: 'nora', roles: ['webpubsub.joinLeaveGroup'], groups: ['blue'], claims: { plan: 'pro' } },
      KEY,
    );
    expect(decodeAccessToken(token)).toEqual({
      aud: ANONYMOUS.audience,
      iat: 1_772_600_000,
      exp: 1_772_600_060,
      sub: 'nora',
      role: ['webpubsub.joinLeaveGroup'],
      'webpubsub.group': ['blue'],
      plan: 'pro',
    });
  });

  it('says nothing of a client of whom nothing is known', () => {
    const token = signClientToken({ ...ANONYMOUS, userId: undefined, roles: [], groups: [] }, KEY);
    expect(Object.keys(decodeAccessToken(token) ?? {})).toEqual(['aud', 'iat', 'exp']);
  });

  it('keeps its own claims whatever the further ones say', () => {
    const claims = { sub: 'mallory', role: ['webpubsub.sendToGroup'], aud: 'x', exp: 0 };
    const token = signClientToken({ ...ANONYMOUS, userId: 'nora', roles: [], claims }, KEY);
    const { audience: aud } = ANONYMOUS;
    expect(decodeAccessToken(token)).toEqual({ sub: 'nora', aud, iat: 1_772_600_000, exp: 1_772_600_060 });
  });
});
