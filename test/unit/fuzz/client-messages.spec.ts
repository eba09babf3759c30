import { describe, expect, it } from '@jest/globals';
import * as fc from '../../support/property.js';
import { jsonCodec } from '../../../src/protocol/json.codec.js';
import { readJsonMembers } from '../../../src/protocol/json-members.js';
import { protobufCodec } from '../../../src/protocol/protobuf.codec.js';
import type { ServiceMessage } from '../../../src/protocol/service-message.js';
import { createSimpleDecoder, simpleEncoder } from '../../../src/protocol/simple.codec.js';
import type { ClientMessageDecoder, DecodedClientMessage } from '../../../src/protocol/subprotocol-codec.js';
import { arbitraryClientMessage, comparable, writeJson, writeProtobuf } from '../../support/codec-cases.js';
import { expectCleanPrototypes, hostileJson, hostileText, nearly, nested } from '../../support/hostile-values.js';

const MAX_UINT64 = 2n ** 64n - 1n;
expectCleanPrototypes();

/** Never throws, and says one of the two things a decoder may say. */
function decode(decoder: ClientMessageDecoder, frame: Uint8Array | string, isBinary: boolean): DecodedClientMessage {
  const decoded = decoder.decode(Buffer.from(frame as string), isBinary);
  if (decoded.kind === 'violation') expect([1003, 1007]).toContain(decoded.closeCode);
  else expect(typeof decoded.message.kind).toBe('string');
  return decoded;
}

describe('frames that are nearly right', () => {
  it('of the JSON subprotocol are read or refused [client-websocket 5.1]', () => {
    fc.assert(
      fc.property(
        arbitraryClientMessage.chain((message) => nearly(Buffer.from(writeJson(message)))),
        (frame) => void decode(jsonCodec, frame, false),
      ),
    );
  });

  it('of the protobuf subprotocol are read or refused [client-websocket 10]', () => {
    fc.assert(
      fc.property(
        arbitraryClientMessage.chain((message) => nearly(writeProtobuf(message))),
        (frame) => void decode(protobufCodec, frame, true),
      ),
    );
  });

  it('cut at every byte are read or refused', () => {
    fc.assert(
      fc.property(arbitraryClientMessage, (message) => {
        const json = Buffer.from(writeJson(message));
        // Of an object no beginning is whole.
        for (let end = 0; end < json.length; end++) {
          expect(decode(jsonCodec, json.subarray(0, end), false).kind).toBe('violation');
        }
        const protobuf = writeProtobuf(message);
        for (let end = 0; end < protobuf.length; end++) decode(protobufCodec, protobuf.subarray(0, end), true);
      }),
      { numRuns: 30 },
    );
  });

  it('of a simple client are its payload, whatever they are [client-websocket 4]', () => {
    const decoder = createSimpleDecoder({ kind: 'sendEvent' });
    fc.assert(
      fc.property(fc.uint8Array(), fc.boolean(), (frame, isBinary) => {
        expect(decode(decoder, frame, isBinary).kind).toBe('message');
      }),
    );
  });
});

