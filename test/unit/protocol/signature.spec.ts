import { describe, expect, it } from '@jest/globals';
import { computeSignature, signConnectionId } from '../../../src/protocol/signature.js';

// Test vectors of [upstream-events 7].
const CONNECTION_ID = 'Zk3vQ9yT1uJr8aXbN0pLwA1f2d3c4e5';
const PRIMARY = 'primary-key-for-docs-0123456789abcdef';
const SECONDARY = 'secondary-key-for-docs-0123456789abcd';

describe('signature [upstream-events 7]', () => {
  it.each([
    [PRIMARY, 'sha256=478a67fa85535b5d5629acc4225eecd7b0b98cd33815aa6f7a6305d8aaf07d98'],
    [SECONDARY, 'sha256=7c3430fd74e3cef99f0d12ddc46abcf84bb172382c55761933b2704f428f5cc7'],
  ])('is the HMAC of the connection id under the text of %s', (accessKey, signature) => {
    expect(computeSignature(CONNECTION_ID, accessKey)).toBe(signature);
  });

  it('has one element per key, primary first', () => {
    expect(signConnectionId(CONNECTION_ID, [PRIMARY, SECONDARY])).toBe(
      `${computeSignature(CONNECTION_ID, PRIMARY)},${computeSignature(CONNECTION_ID, SECONDARY)}`,
    );
  });
});
