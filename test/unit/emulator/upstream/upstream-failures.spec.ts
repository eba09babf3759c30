import { describe, expect, it } from '@jest/globals';
import { describeTransportFailure, isRetryableFailure } from '../../../../src/emulator/upstream/http-failures.js';
import { describeRefusal } from '../../../../src/emulator/upstream/upstream-failures.js';

/** Of an answer whose body is no text. */
function refusal(status: number, others: Record<string, string[]> = {}): string {
  const headers = { 'content-type': ['application/json'], ...others };
  return describeRefusal('http://localhost:8080/x?code=s3cr3t', { status, headers, body: Buffer.from('payload') }, 1);
}

function failure(code: string): Error {
  return Object.assign(new Error('the library said so'), { code });
}

describe('describeRefusal', () => {
  it.each([
    [401, /access key/],
    [403, /origin/],
    [404, /urlTemplate/],
    [405, /no POST/],
    [413, /body parser/],
    [429, /does not try again/],
    [500, /its own log/],
    [502, /a proxy ahead of the application .* its log says why/],
    [503, /its own log/],
    [504, /a proxy ahead of the application .* its log says why/],
  ])('of %i says what to do', (status, hint) => {
    expect(refusal(status)).toMatch(hint);
  });

  it('of a redirect names where it leads', () => {
    expect(refusal(302, { location: ['https://a.example/login?code=zzz'] })).toMatch(
      /follows no redirect to https:\/\/a\.example\/login\?code=\*\*\*;/,
    );
  });

  it('tells neither secrets nor payloads', () => {
    expect(refusal(400)).not.toMatch(/s3cr3t|payload/);
  });

  it.each([
    ['text', { 'content-type': ['text/plain; charset=utf-8'] }, 'Your subscription\u001b has ended'],
    ['the reason for an MQTT client', {}, '{"mqtt":{"code":5,"reason":"Your subscription\\u001b has ended"}}'],
  ])('repeats what upstream says, %s, instead of a guess', (_, headers, body) => {
    const response = { status: 409, headers, body: Buffer.from(body) };
    const words = String.raw`"Your subscription\u001b has ended"`;
    expect(describeRefusal('http://a.example/', response, 1)).toBe(`http://a.example/ answered 409: ${words}`);
    const ofIdentity = describeRefusal('http://a.example/', { ...response, status: 401 }, 1);
    expect(ofIdentity).toContain(`answered 401: ${words}; if no handler meant that: the upstream did not accept`);
  });

  it.each([
    ['in words of any language', Buffer.from('Zu spät,\r\n\tдрузья 🙂'), String.raw`"Zu spät,\r\n\tдрузья 🙂"`],
    ['in bytes that are no UTF-8', Buffer.from('Zu sp\xe4t', 'latin1'), 'the application refused the event'],
    ['in bytes with control characters', Buffer.from([0x50, 0x4b, 0x03, 0x04]), 'the application refused the event'],
    ['in nothing', Buffer.alloc(0), 'the application refused the event'],
  ])('repeats an answer without a type when it reads as text: %s', (_, body, words) => {
    const told = describeRefusal('http://a.example/', { status: 409, headers: {}, body }, 1);
    expect(told).toContain(`answered 409: ${words}`);
  });

  it('says how often upstream was asked', () => {
    expect(describeRefusal('http://a.example', { status: 500, headers: {}, body: Buffer.alloc(0) }, 4)).toMatch(
      /4 times/,
    );
  });
});

describe('describeTransportFailure', () => {
  it.each([
    ['ECONNREFUSED', /Nothing listens at http:\/\/localhost:8080: is the application running there/],
    ['ENOTFOUND', /localhost .*not known/],
    ['UND_ERR_CONNECT_TIMEOUT', /could not be reached/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /NODE_EXTRA_CA_CERTS/],
    ['CERT_HAS_EXPIRED', /not valid/],
    ['EPROTO', /does not speak TLS/],
    ['UND_ERR_SOCKET', /broke/],
  ])('of %s says what to do', (code, words) => {
    expect(describeTransportFailure('http://localhost:8080/x', failure(code))).toMatch(words);
  });

  it('looks into a failure of several addresses', () => {
    const error = Object.assign(new Error(), { errors: [failure('ECONNREFUSED'), failure('ECONNREFUSED')] });
    expect(describeTransportFailure('http://localhost:8080/x', error)).toMatch(/Nothing listens/);
  });
});

describe('isRetryableFailure', () => {
  it.each([
    ['ECONNREFUSED', true],
    ['ECONNRESET', true],
    ['UND_ERR_SOCKET', true],
    ['UND_ERR_CONNECT_TIMEOUT', false],
    ['UND_ERR_INVALID_ARG', false],
  ])('%s: %j [upstream-events 8.1]', (code, expected) => {
    expect(isRetryableFailure(failure(code))).toBe(expected);
  });
});