describe('JSON requests', () => {
  const type = fc.constantFrom(
    ...['joinGroup', 'leaveGroup', 'sendToGroup', 'event', 'ping', 'sequenceAck', 'invoke', 'cancelInvocation'],
    ...['streamData', 'streamEnd', 'setGroupState', 'subscribeGroupState', 'unsubscribeGroupState', '__proto__'],
  );
  const memberName = fc.constantFrom(
    ...['group', 'event', 'data', 'dataType', 'ackId', 'noEcho', 'ttlSeconds', 'metadata', 'sequenceId', 'stream'],
    ...['streamId', 'streamSequenceId', 'error', 'invocationId', 'target', 'state', '__proto__', 'constructor'],
  );

  it('with any value under any name are read or refused', () => {
    fc.assert(
      fc.property(type, fc.array(fc.tuple(memberName, hostileJson), { maxLength: 5 }), (name, members) => {
        const rest = members.map(([member, value]) => `,${JSON.stringify(member)}:${value}`).join('');
        decode(jsonCodec, `{"type":${JSON.stringify(name)}${rest}}`, false);
      }),
      { numRuns: 500 },
    );
  });

  it('find no member where the prototype has one [client-websocket 5.1]', () => {
    expect(decode(jsonCodec, '{"__proto__":{"type":"ping"}}', false).kind).toBe('violation');
    expect(decode(jsonCodec, '{"type":"joinGroup","__proto__":{"group":"a"}}', false).kind).toBe('violation');
    expect(decode(jsonCodec, '{"type":"event","event":"a","data":1,"constructor":{"prototype":{}}}', false).kind).toBe(
      'message',
    );
  });

  it('keep a metadata key and a state key that is a prototype name as what it is', () => {
    const text = '{"type":"event","event":"a","data":1,"metadata":{"__proto__":"x","constructor":"y"}}';
    const { message } = decode(jsonCodec, text, false) as { message: { metadata: object } };
    expect(Object.entries(message.metadata)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(Object.getPrototypeOf(message.metadata)).toBe(Object.prototype);
    const state = '{"type":"setGroupState","group":"g","state":{"__proto__":"x"}}';
    const decoded = decode(jsonCodec, state, false) as { message: { state: object } };
    expect(Object.entries(decoded.message.state)).toEqual([['__proto__', 'x']]);
  });

  it.each([0n, 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, MAX_UINT64])('keep every digit of the ackId %s', (ackId) => {
    expect(decode(jsonCodec, `{"type":"joinGroup","group":"g","ackId":${ackId}}`, false)).toEqual({
      kind: 'message',
      message: { kind: 'joinGroup', group: 'g', ackId },
    });
  });

  it.each(['18446744073709551616', '-1', '-0', '1.0', '1e3', '"1"', '00', '99999999999999999999999', '[]', 'true'])(
    'are refused with the ackId %s',
    (ackId) => {
      expect(decode(jsonCodec, `{"type":"joinGroup","group":"g","ackId":${ackId}}`, false).kind).toBe('violation');
    },
  );

  it.each([nested(400_000), nested(200_000, '{"a":', '}').replace('{"a":}', '{"a":1}'), nested(400_000).slice(1)])(
    'nested as deep as a frame allows are read or refused',
    (data) => {
      decode(jsonCodec, `{"type":"event","event":"deep","data":${data}}`, false);
      decode(jsonCodec, data, false);
      decode(jsonCodec, `{"type":"sendToGroup","group":"g","stream":${data}}`, false);
      decode(jsonCodec, `{"type":"event","event":"deep","metadata":${data}}`, false);
    },
  );

  it('of a megabyte of escapes, quotes and members are read in one pass', () => {
    const frames = [
      `{"type":"event","event":"a","ackId":1,"data":"${'\\\\'.repeat(500_000)}"}`,
      `{"type":"event","event":"a","ackId":1,"data":"${'\\"'.repeat(500_000)}"}`,
      `{"type":"ping",${'"a":1,'.repeat(160_000)}"ackId":1}`,
      `{"type":"event","event":"a","data":${'[{"a":"]"},'.repeat(90_000)}1${']'.repeat(90_000)}}`,
      `{"type":"event","event":"a","dataType":"binary","data":"${'A'.repeat(1_000_001)}"}`,
      `{${' '.repeat(1_000_000)}"type":"ping"}`,
    ];
    for (const frame of frames) decode(jsonCodec, frame, false);
    expect(readJsonMembers(frames[2])).toHaveLength(160_002);
  });
});

describe('protobuf requests', () => {
  it.each([
    ['a length of 4 GiB', 'faffffff0f'],
    ['a varint without an end', '0aff'.padEnd(60, 'f')],
    ['a group that nests without an end', '0b'.repeat(10_000)],
    ['nothing but tags', '08'.repeat(10_000)],
    ['field number 0', '0001'],
    ['an end of a group that did not begin', '0c'],
    ['a length of nothing', '32'],
  ])('with %s are refused', (_name, hex) => {
    expect(decode(protobufCodec, Buffer.from(hex, 'hex'), true).kind).toBe('violation');
  });

  it('with a group of the wire format nested a megabyte deep are refused', () => {
    const deep = Buffer.concat([Buffer.alloc(500_000, 0x53), Buffer.alloc(500_000, 0x54)]);
    expect(decode(protobufCodec, deep, true).kind).toBe('violation');
  });
});

describe('messages of the service', () => {
  const text = hostileText;
  const data = fc.oneof(
    text.map((value) => ({ kind: 'text', text: value }) as const),
    hostileJson.map((json) => ({ kind: 'json', json }) as const),
    fc.uint8Array({ maxLength: 32 }).map((bytes) => ({ kind: 'binary', bytes }) as const),
  );
  const metadata = fc.option(fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true }), { nil: undefined });
  const uint64 = fc.bigInt({ min: 0n, max: MAX_UINT64 });
  const message: fc.Arbitrary<ServiceMessage> = fc.oneof(
    fc.record({ kind: fc.constant('groupData' as const), group: text, fromUserId: text, data, metadata }),
    fc.record({ kind: fc.constant('serverData' as const), data, metadata }),
    fc.record({
      kind: fc.constant('ack' as const),
      ackId: uint64,
      error: fc.record({ name: fc.constant('Forbidden' as const), message: text }),
    }),
    fc.record({ kind: fc.constant('connected' as const), connectionId: text, userId: text, reconnectionToken: text }),
    fc.record({ kind: fc.constant('disconnected' as const), reason: text }),
    fc.record({ kind: fc.constant('streamAck' as const), streamId: text, expectedSequenceId: uint64 }),
    fc.record({ kind: fc.constant('streamClosed' as const), streamId: text }),
    fc.record({ kind: fc.constant('invokeResponse' as const), invocationId: text, data }),
  );

  it('are JSON, whatever text they carry, and one object only [client-websocket 5.3]', () => {
    fc.assert(
      fc.property(message, (value) => {
        const frame = jsonCodec.encode(value)!;
        const parsed = JSON.parse(Buffer.from(frame.payload).toString()) as Record<string, unknown>;
        expect(typeof parsed['type']).toBe('string');
        if (value.kind === 'groupData') expect(parsed['group']).toBe(wellFormed(value.group));
        if (value.kind === 'disconnected') expect(parsed['message']).toBe(wellFormed(value.reason));
      }),
      { numRuns: 300 },
    );
  });

  it('have a protobuf and a bare form for whatever text they carry', () => {
    fc.assert(
      fc.property(message, (value) => {
        protobufCodec.encode(value);
        simpleEncoder.encode(value);
      }),
      { numRuns: 300 },
    );
  });

  it('numbered, are what they are plain, with the number', () => {
    fc.assert(
      fc.property(data, metadata, fc.maxSafeNat(), (payload, entries, sequenceId) => {
        const value = { kind: 'serverData', data: payload, ...(entries && { metadata: entries }) } as const;
        const plain = JSON.parse(Buffer.from(jsonCodec.encode(value)!.payload).toString()) as object;
        const numbered = Buffer.concat([...jsonCodec.encodeSequenced(value)!.partsWith(sequenceId)]).toString();
        expect(comparable(JSON.parse(numbered))).toEqual(comparable({ ...plain, sequenceId }));
      }),
    );
  });
});

/** Halves of characters do not survive UTF-8; JSON writes them as escapes. */
function wellFormed(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}
