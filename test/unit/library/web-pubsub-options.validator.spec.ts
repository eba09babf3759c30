import { describe, expect, it } from '@jest/globals';
import { StartUpError } from '../../../src/library/errors/start-up.error.js';
import type { WebPubSubModuleOptions } from '../../../src/library/web-pubsub-options.interface.js';
import { checkOptions } from '../../../src/library/web-pubsub-options.validator.js';

/** As a factory gives them, whose values no compiler has seen. */
const checkRaw = (options: unknown) => checkOptions(options as WebPubSubModuleOptions);

describe('the options of the module', () => {
  it.each<[unknown, string]>([
    [{ attach: 'sever' }, 'attach of WebPubSubModule must be "server" or "route", not "sever"'],
    [{ stateCodec: null }, 'stateCodec of WebPubSubModule must be "json" or "dotnet", not null'],
    [{ unhandledUserEvents: true }, 'unhandledUserEvents of WebPubSubModule must be "reject" or "accept", not true'],
    [{ observability: 'on' }, 'observability of WebPubSubModule must be "auto" or "off", not "on"'],
    [{ globalEnhancers: 'false' }, 'globalEnhancers of WebPubSubModule must be true or false, not "false"'],
    [{ maxBodyBytes: Number.NaN }, 'maxBodyBytes of WebPubSubModule must be a positive number of bytes, not NaN'],
    [{ maxBodyBytes: '1000' }, 'maxBodyBytes of WebPubSubModule must be a positive number of bytes, not "1000"'],
    [{ maxStateBytes: -1 }, 'maxStateBytes of WebPubSubModule must be a positive number of bytes, not -1'],
    [
      { idempotency: { ttlMs: 0 } },
      'idempotency.ttlMs of WebPubSubModule must be a positive number of milliseconds, not 0',
    ],
    [{ idempotency: true }, 'idempotency of WebPubSubModule must be an object, not true'],
    [{ allowedOrigins: 'a, b' }, 'allowedOrigins of WebPubSubModule must be a list of texts, not "a, b"'],
    [{ hubs: ['a', 1] }, 'hubs of WebPubSubModule must be a list of texts, not a list with other values'],
    [{ hubs: { a: 'secret' } }, 'hubs of WebPubSubModule must be a list of texts, not an object'],
    [
      { upstreamAuth: { signature: false } },
      'upstreamAuth.signature of WebPubSubModule must be "required" or "off", not false',
    ],
    [
      { upstreamAuth: { entra: { allowedAppIds: 'a' } } },
      'upstreamAuth.entra.allowedAppIds of WebPubSubModule must be a list of texts, not "a"',
    ],
  ])('stop the start when they are %j', (options, problem) => {
    expect(() => checkRaw(options)).toThrow(new StartUpError(`The option ${problem}.`));
  });

  it.each([[undefined], [null], ['text']])('stop the start when there are none: %j', (options) => {
    expect(() => checkRaw(options)).toThrow('the factory of forRootAsync returned nothing');
  });

  it.each<[unknown, string, string]>([
    [{ conectionString: 'x' }, 'conectionString', 'connectionString'],
    [{ connectionstring: 'x' }, 'connectionstring', 'connectionString'],
    [{ allowedOrigin: ['x'] }, 'allowedOrigin', 'allowedOrigins'],
    [{ credentials: 'x' }, 'credentials', 'credential'],
    [{ paht: '/x' }, 'paht', 'path'],
    [{ attahc: 'route' }, 'attahc', 'attach'],
    [{ upstreamAuth: { signatur: 'off' } }, 'upstreamAuth.signatur', 'upstreamAuth.signature'],
    [
      { upstreamAuth: { entra: { allowedAppId: ['x'] } } },
      'upstreamAuth.entra.allowedAppId',
      'upstreamAuth.entra.allowedAppIds',
    ],
  ])('stop the start when one is misspelled: %j', (options, name, meant) => {
    expect(() => checkRaw(options)).toThrow(
      new StartUpError(`WebPubSubModule has no option ${name}. Did you mean ${meant}?`),
    );
  });

  it.each<[unknown]>([
    [{}],
    [{ isGlobal: false, logger: 'x', port: 1, name: 'x', id: 1 }],
    [{ hub: 'chat', credentialId: 'x', upstreamAuth: { entra: { issuerId: 'x' } } }],
    [{ conectionString: undefined }],
    [{ attach: undefined, maxBodyBytes: undefined, hubs: undefined, upstreamAuth: undefined }],
    [{ upstreamAuth: null, allowedOrigins: null, idempotency: null, serviceClientOptions: null }],
    [{ attach: 'route', globalEnhancers: false, maxBodyBytes: 1, maxStateBytes: 1, hubs: [], allowedOrigins: ['*'] }],
    [{ upstreamAuth: { signature: 'off', entra: { allowedAppIds: [] } }, idempotency: { ttlMs: 1 } }],
  ])('are taken when they are %j', (options) => {
    expect(checkRaw(options)).toBe(options);
  });
});
