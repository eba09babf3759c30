import { describe, expect, it } from '@jest/globals';
import { refuseAccess, type AccessRequest } from '../../../src/inspector/access.guard.js';

const HOST = 'localhost:8888';
const ORIGIN = `http://${HOST}`;

function ask(headers: AccessRequest['headers'], rest: Partial<AccessRequest> = {}, allowedHosts: string[] = []) {
  const request = { method: 'GET', isPage: false, remoteAddress: '127.0.0.1', ...rest };
  return refuseAccess({ ...request, headers: { host: HOST, ...headers } }, allowedHosts)?.status;
}

describe('the access guard of the inspector', () => {
  it.each(['localhost', 'localhost:8888', '127.0.0.1:8888', '127.9.9.9', '[::1]:8888', 'LOCALHOST:8888'])(
    'lets in under the loopback name %s',
    (host) => {
      expect(ask({ host })).toBeUndefined();
    },
  );

  it.each(['evil.example', 'localhost.evil.example:8888', '127.0.0.1.evil.example', '192.168.1.4:8888', '1270.0.0.1'])(
    'refuses the name %s, which may have been made to point here',
    (host) => {
      expect(ask({ host })).toBe(421);
    },
  );

  it.each([undefined, '', 'local host', 'localhost:8888/path', 'a@localhost'])('refuses the Host %j', (host) => {
    expect(ask({ host })).toBe(403);
  });

  it('says how to open it under another name', () => {
    const request = { method: 'GET', headers: { host: 'devbox' }, isPage: true, remoteAddress: '127.0.0.1' };
    expect(refuseAccess(request, [])?.reason).toBe(
      'The inspector opens under localhost, 127.0.0.1 and [::1]; "devbox" is another name. To open it under another ' +
        'name or from another machine, list that name in the option inspectorHosts.',
    );
  });

  it.each(['127.0.0.1', '127.0.0.53', '::1', '::ffff:127.0.0.1'])('answers the peer %s', (remoteAddress) => {
    expect(ask({}, { remoteAddress })).toBeUndefined();
  });

  it.each(['192.168.1.9', '::ffff:10.0.0.1', 'fe80::1'])('refuses the peer %s, whatever its Host', (remoteAddress) => {
    expect(ask({}, { remoteAddress })).toBe(403);
  });

  it('lets in under an allowed name, from other machines too, and under no other', () => {
    const from = { remoteAddress: '192.168.1.9' };
    expect(ask({ host: 'DevBox:8888' }, from, ['devbox'])).toBeUndefined();
    expect(ask({}, from, ['devbox'])).toBeUndefined();
    expect(ask({ host: 'other:8888' }, from, ['devbox'])).toBe(421);
  });

  it.each([
    ['x-forwarded-for', '203.0.113.9'],
    ['x-forwarded-host', 'a.example'],
    ['forwarded', 'for=203.0.113.9'],
    ['via', '1.1 proxy'],
  ])('refuses what a proxy passes on (%s), unless names are allowed', (name, value) => {
    expect(ask({ [name]: value })).toBe(403);
    expect(ask({ [name]: value }, {}, ['devbox'])).toBeUndefined();
  });

  it.each([
    ['GET', undefined, undefined],
    ['GET', ORIGIN, undefined],
    ['POST', ORIGIN, undefined],
    ['POST', undefined, 403],
    ['DELETE', undefined, 403],
    ['POST', 'http://localhost:3000', 403],
    ['POST', 'null', 403],
    ['GET', 'http://evil.example', 403],
    ['GET', 'http://localhost:88888', 403],
  ])('answers %s from the origin %s with the refusal %s', (method, origin, status) => {
    expect(ask({ origin }, { method })).toBe(status);
  });

  it.each([
    ['same-origin', undefined],
    ['none', undefined],
    ['same-site', 403],
    ['cross-site', 403],
  ])('answers a read that the browser calls %s with the refusal %s', (site, status) => {
    expect(ask({ 'sec-fetch-site': site })).toBe(status);
  });

  it('lets any link lead to the page, and to nothing else', () => {
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' };
    expect(ask(link, { isPage: true })).toBeUndefined();
    expect(ask(link)).toBe(403);
    expect(ask({ ...link, 'sec-fetch-dest': 'iframe' }, { isPage: true })).toBe(403);
  });
});
