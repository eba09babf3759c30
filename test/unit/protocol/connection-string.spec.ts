import { describe, expect, it } from '@jest/globals';
import { formatConnectionString, parseConnectionString } from '../../../src/protocol/connection-string.js';

describe('connection string [auth 1]', () => {
  it.each([
    ['the usual form', 'Endpoint=https://a.example;AccessKey=key;Version=1.0;', 'https://a.example', 'key'],
    ['keys in any case', 'endpoint=https://a.example;ACCESSKEY=key', 'https://a.example', 'key'],
    ['blanks and line ends', ' Endpoint = https://a.example ;\n AccessKey = key ;', 'https://a.example', 'key'],
    ['a key that ends in =', 'Endpoint=https://a.example;AccessKey=a+/b==;', 'https://a.example', 'a+/b=='],
    ['an endpoint without a scheme', 'Endpoint=a.example;AccessKey=key', 'https://a.example', 'key'],
    ['a port of its own', 'Endpoint=http://localhost;Port=8888;AccessKey=key', 'http://localhost:8888', 'key'],
    ['a trailing slash', 'Endpoint=https://a.example/;AccessKey=key', 'https://a.example', 'key'],
    ['a base path', 'Endpoint=https://a.example/base/;AccessKey=key', 'https://a.example/base', 'key'],
    ['segments without =', 'Endpoint=https://a.example;junk;AccessKey=key', 'https://a.example', 'key'],
    ['unknown keys', 'Endpoint=https://a.example;AuthType=x;AccessKey=key', 'https://a.example', 'key'],
  ])('reads %s', (_, text, endpoint, accessKey) => {
    expect(parseConnectionString(text)).toEqual({ endpoint, accessKey });
  });

  it.each([
    ['nothing', '', 'no Endpoint'],
    ['no endpoint', 'AccessKey=secret', 'no Endpoint'],
    ['no key', 'Endpoint=https://a.example', 'no AccessKey'],
    ['an empty key', 'Endpoint=https://a.example;AccessKey=;', 'no AccessKey'],
    ['an endpoint that is no URL', 'Endpoint=https://;AccessKey=secret', 'not an https:// or http:// address'],
    ['another scheme', 'Endpoint=ftp://a.example;AccessKey=secret', 'not an https:// or http:// address'],
    ['a password', 'Endpoint=https://user:secret@a.example;AccessKey=k', 'not an https:// or http:// address'],
    ['a port out of range', 'Endpoint=https://a.example;Port=70000;AccessKey=secret', 'Port'],
    ['a port that is no number', 'Endpoint=https://a.example;Port=x;AccessKey=secret', 'Port'],
  ])('refuses %s, without showing the key', (_, text, problem) => {
    const parse = () => parseConnectionString(text);
    expect(parse).toThrow(TypeError);
    expect(parse).toThrow(problem);
    expect(parse).not.toThrow('secret');
  });

  it('reads what it writes', () => {
    const parts = { endpoint: 'http://localhost:8888', accessKey: 'abc==' };
    expect(parseConnectionString(formatConnectionString(parts))).toEqual(parts);
  });
});
