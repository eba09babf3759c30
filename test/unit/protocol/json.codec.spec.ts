import { describe, expect, it } from '@jest/globals';
import * as fc from '../../support/property.js';
import { jsonCodec } from '../../../src/protocol/json.codec.js';
import {
  arbitraryClientMessage,
  comparable,
  describeDecoding,
  describeEncoding,
  writeJson,
} from '../../support/codec-cases.js';

const bytes = Buffer.from([1, 2, 255]);
const base64 = bytes.toString('base64');

describe('the JSON codec [client-websocket 5]', () => {
  describeDecoding(jsonCodec, 'text', [
    ['[5.2] joinGroup', '{"type":"joinGroup","group":"g","ackId":1}', { kind: 'joinGroup', group: 'g', ackId: 1n }],
    ['[5.2] leaveGroup', '{"type":"leaveGroup","group":"g"}', { kind: 'leaveGroup', group: 'g' }],
    [
      '[5.2] sendToGroup with everything',
      '{"type":"sendToGroup","group":"g","ackId":2,"noEcho":true,"dataType":"json","data":{"a":1},"ttlSeconds":300,"metadata":{"k":"v"}}',
      {
        kind: 'sendToGroup',
        group: 'g',
        ackId: 2n,
        noEcho: true,
        data: { kind: 'json', json: '{"a":1}' },
        ttlSeconds: 300,
        metadata: { k: 'v' },
      },
    ],
    [
      '[5.2] event',
      '{"type":"event","event":"order","ackId":3,"dataType":"text","data":"x"}',
      { kind: 'sendEvent', event: 'order', ackId: 3n, data: { kind: 'text', text: 'x' } },
    ],
    ['[5.2] ping', '{"type":"ping"}', { kind: 'ping' }],
    ['[5.2] sequenceAck', '{"type":"sequenceAck","sequenceId":5}', { kind: 'sequenceAck', sequenceId: 5n }],
    ['[5.1] types in any case', '{"type":"JOINgroup","group":"g"}', { kind: 'joinGroup', group: 'g' }],
    ['[5.1] with properties it does not know', '{"x":[{"type":1}],"type":"ping"}', { kind: 'ping' }],
    ['[5.1] ackId 0', '{"type":"joinGroup","group":"g","ackId":0}', { kind: 'joinGroup', group: 'g', ackId: 0n }],
    ['[5.1] ackId null as absent', '{"type":"joinGroup","group":"g","ackId":null}', { kind: 'joinGroup', group: 'g' }],
    [
      '[5.3] the largest ackId exactly',
      '{"type":"joinGroup","group":"g","ackId":18446744073709551615}',
      { kind: 'joinGroup', group: 'g', ackId: 18446744073709551615n },
    ],
    [
      '[5.1] json as the default data type',
      '{"type":"event","event":"e","data":"x"}',
      { kind: 'sendEvent', event: 'e', data: { kind: 'json', json: '"x"' } },
    ],
    [
      '[5.1] data types in any case, binary as base64',
      `{"type":"event","event":"e","dataType":"BINARY","data":"${base64}"}`,
      { kind: 'sendEvent', event: 'e', data: { kind: 'binary', bytes } },
    ],
    [
      '[5.1] protobuf as the official client writes it',
      `{"type":"event","event":"e","dataType":"protobuf","data":"${base64}"}`,
      { kind: 'sendEvent', event: 'e', data: { kind: 'protobuf', bytes } },
    ],
    [
      '[5.1] JSON data as it was written',
      '{"type":"event","event":"e","data": { "n": 1.0, "big":12345678901234567890.5 ,"s":"}\\"" } }',
      {
        kind: 'sendEvent',
        event: 'e',
        data: { kind: 'json', json: '{ "n": 1.0, "big":12345678901234567890.5 ,"s":"}\\"" }' },
      },
    ],
    [
      '[5.1] no data beside metadata as an empty text',
      '{"type":"event","event":"e","metadata":{"k":"v"}}',
      { kind: 'sendEvent', event: 'e', data: { kind: 'text', text: '' }, metadata: { k: 'v' } },
    ],
    [
      '[5.1] ttlSeconds null as absent',
      '{"type":"sendToGroup","group":"g","data":1,"ttlSeconds":null}',
      { kind: 'sendToGroup', group: 'g', noEcho: false, data: { kind: 'json', json: '1' } },
    ],
    [
      '[5.6] invoke',
      '{"type":"invoke","invocationId":"1","target":"event","event":"e","dataType":"text","data":"x"}',
      { kind: 'invoke', invocationId: '1', event: 'e', data: { kind: 'text', text: 'x' } },
    ],
    [
      '[5.6] invoke without data',
      '{"type":"invoke","invocationId":"1","target":"event","event":"e"}',
      { kind: 'invoke', invocationId: '1', event: 'e' },
    ],
    [
      '[5.6] cancelInvocation',
      '{"type":"cancelInvocation","invocationId":"1"}',
      { kind: 'cancelInvocation', invocationId: '1' },
    ],
    [
      '[5.7] the start of a stream',
      '{"type":"sendToGroup","group":"g","noEcho":false,"stream":{"streamId":"s","idleTimeoutMs":1000}}',
      { kind: 'startStream', group: 'g', noEcho: false, streamId: 's', idleTimeoutMs: 1000 },
    ],
    [
      '[5.7] streamData',
      '{"type":"streamData","streamId":"s","streamSequenceId":1,"dataType":"text","data":"x"}',
      { kind: 'streamData', streamId: 's', sequenceId: 1n, data: { kind: 'text', text: 'x' } },
    ],
    ['[5.7] the keep-alive of a stream', '{"type":"streamData","streamId":"s"}', { kind: 'streamData', streamId: 's' }],
    [
      '[5.7] streamEnd',
      '{"type":"streamEnd","streamId":"s","error":{"message":"m","userErrorCode":"u"}}',
      { kind: 'streamEnd', streamId: 's', error: { message: 'm', userErrorCode: 'u' } },
    ],
    [
      '[5.8] setGroupState',
      '{"type":"setGroupState","group":"g","ackId":1,"state":{"k":"v"}}',
      { kind: 'setGroupState', group: 'g', ackId: 1n, state: { k: 'v' } },
    ],
    [
      '[5.8] setGroupState that clears',
      '{"type":"setGroupState","group":"g","ackId":1}',
      { kind: 'setGroupState', group: 'g', ackId: 1n },
    ],
    [
      '[5.8] subscribeGroupState',
      '{"type":"subscribeGroupState","group":"g","ackId":1}',
      { kind: 'subscribeGroupState', group: 'g', ackId: 1n },
    ],
    [
      '[5.8] unsubscribeGroupState',
      '{"type":"unsubscribeGroupState","group":"g"}',
      { kind: 'unsubscribeGroupState', group: 'g' },
    ],
  ]);

  describeEncoding(jsonCodec, 'text', [
    [
      '[5.3] connected of an anonymous client',
      { kind: 'connected', connectionId: 'c' },
      '{"type":"system","event":"connected","userId":null,"connectionId":"c"}',
    ],
    [
      '[5.3] connected of a reliable client',
      { kind: 'connected', connectionId: 'c', userId: 'u', reconnectionToken: 't' },
      '{"type":"system","event":"connected","userId":"u","connectionId":"c","reconnectionToken":"t"}',
    ],
    [
      '[5.3] disconnected',
      { kind: 'disconnected', reason: 'why' },
      '{"type":"system","event":"disconnected","message":"why"}',
    ],
    [
      '[5.3] a group message',
      { kind: 'groupData', group: 'g', fromUserId: 'u', data: { kind: 'text', text: 'x' }, metadata: { k: 'v' } },
      '{"type":"message","from":"group","group":"g","fromUserId":"u","dataType":"text","data":"x","metadata":{"k":"v"}}',
    ],
    [
      '[5.3] a group message of nobody known',
      { kind: 'groupData', group: 'g', data: { kind: 'json', json: '{"n": 1.0}' } },
      '{"type":"message","from":"group","group":"g","fromUserId":null,"dataType":"json","data":{"n": 1.0}}',
    ],
    [
      '[5.3] a server message',
      { kind: 'serverData', data: { kind: 'binary', bytes } },
      `{"type":"message","from":"server","dataType":"binary","data":"${base64}"}`,
    ],
    [
      '[3] protobuf as base64',
      { kind: 'serverData', data: { kind: 'protobuf', bytes } },
      `{"type":"message","from":"server","dataType":"protobuf","data":"${base64}"}`,
    ],
    [
      '[5.3] the ack of the largest id exactly',
      { kind: 'ack', ackId: 18446744073709551615n },
      '{"type":"ack","ackId":18446744073709551615,"success":true}',
    ],
    [
      '[5.3] an error ack',
      { kind: 'ack', ackId: 1n, error: { name: 'Forbidden', message: 'm' } },
      '{"type":"ack","ackId":1,"success":false,"error":{"name":"Forbidden","message":"m"}}',
    ],
    ['[5.3] pong', { kind: 'pong' }, '{"type":"pong"}'],
    [
      '[5.6] an invokeResponse',
      { kind: 'invokeResponse', invocationId: '1', data: { kind: 'json', json: '[1]' } },
      '{"type":"invokeResponse","invocationId":"1","success":true,"dataType":"json","data":[1]}',
    ],
    [
      '[5.6] a failed invokeResponse',
      { kind: 'invokeResponse', invocationId: '1', error: { name: 'n', message: 'm' } },
      '{"type":"invokeResponse","invocationId":"1","success":false,"error":{"name":"n","message":"m"}}',
    ],
    [
      '[5.7] streamAck',
      { kind: 'streamAck', streamId: 's', expectedSequenceId: 2n },
      '{"type":"streamAck","streamId":"s","expectedSequenceId":2}',
    ],
    [
      '[5.7] streamNack',
      { kind: 'streamNack', streamId: 's', name: 'InvalidSequenceId', message: 'm', expectedSequenceId: 2n },
      '{"type":"streamNack","streamId":"s","name":"InvalidSequenceId","message":"m","expectedSequenceId":2}',
    ],
    ['[5.7] streamClosed', { kind: 'streamClosed', streamId: 's' }, '{"type":"streamClosed","streamId":"s"}'],
    [
      '[5.7] the end of a stream to its receivers',
      {
        kind: 'groupData',
        group: 'g',
        data: { kind: 'text', text: '' },
        stream: { streamId: 's', sequenceId: 3n, endOfStream: true, error: { name: 'UserError', message: 'm' } },
      },
      '{"type":"message","from":"group","group":"g","fromUserId":null,"dataType":"text","data":"",' +
        '"stream":{"streamId":"s","streamSequenceId":3,"endOfStream":true,"error":{"name":"UserError","message":"m"}}}',
    ],
    [
      '[5.8] groupStateUpdate',
      { kind: 'groupStateUpdate', group: 'g', items: [{ connectionId: 'c', state: { k: 'v' }, updatedAt: 1 }] },
      '{"type":"groupStateUpdate","group":"g","items":[{"connectionId":"c","state":{"k":"v"},"updatedAt":1}]}',
    ],
  ]);

  it('[9] puts the sequence id into a data message, and shares the rest between receivers', () => {
    const frame = jsonCodec.encodeSequenced({ kind: 'serverData', data: { kind: 'text', text: 'x' } });
    const [first, second] = [frame!.partsWith(1), frame!.partsWith(2)];
    expect(Buffer.concat(second).toString()).toBe(
      '{"type":"message","from":"server","dataType":"text","data":"x","sequenceId":2}',
    );
    expect(first[0]).toBe(second[0]);
  });

  it('[5.1] refuses binary frames with 1003', () => {
    expect(jsonCodec.decode(Buffer.from('{"type":"ping"}'), true)).toMatchObject({
      kind: 'violation',
      closeCode: 1003,
      reason: 'The JSON subprotocol requires text messages.',
    });
  });

  it.each([
    ['what is not JSON', 'ping'],
    ['nothing', ''],
    ['an array', '[{"type":"ping"}]'],
    ['null', 'null'],
    ['two values', '{"type":"ping"}{"type":"ping"}'],
    ['no type', '{"group":"g"}'],
    ['a type that is no string', '{"type":1}'],
    ['an unknown type', '{"type":"connect"}'],
    ['an ackId that is a string', '{"type":"joinGroup","group":"g","ackId":"1"}'],
    ['a negative ackId', '{"type":"joinGroup","group":"g","ackId":-1}'],
    ['a fractional ackId', '{"type":"joinGroup","group":"g","ackId":1.5}'],
    ['an ackId of more than 64 bits', '{"type":"joinGroup","group":"g","ackId":18446744073709551616}'],
    ['no group', '{"type":"joinGroup"}'],
    ['a group of white space', '{"type":"joinGroup","group":" "}'],
    ['a group of 1,025 characters', `{"type":"joinGroup","group":"${'g'.repeat(1025)}"}`],
    ['an event that begins with a digit', '{"type":"event","event":"1","data":1}'],
    ['an event of 129 characters', `{"type":"event","event":"${'e'.repeat(129)}","data":1}`],
    ['noEcho that is no boolean', '{"type":"sendToGroup","group":"g","data":1,"noEcho":"true"}'],
    ['ttlSeconds of 301', '{"type":"sendToGroup","group":"g","data":1,"ttlSeconds":301}'],
    ['negative ttlSeconds', '{"type":"sendToGroup","group":"g","data":1,"ttlSeconds":-1}'],
    ['an unknown dataType', '{"type":"event","event":"e","dataType":"xml","data":"x"}'],
    ['text that is no string', '{"type":"event","event":"e","dataType":"text","data":1}'],
    ['binary that is not base64', '{"type":"event","event":"e","dataType":"binary","data":"a b="}'],
    ['base64 without padding', '{"type":"event","event":"e","dataType":"binary","data":"AQI"}'],
    ['JSON null', '{"type":"event","event":"e","data":null}'],
    ['no data', '{"type":"event","event":"e"}'],
    ['no data beside empty metadata', '{"type":"event","event":"e","metadata":{}}'],
    ['metadata that is no object', '{"type":"event","event":"e","data":1,"metadata":[]}'],
    ['a metadata value that is no string', '{"type":"event","event":"e","data":1,"metadata":{"k":1}}'],
    ['a metadata value beyond ASCII', '{"type":"event","event":"e","data":1,"metadata":{"k":"é"}}'],
    ['a metadata key with a blank', '{"type":"event","event":"e","data":1,"metadata":{"a b":"v"}}'],
    ['a repeated metadata key', '{"type":"event","event":"e","data":1,"metadata":{"k":"1","\\u006b":"2"}}'],
    ['metadata of more than 8,192 characters', `{"type":"event","event":"e","data":1,"metadata":${largeMetadata()}}`],
    ['no sequenceId', '{"type":"sequenceAck"}'],
    ['an invocation of another target', '{"type":"invoke","invocationId":"1","target":"group","event":"e"}'],
    ['a stream with data at its start', '{"type":"sendToGroup","group":"g","data":1,"stream":{"streamId":"s"}}'],
    ['an empty streamId', '{"type":"sendToGroup","group":"g","stream":{"streamId":""}}'],
    ['streamData with half a payload', '{"type":"streamData","streamId":"s","streamSequenceId":1,"data":1}'],
  ])('[5.1] refuses %s with 1007', (_fact, text) => {
    expect(jsonCodec.decode(Buffer.from(text), false)).toEqual({
      kind: 'violation',
      closeCode: 1007,
      reason: 'The client message is not a valid JSON protocol message.',
      problem: expect.stringMatching(/./),
    });
  });

  it('reads back whatever a client writes', () => {
    fc.assert(
      fc.property(arbitraryClientMessage, (message) => {
        const decoded = jsonCodec.decode(Buffer.from(writeJson(message)), false);
        expect(comparable(decoded)).toEqual(comparable({ kind: 'message', message }));
      }),
    );
  });

  it('never throws, whatever arrives', () => {
    const frames = fc.oneof(
      fc.uint8Array(),
      fc.json().map((json) => new TextEncoder().encode(json)),
    );
    fc.assert(
      fc.property(frames, fc.boolean(), (frame, isBinary) => {
        expect(jsonCodec.decode(frame, isBinary).kind).toBe('violation');
      }),
    );
  });

  it('is not brought down by nesting', () => {
    const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const decoded = jsonCodec.decode(Buffer.from(`{"type":"event","event":"e","data":${nested}}`), false);
    expect(decoded).toMatchObject({ message: { data: { json: nested } } });
  });
});

function largeMetadata(): string {
  return JSON.stringify(Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`k${index}`, 'v'.repeat(1000)])));
}
