import { describe, expect, it } from '@jest/globals';
import { blankRequest, blankResponse, blankUrl } from '../../../../src/emulator/upstream/secrets.js';

describe('blankUrl', () => {
  it.each([
    ['http://a.example/x?code=s3cr3t', 'http://a.example/x?code=***'],
    ['http://a.example/x?h=1&CODE=s3cr3t&y=2', 'http://a.example/x?h=1&CODE=***&y=2'],
    ['http://u:p@a.example/x', 'http://***@a.example/x'],
    ['http://u:p@ss@w@a.example/x?y=@', 'http://***@a.example/x?y=@'],
    ['http://a.example/u:p@b', 'http://a.example/u:p@b'],
    ['http://a.example/x?authkey=s3cr3t#part', 'http://a.example/x?authkey=***#part'],
    ['http://a.example/x?%63ode=s3cr3t', 'http://a.example/x?%63ode=***'],
    ['http://a.example/x?client_secret=a=b', 'http://a.example/x?client_secret=***'],
    ['http://a.example/x?code', 'http://a.example/x?code'],
    ['http://a.example/{hub}?event={event}', 'http://a.example/{hub}?event={event}'],
  ])('shows %s as %s', (url, shown) => {
    expect(blankUrl(url)).toBe(shown);
  });
});

describe('blankRequest', () => {
  it('hides the bearer token', () => {
    const request = {
      method: 'POST',
      url: 'http://a.example',
      headers: { Authorization: 'Bearer abc', a: 'b' },
    } as const;
    expect(blankRequest(request).headers).toEqual({ Authorization: 'Bearer ***', a: 'b' });
  });

  it('is the request itself when there is nothing to hide', () => {
    const request = { method: 'POST', url: 'http://a.example', headers: {} } as const;
    expect(blankRequest(request)).toBe(request);
  });
});

describe('blankResponse', () => {
  it('blanks the secrets that a redirection repeats', () => {
    const headers = { location: ['/login?code=s3cr3t&a=1'], 'Content-Location': ['http://u:p@a'], 'x-code': ['1'] };
    expect(blankResponse({ status: 302, headers, body: Buffer.alloc(0) }).headers).toEqual({
      location: ['/login?code=***&a=1'],
      'Content-Location': ['http://***@a'],
      'x-code': ['1'],
    });
  });

  it('is the response itself when there is nothing to hide', () => {
    const response = { status: 200, headers: { a: ['b'] }, body: Buffer.alloc(0) };
    expect(blankResponse(response)).toBe(response);
  });
});
