import { describe, expect, it } from '@jest/globals';
import {
  validateConfiguration,
  validateOptions,
} from '../../../../src/emulator/configuration/emulator-options.validator.js';
import { InvalidSettingError } from '../../../../src/emulator/setting.errors.js';

const URL_TEMPLATE = 'http://localhost:8080/eventhandler';

function refusal(configuration: unknown): string {
  try {
    validateConfiguration(configuration);
  } catch (error) {
    if (error instanceof InvalidSettingError) return error.message;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

function handler(settings: object): object {
  return { hubs: { chat: { eventHandlers: [{ urlTemplate: URL_TEMPLATE, ...settings }] } } };
}

describe('a configuration', () => {
  it('is taken as it is written', () => {
    const configuration = {
      port: 0,
      host: '0.0.0.0',
      accessKey: 'k'.repeat(32),
      secondaryAccessKey: 'ü'.repeat(16),
      allowUnvalidatedEntraTokens: true,
      inspectorHosts: ['box'],
      upstreamRetryDelaysMs: [0, 1_000],
      hubs: {
        Sample_ChatApp: {
          eventHandlers: [
            {
              urlTemplate: 'https://app.example/{hub}/{event}?code=s3cr3t',
              userEventPattern: 'message, join',
              systemEvents: ['connect', 'connected', 'disconnected', 'joined', 'left'],
              auth: { type: 'ManagedIdentity', managedIdentity: { resource: 'api://app' } },
            },
            { urlTemplate: 'tunnel:///eventhandler/{event}', userEventPattern: '*', auth: { type: 'None' } },
          ],
          anonymousConnectPolicy: 'allow',
          webSocketKeepAliveIntervalInSeconds: 120,
        },
        empty: {},
      },
    };
    expect(validateConfiguration(configuration)).toEqual(configuration);
  });

  it('may say nothing, or name a schema', () => {
    expect(validateConfiguration({ $schema: 'x', port: undefined })).toEqual({});
  });

  it('is cut off from the object it was read from', () => {
    const systemEvents = ['connect'];
    const read = validateConfiguration(handler({ systemEvents }));
    systemEvents.push('nonsense');
    expect(read.hubs?.['chat']?.eventHandlers?.[0]?.systemEvents).toEqual(['connect']);
  });

  it('spells words as the types do', () => {
    const read = validateConfiguration({
      hubs: {
        chat: {
          anonymousConnectPolicy: 'Allow',
          eventHandlers: [{ urlTemplate: URL_TEMPLATE, systemEvents: ['Connect'] }],
        },
      },
    });
    expect(read.hubs?.['chat']).toMatchObject({
      anonymousConnectPolicy: 'allow',
      eventHandlers: [{ systemEvents: ['connect'] }],
    });
  });

  it.each<[string, unknown, string]>([
    ['no object', [], 'must be an object, a list was given'],
    ['an unknown option', { Port: 1 }, 'Port: is not a setting; known here: port, host,'],
    ['a port as text', { port: '8888' }, 'port: must be a whole number from 0 to 65535, "8888" was given'],
    ['a port too high', { port: 65_536 }, 'port: must be a whole number from 0 to 65535, 65536 was given'],
    [
      'a host with scheme',
      { host: 'http://localhost' },
      'host: must be an address or a host name, without scheme and port',
    ],
    ['an empty host', { host: '' }, 'host: must be an address'],
    ['a short key', { accessKey: 'k'.repeat(31) }, 'accessKey: must have at least 32 bytes'],
    ['a key with blanks', { accessKey: ` ${'k'.repeat(32)}` }, 'accessKey: must not begin or end with blanks'],
    [
      'a key with a semicolon',
      { secondaryAccessKey: `;${'k'.repeat(32)}` },
      'secondaryAccessKey: must not hold a semicolon',
    ],
    ['a key with a line feed', { accessKey: `k\n${'k'.repeat(32)}` }, 'accessKey: must not hold control characters'],
    ['a switch as text', { allowUnvalidatedEntraTokens: 'yes' }, 'allowUnvalidatedEntraTokens: must be true or false'],
    [
      'a wait below nothing',
      { upstreamRetryDelaysMs: [0, -1] },
      'upstreamRetryDelaysMs[1]: must be a whole number from 0',
    ],
    ['unref, which no file can say', { unref: true }, 'unref: is not'],
    ['hubs as a list', { hubs: [] }, 'hubs: must be an object, a list was given'],
    ['a hub name with a dash', { hubs: { 'my-hub': {} } }, 'hubs.my-hub: is not a hub name'],
    ['one hub in two spellings', { hubs: { chat: {}, Chat: {} } }, 'hubs.Chat: is the same hub as "chat"'],
    ['an unknown hub setting', { hubs: { chat: { eventHandler: [] } } }, 'hubs.chat.eventHandler: is not a setting'],
    [
      'Event Hubs',
      { hubs: { chat: { eventListeners: [] } } },
      'hubs.chat.eventListeners: the emulator has no Event Hubs',
    ],
    [
      'an unknown policy',
      { hubs: { chat: { anonymousConnectPolicy: 'maybe' } } },
      'hubs.chat.anonymousConnectPolicy: must be one of allow, deny; "maybe" was given',
    ],
    [
      'a keep-alive of 0 s',
      { hubs: { chat: { webSocketKeepAliveIntervalInSeconds: 0 } } },
      'hubs.chat.webSocketKeepAliveIntervalInSeconds: must be a whole number from 1 to 120',
    ],
    [
      'handlers as an object',
      { hubs: { chat: { eventHandlers: {} } } },
      'hubs.chat.eventHandlers: must be a list, an object was given',
    ],
    [
      'a handler as text',
      { hubs: { chat: { eventHandlers: ['http://a'] } } },
      'hubs.chat.eventHandlers[0]: must be an object',
    ],
    [
      'no URL template',
      { hubs: { chat: { eventHandlers: [{}] } } },
      'hubs.chat.eventHandlers[0].urlTemplate: must be a string, nothing was given',
    ],
  ])('with %s is refused', (_name, configuration, message) => {
    expect(refusal(configuration)).toContain(message);
  });

  it.each<[string, object, string]>([
    ['a path', { urlTemplate: '/eventhandler' }, 'urlTemplate: must be an absolute URL'],
    ['another scheme', { urlTemplate: 'ftp://a/b' }, 'urlTemplate: begins with ftp://'],
    ['no host', { urlTemplate: 'http:///a' }, 'urlTemplate: is not a URL'],
    [
      'a placeholder in the host',
      { urlTemplate: 'http://{hub}.example/a' },
      'urlTemplate: has a placeholder in the host',
    ],
    [
      'a Key Vault secret',
      { urlTemplate: 'http://a/?code={@Microsoft.KeyVault(SecretUri=https://v/s)}' },
      'urlTemplate: the emulator has no Key Vault',
    ],
    ['a tunnel with a host', { urlTemplate: 'tunnel://app/a' }, 'urlTemplate: tunnel URLs have no host'],
    ['a wildcard in a name', { userEventPattern: 'chat*' }, 'userEventPattern: "chat*" is not an event name'],
    ['a star among names', { userEventPattern: 'chat,*' }, 'userEventPattern: "*" is not an event name'],
    [
      'an unknown system event',
      { systemEvents: ['message'] },
      'systemEvents[0]: must be one of connect, connected, disconnected',
    ],
    ['an unknown kind of auth', { auth: { type: 'Key' } }, 'auth.type: must be one of None, ManagedIdentity'],
    [
      'an identity without resource',
      { auth: { type: 'ManagedIdentity' } },
      'auth.managedIdentity: must name the resource',
    ],
    [
      'an empty resource',
      { auth: { type: 'ManagedIdentity', managedIdentity: { resource: ' ' } } },
      'auth.managedIdentity.resource: must not be empty',
    ],
  ])('with an event handler with %s names the field [upstream-events 1, 2]', (_name, settings, message) => {
    expect(refusal(handler(settings))).toContain(`hubs.chat.eventHandlers[0].${message}`);
  });

  it('never repeats a key in its complaint', () => {
    const key = 'secret-with-a-semicolon;-and-32-bytes-or-more';
    expect(refusal({ accessKey: key })).not.toContain('secret');
    expect(refusal({ port: key })).toContain('a long text was given');
  });
});

describe('options', () => {
  it('carry a logger and a clock beside', () => {
    const logger = { log() {}, warn() {}, error() {} };
    const clock = { now: () => 1, schedule: () => ({ cancel() {} }) };
    expect(validateOptions({ port: 1, logger, clock })).toEqual({ port: 1, logger, clock });
  });
});
