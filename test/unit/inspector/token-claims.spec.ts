import { describe, expect, it } from '@jest/globals';
import { describeTokenTimes, readTokenClaims } from '../../../src/inspector/token-claims.js';
import { signAccessToken } from '../../../src/protocol/access-token.js';

describe('the claims of a token', () => {
  it('are read without the signature', () => {
    const token = signAccessToken({ sub: 'Zoë', exp: 1 }, 'k'.repeat(32));
    const claims = readTokenClaims(token);
    expect(claims).toEqual({ sub: 'Zoë', exp: 1 });
    expect(JSON.stringify(claims)).not.toContain(token.split('.')[2]);
  });

  it.each(['', 'a', 'a.b', 'a.!!.c', `a.${Buffer.from('[1]').toString('base64url')}.c`, 'a.b.c.d'])(
    'are none in %j',
    (token) => {
      expect(readTokenClaims(token)).toBeUndefined();
    },
  );

  it('name their times', () => {
    expect(describeTokenTimes({ iat: 0, exp: 3600 })).toBe(
      'issued 1970-01-01T00:00:00.000Z, expires 1970-01-01T01:00:00.000Z',
    );
    expect(describeTokenTimes({ exp: 'soon', nbf: 1e300 })).toBeUndefined();
  });
});
