import { describe, expect, it } from '@jest/globals';
import { readChatSettings } from '../../../src/sample/chat.settings.js';

describe('readChatSettings', () => {
  it.each([
    ['nothing', {}, { port: 8080, emulatorPort: 8888 }],
    ['empty variables', { PORT: '', WebPubSubConnectionString: ' ' }, { port: 8080, emulatorPort: 8888 }],
    ['both ports', { PORT: '3000', WEB_PUBSUB_EMULATOR_PORT: '3001' }, { port: 3000, emulatorPort: 3001 }],
    ['any free ports', { PORT: '0', WEB_PUBSUB_EMULATOR_PORT: '0' }, { port: 0, emulatorPort: 0 }],
    [
      'a connection string',
      { PORT: '8888', WebPubSubConnectionString: 'Endpoint=http://localhost:9999;AccessKey=key;Version=1.0;' },
      { port: 8888, emulatorPort: 8888, connectionString: 'Endpoint=http://localhost:9999;AccessKey=key;Version=1.0;' },
    ],
  ])('reads %s', (_name, environment, settings) => {
    expect(readChatSettings(environment)).toEqual(settings);
  });

  it.each([
    ['a port that is no number', { PORT: 'http' }, 'PORT must be a port number from 0 to 65535, not "http".'],
    ['a port out of range', { PORT: '65536' }, 'PORT must be a port number from 0 to 65535, not "65536".'],
    [
      'an emulator port below zero',
      { WEB_PUBSUB_EMULATOR_PORT: '-1' },
      'WEB_PUBSUB_EMULATOR_PORT must be a port number from 0 to 65535, not "-1".',
    ],
    [
      'one port for two servers',
      { PORT: '8888' },
      'PORT and WEB_PUBSUB_EMULATOR_PORT are both 8888; the two servers need a port each.',
    ],
    [
      'a connection string without a key',
      { WebPubSubConnectionString: 'Endpoint=https://a.webpubsub.azure.com' },
      'WebPubSubConnectionString: The connection string has no AccessKey.',
    ],
  ])('refuses %s', (_name, environment, message) => {
    expect(() => readChatSettings(environment)).toThrow(message);
  });
});
