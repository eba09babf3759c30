import { describe, expect, it } from '@jest/globals';
import { ConnectionCookies } from '../../../../src/emulator/upstream/connection-cookies.js';

function jarWith(url: string, ...lines: string[]): ConnectionCookies {
  const cookies = new ConnectionCookies();
  expect(cookies.store(url, lines)).toEqual([]);
  return cookies;
}

describe('ConnectionCookies', () => {
  it.each([
    ['the same path', 'http://localhost:8080/events/a', 'x=1; Path=/events', 'http://localhost:8080/events/b', 'x=1'],
    ['another path', 'http://localhost:8080/events/a', 'x=1; Path=/events', 'http://localhost:8080/other', undefined],
    ['another port of the host', 'http://localhost:8080/', 'x=1; Path=/', 'http://localhost:9090/', 'x=1'],
    ['another host', 'http://a.example/', 'x=1; Path=/', 'http://b.example/', undefined],
    ['a subdomain', 'http://a.contoso.com/', 'x=1; Path=/; Domain=contoso.com', 'http://b.contoso.com/', 'x=1'],
    ['an address', 'http://127.0.0.1:8080/', 'x=1', 'http://127.0.0.1:8080/', 'x=1'],
    ['a tunnel in capitals', 'TUNNEL:///events/a', 'x=1; Path=/events', 'TUNNEL:///events/b', 'x=1'],
    ['a path of the tunnel', 'tunnel:///events/a', 'x=1; Path=/events', 'tunnel:///events/b', 'x=1'],
    ['a cookie that has expired', 'http://localhost/', 'x=1; Max-Age=0', 'http://localhost/', undefined],
  ])('%s [upstream-events 4.3]', (_, from, line, to, expected) => {
    expect(jarWith(from, line).headerFor(to)).toBe(expected);
  });

  it('joins several with a semicolon', () => {
    expect(jarWith('http://localhost/', 'x=1', 'y=2').headerFor('http://localhost/')).toBe('x=1; y=2');
  });

  it('refuses what no request could carry', () => {
    const cookies = new ConnectionCookies();
    expect(cookies.store('http://localhost/', ['x=é', 'y=2'])).toEqual([expect.stringMatching(/printable ASCII/)]);
    expect(cookies.headerFor('http://localhost/')).toBe('y=2');
  });

  it.each(['Domain=elsewhere.example', 'x=1; Domain=elsewhere.example'])('refuses %j and keeps the others', (line) => {
    const cookies = new ConnectionCookies();
    const problems = cookies.store('http://localhost/', ['y=2', `x=1; ${line}`]);
    expect(problems).toHaveLength(1);
    expect(cookies.headerFor('http://localhost/')).toBe('y=2');
  });
});
