import { describe, expect, it } from '@jest/globals';
import { createSimpleDecoder, simpleEncoder } from '../../../src/protocol/simple.codec.js';

const sendEvent = createSimpleDecoder({ kind: 'sendEvent' });
const sendToGroup = createSimpleDecoder({ kind: 'sendToGroup', group: 'g', noEcho: true });
const bytes = Buffer.from([0, 255]);

describe('frames of simple clients [client-websocket 4]', () => {
  it.each([
    [
      'a text frame',
      sendEvent,
      Buffer.from('hé'),
      false,
      { kind: 'sendEvent', event: 'message', data: { kind: 'text', text: 'hé' } },
    ],
    [
      'a binary frame',
      sendEvent,
      bytes,
      true,
      { kind: 'sendEvent', event: 'message', data: { kind: 'binary', bytes } },
    ],
    [
      'a frame in sendToGroup mode',
      sendToGroup,
      Buffer.from('x'),
      false,
      { kind: 'sendToGroup', group: 'g', noEcho: true, data: { kind: 'text', text: 'x' } },
    ],
  ])('reads %s', (_fact, decoder, payload, isBinary, message) => {
    expect(decoder.decode(payload, isBinary)).toEqual({ kind: 'message', message });
  });

  it.each([
    ['text', { kind: 'text', text: 'x' }, { isBinary: false, payload: Buffer.from('x') }],
    ['a JSON string with its quotes', { kind: 'json', json: '"x"' }, { isBinary: false, payload: Buffer.from('"x"') }],
    ['binary', { kind: 'binary', bytes }, { isBinary: true, payload: bytes }],
    ['protobuf as a binary frame', { kind: 'protobuf', bytes }, { isBinary: true, payload: bytes }],
  ] as const)('[3] writes %s', (_fact, data, frame) => {
    expect(simpleEncoder.encode({ kind: 'serverData', data, metadata: { k: 'v' } })).toEqual(frame);
    expect(simpleEncoder.encode({ kind: 'groupData', group: 'g', data })).toEqual(frame);
  });

  it.each([
    { kind: 'connected', connectionId: 'c' },
    { kind: 'disconnected', reason: 'r' },
    { kind: 'ack', ackId: 1n },
    { kind: 'pong' },
  ] as const)('writes nothing for $kind', (message) => {
    expect(simpleEncoder.encode(message)).toBeUndefined();
  });
});
