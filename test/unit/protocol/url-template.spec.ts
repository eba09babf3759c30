import { describe, expect, it } from '@jest/globals';
import { UrlTemplate } from '../../../src/protocol/url-template.js';

describe('UrlTemplate', () => {
  it.each([
    ['both placeholders', 'http://a.example/{hub}/{event}', 'http://a.example/chat/join'],
    ['placeholders in any case', 'http://a.example/{HUB}/{Event}', 'http://a.example/chat/join'],
    ['a placeholder twice', 'http://a.example/{event}?e={event}', 'http://a.example/join?e=join'],
    ['the query', 'https://a.example/x?code=s3cr3t&h={hub}', 'https://a.example/x?code=s3cr3t&h=chat'],
    ['no placeholder', 'http://a.example/eventhandler', 'http://a.example/eventhandler'],
    ['other braces as they are [assumed]', 'http://a.example/{name}/{event}', 'http://a.example/{name}/join'],
    ['a tunnel', 'tunnel:///eventhandler/{event}', 'tunnel:///eventhandler/join'],
  ])('expands %s [upstream-events 2]', (_, template, url) => {
    expect(new UrlTemplate(template).expand('chat', 'join')).toBe(url);
  });

  it('encodes everything that RFC 3986 does not call unreserved [upstream-events 2]', () => {
    const template = new UrlTemplate('http://a.example/{hub}/{event}');
    expect(template.expand("a`,.[]_-~!'()*", 'ü/?#')).toBe(
      'http://a.example/a%60%2C.%5B%5D_-~%21%27%28%29%2A/%C3%BC%2F%3F%23',
    );
  });
});

describe('a URL template with a problem [upstream-events 2]', () => {
  it.each([
    ['a Key Vault reference', 'http://a.example/{@Microsoft.KeyVault(SecretUri=https://v.example/s)}', /Key Vault/],
    ['a placeholder in the host', 'http://{hub}.example/x', /placeholder in the host/],
    ['a placeholder in the port', 'http://a.example:{event}/x', /placeholder in the host/],
    ['a placeholder in the host of a tunnel', 'tunnel://{hub}/x', /placeholder in the host/],
    ['another scheme', 'ftp://a.example/x', /^begins with ftp:\/\/ where/],
    ['no scheme', 'localhost:8080/eventhandler', /absolute URL/],
    ['a path alone', '/eventhandler', /absolute URL/],
    ['an empty text', '', /absolute URL/],
    ['no host', 'http:///x', /not a URL/],
    ['a tunnel with a host', 'tunnel://eventhandler', /three slashes/],
    ['a port that is none', 'http://a.example:99999/x', /not a URL/],
  ])('names %s', (_, text, problem) => {
    expect(new UrlTemplate(text).problem).toMatch(problem);
  });

  it.each(['http://localhost:8080/eventhandler', 'HTTPS://a.example', 'tunnel:///', 'http://a.example?e={event}'])(
    'is not %s',
    (text) => {
      expect(new UrlTemplate(text).problem).toBeUndefined();
    },
  );

  it('says whether its host has a placeholder', () => {
    expect(new UrlTemplate('http://{hub}.example/x').hasPlaceholderInHost).toBe(true);
    expect(new UrlTemplate('http://a.example/{hub}?e={event}').hasPlaceholderInHost).toBe(false);
  });
});
