import { AzureKeyCredential } from '@azure/web-pubsub';
import { describe, expect, it } from '@jest/globals';
import { StartUpError } from '../../../../src/library/errors/start-up.error.js';
import { isLoopbackHost, readServiceConnection } from '../../../../src/library/service-client/service-connection.js';
import type { WebPubSubModuleOptions } from '../../../../src/library/web-pubsub-options.interface.js';

const key = new AzureKeyCredential('key');
const token = { getToken: async () => null };
const connectionString = (endpoint: string) => `Endpoint=${endpoint};AccessKey=secret-key;Version=1.0;`;
const HTTPS = connectionString('https://demo.webpubsub.azure.com');

it.each([`"${HTTPS}"`, `'${HTTPS}'`, ` "AccessKey=k;Endpoint=https://demo.example"`])(
  'says that the connection string %s is in quotes, without showing it',
  (text) => {
    const read = () => readServiceConnection({ connectionString: text });
    expect(read).toThrow(
      /^connectionString is wrong: It is wrapped in quotes, which are no part of it; take them away\./,
    );
    expect(read).not.toThrow(/secret-key/);
  },
);

describe('readServiceConnection [auth 1, 5, 12]', () => {
  it.each<[string, WebPubSubModuleOptions, { endpoint: string; isInsecureAllowed: boolean }]>([
    [
      'a connection string',
      { connectionString: HTTPS },
      { endpoint: 'https://demo.webpubsub.azure.com', isInsecureAllowed: false },
    ],
    [
      'the first of several',
      { connectionString: [HTTPS, connectionString('https://other.example')] },
      { endpoint: 'https://demo.webpubsub.azure.com', isInsecureAllowed: false },
    ],
    [
      'a port',
      { connectionString: 'Endpoint=http://localhost;Port=8888;AccessKey=k' },
      { endpoint: 'http://localhost:8888', isInsecureAllowed: true },
    ],
    [
      'blanks and another case of keys',
      { connectionString: ' endpoint = https://demo.example ; ACCESSKEY = k ' },
      { endpoint: 'https://demo.example', isInsecureAllowed: false },
    ],
    [
      'an endpoint with a key',
      { endpoint: 'https://demo.example/', credential: key },
      { endpoint: 'https://demo.example', isInsecureAllowed: false },
    ],
    [
      'an endpoint with a token credential',
      { endpoint: 'demo.example', credential: token },
      { endpoint: 'https://demo.example', isInsecureAllowed: false },
    ],
    [
      'an endpoint before a connection string',
      { endpoint: 'https://demo.example', credential: token, connectionString: HTTPS },
      { endpoint: 'https://demo.example', isInsecureAllowed: false },
    ],
    [
      'http:// on localhost',
      { connectionString: connectionString('http://localhost:8888') },
      { endpoint: 'http://localhost:8888', isInsecureAllowed: true },
    ],
    [
      'http:// on 127.0.0.1',
      { endpoint: 'http://127.0.0.1:8888', credential: key },
      { endpoint: 'http://127.0.0.1:8888', isInsecureAllowed: true },
    ],
    [
      'http:// on [::1]',
      { endpoint: 'http://[::1]:8888', credential: key },
      { endpoint: 'http://[::1]:8888', isInsecureAllowed: true },
    ],
    [
      'http:// elsewhere when that is written',
      {
        connectionString: connectionString('http://emulator:8888'),
        serviceClientOptions: { allowInsecureConnection: true },
      },
      { endpoint: 'http://emulator:8888', isInsecureAllowed: true },
    ],
  ])('takes %s', (_, options, expected) => {
    expect(readServiceConnection(options)).toMatchObject(expected);
  });

  it.each<[string, WebPubSubModuleOptions]>([
    ['nothing', {}],
    ['an empty connection string', { connectionString: '' }],
    ['an empty list', { connectionString: [] }],
  ])('knows no service with %s', (_, options) => {
    expect(readServiceConnection(options)).toBeUndefined();
  });

  it.each<[string, WebPubSubModuleOptions, RegExp]>([
    [
      'http:// on another machine',
      { connectionString: connectionString('http://demo.example') },
      /not encrypted.*Use https.*allowInsecureConnection/s,
    ],
    [
      'http:// on a host that only begins like localhost',
      { connectionString: connectionString('http://localhost.example') },
      /not encrypted/,
    ],
    [
      'http:// on a host that only begins like 127.0.0.1',
      { connectionString: connectionString('http://127.0.0.1.example') },
      /not encrypted/,
    ],
    [
      'a token credential over http://',
      { endpoint: 'http://localhost:8888', credential: token },
      /never sent over http.*Use an https/s,
    ],
    [
      'a token credential over http:// even when that is written',
      { endpoint: 'http://demo.example', credential: token, serviceClientOptions: { allowInsecureConnection: true } },
      /never sent over http/,
    ],
    ['an endpoint without credential', { endpoint: 'https://demo.example' }, /no credential.*Add a credential/s],
    ['a credential without endpoint', { credential: key }, /no endpoint.*Add endpoint/s],
    [
      'a credential of another kind',
      { endpoint: 'https://demo.example', credential: {} as never },
      /neither an AzureKeyCredential/,
    ],
    [
      'a credential with an empty key',
      { endpoint: 'https://demo.example', credential: { key: ' ' } as AzureKeyCredential },
      /access key in the credential of WebPubSubModule is empty/,
    ],
    [
      'an endpoint that is no address',
      { endpoint: 'ftp://demo.example', credential: key },
      /must be an https:\/\/ address/,
    ],
    ...[
      HTTPS,
      HTTPS.replaceAll('=', ' = '),
      'http://user:secret-key@demo.example',
      'http://demo.example?code=secret-key',
    ].map((endpoint): [string, WebPubSubModuleOptions, RegExp] => [
      `the endpoint ${endpoint}`,
      { endpoint, credential: key },
      /an https:\/\/ address and nothing more.*A whole connection string goes into connectionString/s,
    ]),
    [
      'a connection string without endpoint',
      { connectionString: 'AccessKey=secret-key' },
      /no Endpoint.*Copy it from the Keys page/s,
    ],
  ])('stops the start with the cure for %s', (_, options, message) => {
    const read = () => readServiceConnection(options);
    expect(read).toThrow(StartUpError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^(?!.*secret-key)/s);
  });

  it.each([
    ['localhost', true],
    ['LOCALHOST', true],
    ['app.localhost', true],
    ['127.8.8.8', true],
    ['[::1]', true],
    ['0.0.0.0', false],
    ['10.0.0.1', false],
    ['notlocalhost', false],
  ])('%s is this machine: %s', (host, isLoopback) => {
    expect(isLoopbackHost(host)).toBe(isLoopback);
  });
});
