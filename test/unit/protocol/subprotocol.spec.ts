import { describe, expect, it } from '@jest/globals';
import { findSubprotocol, selectSubprotocol } from '../../../src/protocol/subprotocol.js';

describe('subprotocols [client-websocket 1.3]', () => {
  it.each([
    ['json.webpubsub.azure.v1', false],
    ['json.reliable.webpubsub.azure.v1', true],
    ['protobuf.webpubsub.azure.v1', false],
    ['protobuf.reliable.webpubsub.azure.v1', true],
    ['JSON.Reliable.WebPubSub.azure.v1', true],
  ])('%s is reliable: %s', (name, isReliable) => {
    expect(findSubprotocol(name)?.isReliable).toBe(isReliable);
  });

  it.each([
    [['custom', 'JSON.webpubsub.azure.v1', 'protobuf.webpubsub.azure.v1'], 'JSON.webpubsub.azure.v1'],
    [['custom'], undefined],
    [[], undefined],
  ])('of %j the first known name is selected, as the client wrote it', (offered, selected) => {
    expect(selectSubprotocol(offered)).toBe(selected);
  });
});
