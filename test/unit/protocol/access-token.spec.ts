import jwt from 'jsonwebtoken';
import { describe, expect, it } from '@jest/globals';
import { signAccessToken, verifyAccessToken } from '../../../src/protocol/access-token.js';

const KEY = 'primary-key-for-docs-0123456789abcdef';
const OTHER = 'secondary-key-for-docs-0123456789abcd';
const AUDIENCE = 'http://localhost:8888/client/hubs/chat';
const NOW = 1_772_600_000_000;
const SECONDS = NOW / 1000;

const verify = (claims: object, accessKey = KEY, accessKeys = [KEY]) =>
  verifyAccessToken(signAccessToken({ aud: AUDIENCE, exp: SECONDS + 60, ...claims }, accessKey), {
    accessKeys,
    audiences: [AUDIENCE],
    now: NOW,
  });

describe('access token [auth 2, 3]', () => {
  it('gives its claims back', () => {
    expect(verify({ sub: 'nora', role: ['r'] })).toMatchObject({ isValid: true, claims: { sub: 'nora', role: ['r'] } });
  });

  it.each([
    ['an audience in other case', { aud: AUDIENCE.toUpperCase() }],
    ['one of several audiences', { aud: ['x', AUDIENCE] }],
    ['exp passed by less than the skew', { exp: SECONDS - 299 }],
    ['nbf ahead by no more than the skew', { nbf: SECONDS + 300 }],
  ])('passes with %s', (_, claims) => {
    expect(verify(claims)).toMatchObject({ isValid: true });
  });

  it.each([
    ['exp passed by the skew', { exp: SECONDS - 300 }, 'expired'],
    ['no exp', { exp: undefined }, 'no exp'],
    ['nbf ahead of the skew', { nbf: SECONDS + 301 }, 'not valid yet'],
    ['another audience', { aud: 'http://localhost:8888/client/hubs/other' }, AUDIENCE],
    ['no audience', { aud: undefined }, AUDIENCE],
  ])('is refused with %s', (_, claims, problem) => {
    expect(verify(claims)).toMatchObject({ isValid: false, problem: expect.stringContaining(problem) });
  });

  it('may be signed with any of the keys', () => {
    expect(verify({}, OTHER, [KEY, OTHER])).toMatchObject({ isValid: true });
    expect(verify({}, OTHER, [KEY])).toMatchObject({ isValid: false });
  });

  it.each([
    ['empty', ''],
    ['garbage', 'a.b.c'],
    ['unsigned', jwt.sign({ aud: AUDIENCE, exp: SECONDS + 60 }, '', { algorithm: 'none' })],
    ['of another algorithm', jwt.sign({ aud: AUDIENCE, exp: SECONDS + 60 }, KEY, { algorithm: 'HS512' })],
  ])('is refused when it is %s', (_, token) => {
    expect(verifyAccessToken(token, { accessKeys: [KEY], audiences: [AUDIENCE], now: NOW })).toMatchObject({
      isValid: false,
    });
  });
});
