import { encode } from '@msgpack/msgpack';
import { describe, expect, it } from '@jest/globals';
import type { TunnelMessage } from '../../../src/protocol/tunnel-message.js';
import {
  decodeTunnelMessage,
  encodeTunnelMessage,
  TunnelMessageError,
} from '../../../src/protocol/tunnel-message.codec.js';

const text = (value: string): Buffer => Buffer.from(value, 'utf8');

/** A message as any MessagePack encoder would write it, framed. */
function frame(parts: unknown): Uint8Array {
  const packed = encode(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(packed.length);
  return Buffer.concat([length, packed]);
}

/** Vectors of the service [tunnel 3]. */
const VECTORS: [string, TunnelMessage, string][] = [
  [
    'type 10',
    { kind: 'connected', connectionId: 'c1', userId: 's1' },
    '5c000000930ad9577b2254797065223a31302c22436f6e6e656374696f6e4964223a226331222c22557365724964223a227331222c' +
      '225265636f6e6e656374696f6e546f6b656e223a6e756c6c2c2254726163696e674964223a6e756c6c7dc0',
  ],
  [
    'type 7',
    { kind: 'close', message: 'x' },
    '2e0000009307d9297b2254797065223a372c224d657373616765223a2278222c2254726163696e674964223a6e756c6c7dc0',
  ],
  [
    'type 1',
    {
      kind: 'httpRequest',
      ackId: 1,
      method: 'POST',
      url: 'tunnel:///e',
      headers: { a: ['b'] },
      localRouting: false,
      channelName: '',
      content: text('hi'),
    },
    '910000009301d9897b2254797065223a312c2241636b4964223a312c22487474704d6574686f64223a22504f5354222c2255726c223a22' +
      '74756e6e656c3a2f2f2f65222c2248656164657273223a7b2261223a5b2262225d7d2c224c6f63616c526f7574696e67223a66616c73' +
      '652c224368616e6e656c4e616d65223a22222c2254726163696e674964223a6e756c6c7dc4026869',
  ],
];

describe('encodeTunnelMessage', () => {
  it.each(VECTORS)('writes %s as the service does [tunnel 3]', (_name, message, hex) => {
    expect(Buffer.from(encodeTunnelMessage(message)).toString('hex')).toBe(hex);
  });

  it.each<[string, TunnelMessage, unknown, Uint8Array | null]>([
    [
      'reconnect',
      { kind: 'reconnect', targetId: 't1', endpoint: 'http://localhost:9', message: 'm' },
      [6, '{"Type":6,"TargetId":"t1","Endpoint":"http://localhost:9","Message":"m","TracingId":null}'],
      null,
    ],
    [
      'rebalance with nothing said',
      { kind: 'rebalance' },
      [8, '{"Type":8,"TargetId":null,"Endpoint":null,"Message":null,"TracingId":null}'],
      null,
    ],
    ['status', { kind: 'serviceStatus', message: 'm' }, [5, '{"Type":5,"Message":"m","TracingId":null}'], null],
    [
      'answer',
      { kind: 'httpResponse', ackId: 4, statusCode: 501, headers: {}, isIncomplete: false, content: text('no') },
      [
        2,
        '{"Type":2,"AckId":4,"StatusCode":501,"Headers":{},"LocalRouting":false,"ChannelName":"","NotCompleted":false,"TracingId":null}',
      ],
      text('no'),
    ],
    [
      'request without a body, which has nil for content [tunnel 5.1]',
      { kind: 'httpRequest', ackId: 2, method: 'OPTIONS', url: 'tunnel:///', headers: {} },
      [
        1,
        '{"Type":1,"AckId":2,"HttpMethod":"OPTIONS","Url":"tunnel:///","Headers":{},"LocalRouting":false,"ChannelName":"","TracingId":null}',
      ],
      null,
    ],
    [
      'request with an empty body, which has an empty bin [tunnel 5.1]',
      { kind: 'httpRequest', ackId: 2, method: 'POST', url: 'tunnel:///', headers: {}, content: text('') },
      [
        1,
        '{"Type":1,"AckId":2,"HttpMethod":"POST","Url":"tunnel:///","Headers":{},"LocalRouting":false,"ChannelName":"","TracingId":null}',
      ],
      text(''),
    ],
  ])('writes a %s', (_name, message, head, content) => {
    expect(Buffer.from(encodeTunnelMessage(message))).toEqual(Buffer.from(frame([...(head as unknown[]), content])));
  });
});

describe('decodeTunnelMessage', () => {
  it.each(VECTORS)('reads %s of the service [tunnel 3]', (_name, message, hex) => {
    expect(decodeTunnelMessage(Buffer.from(hex, 'hex'))).toEqual(
      'content' in message ? { ...message, content: new Uint8Array(message.content!) } : message,
    );
  });

  it("reads the tool's answer, whatever the order of its fields [tunnel 5.2]", () => {
    const json =
      '{"AckId":3,"LocalRouting":false,"StatusCode":200,"ChannelName":"","NotCompleted":false,' +
      '"Headers":{"content-type":["text/plain; charset=utf-8"],"content-length":["15"]},"Type":2}';
    expect(decodeTunnelMessage(frame([2, json, text('hello')]))).toEqual({
      kind: 'httpResponse',
      ackId: 3,
      statusCode: 200,
      headers: { 'content-type': ['text/plain; charset=utf-8'], 'content-length': ['15'] },
      isIncomplete: false,
      localRouting: false,
      channelName: '',
      content: new Uint8Array(text('hello')),
    });
  });

  it('reads only the first message of several [tunnel 3]', () => {
    const bytes = Buffer.concat([
      encodeTunnelMessage({ kind: 'close', message: 'a' }),
      encodeTunnelMessage({ kind: 'close', message: 'b' }),
    ]);
    expect(decodeTunnelMessage(bytes)).toEqual({ kind: 'close', message: 'a' });
  });

  it('takes a lone header value for a list of one and drops what is not text', () => {
    const json = '{"AckId":1,"StatusCode":200,"Headers":{"a":"b","c":[1,"d"],"e":null}}';
    expect(decodeTunnelMessage(frame([2, json, null]))).toMatchObject({ headers: { a: ['b'], c: ['d'], e: [] } });
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', Buffer.alloc(0), /length prefix/],
    ['a length without a message', Buffer.from('5c000000', 'hex'), /length prefix/],
    ['a length beyond the end', Buffer.from('ffffffff930ac0', 'hex'), /length prefix/],
    ['what is not MessagePack', Buffer.from('01000000c1', 'hex'), /MessagePack/],
    ['an array of a billion', Buffer.from('05000000dd3fffffff', 'hex'), /MessagePack/],
    ['a MessagePack text', frame('x'), /array/],
    ['an array without a text', frame([2, 3, null]), /type and a text/],
    ['content that is a text', frame([7, '{}', 'x']), /content/],
    ['fields that are not JSON', frame([7, '{', null]), /JSON/],
    ['fields that are a list', frame([7, '[]', null]), /JSON object/],
    ['an unknown type', frame([3, '{}', null]), /unknown message type 3/],
    ['an answer without AckId', frame([2, '{"StatusCode":200}', null]), /AckId/],
    ['a connected message without its id', frame([10, '{}', null]), /ConnectionId/],
  ])('refuses %s', (_name, bytes, problem) => {
    expect(() => decodeTunnelMessage(bytes)).toThrow(TunnelMessageError);
    expect(() => decodeTunnelMessage(bytes)).toThrow(problem);
  });

  it.each(['"200"', '99', '1000', '200.5', 'null'])('names the request of an answer with status %s', (status) => {
    const act = (): unknown => decodeTunnelMessage(frame([2, `{"AckId":7,"StatusCode":${status}}`, null]));
    expect(act).toThrow(expect.objectContaining({ name: 'TunnelMessageError', ackId: 7 }));
  });
});
