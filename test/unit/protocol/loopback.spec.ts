import { describe, expect, it } from '@jest/globals';
import { isLoopbackAddress, isLoopbackName, LOOPBACK_NAMES } from '../../../src/protocol/loopback.js';

describe('isLoopbackAddress', () => {
  it.each(['127.0.0.1', '127.8.8.8', '127.255.255.254', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.2'])(
    'takes %s',
    (address) => {
      expect(isLoopbackAddress(address)).toBe(true);
    },
  );

  it.each(['', '0.0.0.0', '::', '10.0.0.1', '::ffff:10.0.0.1', 'fe80::1', '::ffff:::1', '1127.0.0.1', '127.0.0'])(
    'refuses %j',
    (address) => {
      expect(isLoopbackAddress(address)).toBe(false);
    },
  );
});

describe('isLoopbackName', () => {
  it.each([...LOOPBACK_NAMES, 'LOCALHOST', '127.0.0.2', '::1'])('takes %s', (host) => {
    expect(isLoopbackName(host)).toBe(true);
  });

  it.each([
    '',
    'app.localhost',
    'localhost.example',
    'localhost.',
    '127.0.0.1.example',
    '127.0.0.1:80',
    '[::1]:80',
    '[::1',
    '0.0.0.0',
    '192.168.1.9',
  ])('refuses %j', (host) => {
    expect(isLoopbackName(host)).toBe(false);
  });
});
