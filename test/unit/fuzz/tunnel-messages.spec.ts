import { describe, expect, it } from '@jest/globals';
import { encode } from '@msgpack/msgpack';
import * as fc from '../../support/property.js';
import { fromTunnelHeaders } from '../../../src/emulator/tunnel/tunnel-headers.js';
import type { TunnelMessage } from '../../../src/protocol/tunnel-message.js';
import {
  decodeTunnelMessage,
  encodeTunnelMessage,
  TunnelMessageError,
} from '../../../src/protocol/tunnel-message.codec.js';
import {
  expectCleanPrototypes,
  hostileJson,
  hostileText,
  nearly,
  PROTOTYPE_NAMES,
} from '../../support/hostile-values.js';

expectCleanPrototypes();

/** Undefined: refused, and with the one error that is for that. */
function tryDecode(bytes: Uint8Array): TunnelMessage | undefined {
  try {
    return decodeTunnelMessage(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(TunnelMessageError);
    return undefined;
  }
}

function packed(parts: unknown): Buffer {
  const body = encode(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
}

/** What is no character does not survive UTF-8. */
const text = hostileText.map((value) => Buffer.from(value).toString());
const headers = fc
  .array(fc.tuple(text, fc.array(text, { minLength: 1, maxLength: 3 })), { maxLength: 4 })
  .map((entries) => Object.fromEntries(entries));
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const content = optional(fc.uint8Array({ maxLength: 40 }).map((bytes) => new Uint8Array(bytes)));
const message: fc.Arbitrary<TunnelMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('httpRequest' as const),
    ackId: fc.maxSafeNat(),
    method: text,
    url: text,
    headers,
    content,
    localRouting: fc.boolean(),
    channelName: text,
  }),
  fc.record({
    kind: fc.constant('httpResponse' as const),
    ackId: fc.maxSafeNat(),
    statusCode: fc.integer({ min: 100, max: 999 }),
    headers,
    content,
    isIncomplete: fc.boolean(),
    localRouting: fc.boolean(),
    channelName: text,
  }),
  fc.record({ kind: fc.constant('serviceStatus' as const), message: text }),
  fc.record({
    kind: fc.constantFrom('reconnect' as const, 'rebalance' as const),
    targetId: optional(text),
    endpoint: optional(text),
    message: optional(text),
  }),
  fc.record({ kind: fc.constant('close' as const), message: optional(text) }),
  fc.record({
    kind: fc.constant('connected' as const),
    connectionId: text,
    userId: optional(text),
    reconnectionToken: optional(text),
  }),
);

describe('tunnel messages [tunnel 3, 4]', () => {
  it('are read as they were written', () => {
    fc.assert(fc.property(message, (value) => expect(decodeTunnelMessage(encodeTunnelMessage(value))).toEqual(value)));
  });

  it('that are nearly right are read or refused', () => {
    fc.assert(
      fc.property(
        message.chain((value) => nearly(encodeTunnelMessage(value))),
        (bytes) => void tryDecode(bytes),
      ),
    );
  });

  it('cut at every byte are refused', () => {
    fc.assert(
      fc.property(message, (value) => {
        const bytes = encodeTunnelMessage(value);
        for (let end = 0; end < bytes.length; end++) expect(tryDecode(bytes.subarray(0, end))).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });

  it('with any fields are read or refused', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 12 }),
        hostileJson,
        (type, json) => void tryDecode(packed([type, json, null])),
      ),
    );
  });

  it('of any MessagePack are read or refused', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, maxDepth: 3 }), (value) => {
        let bytes: Buffer;
        try {
          bytes = packed(value);
        } catch {
          return; // no MessagePack
        }
        tryDecode(bytes);
      }),
    );
  });

  it.each([
    ['arrays that nest without an end', Buffer.alloc(100_000, 0x91)],
    ['maps that nest without an end', Buffer.alloc(100_000, 0x81)],
    ['an array of 4 Gi elements', Buffer.from('ddffffffff01', 'hex')],
    ['a map of 4 Gi members', Buffer.from('dfffffffff01', 'hex')],
    ['a text of 4 GiB', Buffer.from('9301dbffffffff', 'hex')],
    ['bytes of 4 GiB', Buffer.from('9301a27b7dc6ffffffff', 'hex')],
    ['an extension type', Buffer.from('9301a27b7dc7ff01', 'hex')],
  ])('with %s are refused', (_name, body) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    expect(tryDecode(Buffer.concat([length, body]))).toBeUndefined();
  });
});

describe('headers of tunnel messages', () => {
  it.each(PROTOTYPE_NAMES)('may be called %s', (name) => {
    const lines = fromTunnelHeaders(
      Object.fromEntries([
        [name, ['a']],
        [name.toUpperCase(), ['b']],
      ]),
    );
    expect(Object.entries(lines)).toEqual([[name.toLowerCase(), ['a', 'b']]]);
  });
});
