import { describe, expect, it } from '@jest/globals';
import * as fc from '../../support/property.js';
import { protobufCodec } from '../../../src/protocol/protobuf.codec.js';
import {
  arbitraryClientMessage,
  comparable,
  describeDecoding,
  describeEncoding,
  toBytes,
  writeProtobuf,
} from '../../support/codec-cases.js';

const INVALID = 'The client message is not a valid protobuf.webpubsub.azure.v1 protocol message.';

describe('the protobuf codec [client-websocket 10]', () => {
  describeDecoding(protobufCodec, 'hex', [
    ['join group room with ack 0', '32 08 0A04726F6F6D 1000', { kind: 'joinGroup', group: 'room', ackId: 0n }],
    ['leaveGroup without an ack', '3A 03 0A0167', { kind: 'leaveGroup', group: 'g' }],
    ['ping', '4A 00', { kind: 'ping' }],
    ['sequenceAck', '42 02 0805', { kind: 'sequenceAck', sequenceId: 5n }],
    [
      'the largest sequence id exactly',
      '42 0B 08FFFFFFFFFFFFFFFFFF01',
      { kind: 'sequenceAck', sequenceId: 18446744073709551615n },
    ],
    [
      'sendToGroup with everything',
      '0A 1A 0A0167 1002 1A030A0178 2001 28AC02 3206 0A016B 120176 9A0600',
      {
        kind: 'sendToGroup',
        group: 'g',
        ackId: 2n,
        data: { kind: 'text', text: 'x' },
        noEcho: true,
        ttlSeconds: 300,
        metadata: { k: 'v' },
      },
    ],
    [
      'an event with JSON',
      '2A 0A 0A0165 12052203 5B315D',
      { kind: 'sendEvent', event: 'e', data: { kind: 'json', json: '[1]' } },
    ],
    [
      'an empty text that was chosen',
      '2A 07 0A0165 1202 0A00',
      { kind: 'sendEvent', event: 'e', data: { kind: 'text', text: '' } },
    ],
    [
      'no data beside metadata as an empty text',
      '2A 0B 0A0165 2206 0A016B 120176',
      { kind: 'sendEvent', event: 'e', data: { kind: 'text', text: '' }, metadata: { k: 'v' } },
    ],
    ['fields it does not know', '08 01 4A 02 0801', { kind: 'ping' }],
  ]);

  describeEncoding(protobufCodec, 'hex', [
    ['an ack', { kind: 'ack', ackId: 1n }, '0a0408011001'],
    ['the ack of 0', { kind: 'ack', ackId: 0n }, '0a0408001001'],
    [
      'an error ack',
      { kind: 'ack', ackId: 1n, error: { name: 'Duplicate', message: 'm' } },
      '0a14080110001a0e0a094475706c696361746512016d',
    ],
    [
      'a group message without its sender',
      { kind: 'groupData', group: 'g', fromUserId: 'u', data: { kind: 'text', text: 'x' } },
      '120f0a0567726f75701201671a030a0178',
    ],
    [
      'a server message with metadata',
      { kind: 'serverData', data: { kind: 'binary', bytes: Buffer.from([255]) }, metadata: { k: 'v' } },
      '12150a067365727665721a031201ff2a060a016b120176',
    ],
    ['JSON as json_data', { kind: 'serverData', data: { kind: 'json', json: '1' } }, '120d0a067365727665721a03220131'],
    ['pong', { kind: 'pong' }, '2200'],
    ['connected of an anonymous client', { kind: 'connected', connectionId: 'c' }, '1a050a030a0163'],
    [
      'connected of a reliable client',
      { kind: 'connected', connectionId: 'c', userId: 'u', reconnectionToken: 't' },
      '1a0b0a090a01631201751a0174',
    ],
    ['disconnected', { kind: 'disconnected', reason: 'r' }, '1a051203120172'],
    ['nothing for an invokeResponse', { kind: 'invokeResponse', invocationId: '1' }, undefined],
    ['nothing for streamClosed', { kind: 'streamClosed', streamId: 's' }, undefined],
    ['nothing for group state', { kind: 'groupStateUpdate', group: 'g', items: [] }, undefined],
    [
      'nothing for the end of a stream',
      {
        kind: 'groupData',
        group: 'g',
        data: { kind: 'text', text: '' },
        stream: { streamId: 's', sequenceId: 1n, endOfStream: true },
      },
      undefined,
    ],
  ]);

  it('[9] puts the sequence id behind what receivers share', () => {
    const frame = protobufCodec.encodeSequenced({ kind: 'serverData', data: { kind: 'text', text: 'x' } });
    expect(Buffer.concat(frame!.partsWith(300)).toString('hex')).toBe('12100a067365727665721a030a017820ac02');
    expect(frame!.partsWith(1)[1]).toBe(frame!.partsWith(300)[1]);
  });

  it('refuses text frames with 1003', () => {
    expect(protobufCodec.decode(Buffer.from('4A00', 'hex'), false)).toMatchObject({
      kind: 'violation',
      closeCode: 1003,
      reason: 'The protobuf.webpubsub.azure.v1 subprotocol requires binary messages.',
    });
  });

  it.each([
    ['an empty message', '', /no message/],
    ['bytes that are no message', 'FF FF', /not a protobuf message/],
    ['a field that ends too early', '32 08 0A04', /not a protobuf message/],
    ['a oneof that is not set', '98 06 01', /no message/],
    ['no data', '2A 03 0A0165', /data is missing/],
    ['data whose oneof is not set', '2A 05 0A0165 1200', /data is missing/],
    ['no group', '32 00', /group/],
    ['a group of white space', '32 03 0A0120', /group/],
    ['an invalid event', '2A 08 0A0131 1203 0A0178', /event/],
    ['ttl_seconds of 301', '0A 0B 0A0167 1A030A0178 28AD02', /ttl_seconds/],
    ['a metadata key with a blank', '2A 0B 0A0165 2206 0A0120 120176', /metadata/],
    ['a stream', '0A 0F 0A0167 1A030A0178 3A05 0A0173 1001', /streams/],
    ['a string that is not UTF-8', '32 03 0A01FF', /UTF-8/],
    ['json_data that is not JSON', '2A 08 0A0165 1203 22017B', /json_data/],
    ['protobuf_data that is no Any', '2A 08 0A0165 1203 1A01FF', /not a protobuf message/],
  ])('refuses %s with 1007', (_fact, hex, problem) => {
    expect(protobufCodec.decode(toBytes(hex, 'hex'), true)).toEqual({
      kind: 'violation',
      closeCode: 1007,
      reason: INVALID,
      problem: expect.stringMatching(problem),
    });
  });

  it('reads back whatever a client writes', () => {
    fc.assert(
      fc.property(arbitraryClientMessage, (message) => {
        const decoded = protobufCodec.decode(writeProtobuf(message), true);
        expect(comparable(decoded)).toEqual(comparable({ kind: 'message', message }));
      }),
    );
  });

  it('never throws, whatever arrives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (frame, isBinary) => {
        expect(['message', 'violation']).toContain(protobufCodec.decode(frame, isBinary).kind);
      }),
      { numRuns: 500 },
    );
  });
});
