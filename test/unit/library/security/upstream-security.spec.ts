import { AzureKeyCredential } from '@azure/web-pubsub';
import { describe, expect, it } from '@jest/globals';
import { StartUpError } from '../../../../src/library/errors/start-up.error.js';
import { createUpstreamSecurity } from '../../../../src/library/security/upstream-security.js';
import type { WebPubSubModuleOptions } from '../../../../src/library/web-pubsub-options.interface.js';
import { computeSignature } from '../../../../src/protocol/signature.js';

const CONNECTION_STRING = 'Endpoint=https://demo.webpubsub.azure.com;AccessKey=first-key;Version=1.0;';
const SECOND = 'Endpoint=https://demo.webpubsub.azure.com;AccessKey=second-key;Version=1.0;';
const ENDPOINT = 'https://demo.webpubsub.azure.com';
const tokenCredential = { getToken: async () => null };
const entra = { tenantId: '11111111-2222-3333-4444-555555555555', audience: 'api://app' };

describe('createUpstreamSecurity', () => {
  it.each<[string, WebPubSubModuleOptions, { signature: boolean; entra: boolean }]>([
    ['a connection string', { connectionString: CONNECTION_STRING }, { signature: true, entra: false }],
    [
      'a key credential',
      { endpoint: ENDPOINT, credential: new AzureKeyCredential('k') },
      { signature: true, entra: false },
    ],
    ['entra alone', { upstreamAuth: { entra } }, { signature: false, entra: true }],
    [
      'entra with a token credential',
      { endpoint: ENDPOINT, credential: tokenCredential, upstreamAuth: { entra } },
      { signature: false, entra: true },
    ],
    [
      'entra beside a key: both',
      { connectionString: CONNECTION_STRING, upstreamAuth: { entra } },
      { signature: true, entra: true },
    ],
    [
      'entra with the signature off',
      { connectionString: CONNECTION_STRING, upstreamAuth: { entra, signature: 'off' } },
      { signature: false, entra: true },
    ],
    [
      'the signature off',
      { connectionString: CONNECTION_STRING, upstreamAuth: { signature: 'off' } },
      { signature: false, entra: false },
    ],
    ['nothing, with the signature off', { upstreamAuth: { signature: 'off' } }, { signature: false, entra: false }],
  ])('checks what is known: %s', (_, options, expected) => {
    const security = createUpstreamSecurity(options);
    expect({ signature: security.signature !== undefined, entra: security.entra !== undefined }).toEqual(expected);
  });

  it.each<[string, WebPubSubModuleOptions, string]>([
    ['nothing authenticates the service', {}, "write upstreamAuth: { signature: 'off' }"],
    [
      'only a token credential is known',
      { endpoint: ENDPOINT, credential: tokenCredential },
      "write upstreamAuth: { signature: 'off' }",
    ],
    ['the connection string is empty', { connectionString: '' }, 'Give WebPubSubModule a connectionString'],
    ['the list of connection strings is empty', { connectionString: [] }, 'Give WebPubSubModule a connectionString'],
    ['a signature is required without a key', { upstreamAuth: { signature: 'required' } }, 'Add a connectionString'],
    [
      'a signature is required beside entra without a key',
      { upstreamAuth: { signature: 'required', entra } },
      'no access key is known',
    ],
    [
      'a connection string has no key',
      { connectionString: [CONNECTION_STRING, 'Endpoint=https://x.example;'] },
      'connectionString[1] is wrong: The connection string has no AccessKey.',
    ],
    ['the tenant is missing', { upstreamAuth: { entra: { ...entra, tenantId: '' } } }, 'upstreamAuth.entra.tenantId'],
    [
      'the tenant is a path',
      { upstreamAuth: { entra: { ...entra, tenantId: 'a/../b' } } },
      'upstreamAuth.entra.tenantId',
    ],
    ['the tenant is any', { upstreamAuth: { entra: { ...entra, tenantId: 'common' } } }, 'upstreamAuth.entra.tenantId'],
    [
      'the audience is missing',
      { upstreamAuth: { entra: { ...entra, audience: [] } } },
      'upstreamAuth.entra.audience is missing',
    ],
    [
      'the signing keys come unencrypted',
      { upstreamAuth: { entra: { ...entra, jwksUri: 'http://keys.example/' } } },
      'must be an https:// address',
    ],
  ])('stops the start with the cure when %s', (_, options, message) => {
    const create = () => createUpstreamSecurity(options);
    expect(create).toThrow(StartUpError);
    expect(create).toThrow(message);
  });

  it('names no key in an error', () => {
    const create = () => createUpstreamSecurity({ connectionString: 'AccessKey=top-secret' });
    expect(create).toThrow('no Endpoint');
    expect(create).toThrow(/^(?!.*top-secret)/s);
  });

  it('verifies with the keys of all connection strings', () => {
    const { signature } = createUpstreamSecurity({ connectionString: [CONNECTION_STRING, SECOND] });
    expect(signature?.verify('c', computeSignature('c', 'first-key'))).toBe(true);
    expect(signature?.verify('c', computeSignature('c', 'second-key'))).toBe(true);
    expect(signature?.verify('c', computeSignature('c', 'third-key'))).toBe(false);
  });

  it('verifies with the live key of a key credential', () => {
    const credential = new AzureKeyCredential('first-key');
    const { signature } = createUpstreamSecurity({ endpoint: ENDPOINT, credential });
    const [first, second] = [computeSignature('c', 'first-key'), computeSignature('c', 'second-key')];
    expect(signature?.verify('c', first)).toBe(true);
    expect(signature?.verify('c', second)).toBe(false);
    credential.update('second-key');
    expect(signature?.verify('c', first)).toBe(false);
    expect(signature?.verify('c', second)).toBe(true);
  });
});
