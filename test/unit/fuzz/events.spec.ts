import { describe, expect, it } from '@jest/globals';
import * as fc from '../../support/property.js';
import type { EventReply, HubEvent } from '../../../src/protocol/cloud-event.js';
import { decodeConnectReply, decodeUserEventReply } from '../../../src/protocol/event-reply.decoder.js';
import { encodeEventReply, type EncodedReply } from '../../../src/protocol/event-reply.encoder.js';
import {
  readDataType,
  readEventType,
  readOrigins,
  type EventRequestHeaders,
} from '../../../src/protocol/event-request-headers.js';
import { decodeEventRequest, type EventRequestParts } from '../../../src/protocol/event-request.decoder.js';
import { encodeEventRequest } from '../../../src/protocol/event-request.encoder.js';
import { MalformedEventError } from '../../../src/protocol/malformed-event.error.js';
import { expectCleanPrototypes, hostileJson, hostileText, PROTOTYPE_NAMES } from '../../support/hostile-values.js';

expectCleanPrototypes();

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,20}$/);
const visible = fc.stringMatching(/^[\x21-\x7e][\x20-\x7e]{0,20}$/).map((value) => value.trimEnd());
const unicode = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const multiMap = fc
  .array(fc.tuple(unicode, fc.array(unicode, { maxLength: 3 })), { maxLength: 4 })
  .map((entries) => Object.fromEntries(entries.filter(([name]) => name !== '__proto__')));
const userProperties = fc.array(fc.record({ name: token, value: unicode }), { maxLength: 3 });

const context = fc.record({
  hub: token,
  connectionId: visible,
  userId: optional(unicode),
  eventName: token,
  eventId: fc.nat().map(String),
  source: visible,
  time: fc.date({ min: new Date(0), max: new Date('2999-01-01'), noInvalidDate: true }).map((date) => {
    return new Date(Math.floor(date.getTime() / 1000) * 1000);
  }),
  subprotocol: optional(token),
  origins: fc.array(
    token.map((host) => host.toLowerCase()),
    { minLength: 1, maxLength: 3 },
  ),
  state: optional(fc.stringMatching(/^[A-Za-z0-9+/]{0,20}$/)),
  mqtt: optional(fc.record({ physicalConnectionId: visible, sessionId: optional(visible) })),
});

const data = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((text) => ({ kind: 'text', text }) as const),
  fc.json().map((json) => ({ kind: 'json', json }) as const),
  fc.uint8Array().map((bytes) => ({ kind: 'binary', bytes: Buffer.from(bytes) }) as const),
  fc.uint8Array().map((bytes) => ({ kind: 'protobuf', bytes: Buffer.from(bytes) }) as const),
);
const metadata = fc
  // Of a value the service takes what stands after its last comma [upstream-events 6.3].
  .array(
    fc.tuple(
      fc.stringMatching(/^[a-z0-9._~-]{1,10}$/).filter((name) => name !== '__proto__'),
      visible.filter((value) => !value.includes(',')),
    ),
    {
      maxLength: 3,
    },
  )
  .map((entries) => Object.fromEntries(entries));

const event: fc.Arbitrary<HubEvent> = fc.oneof(
  fc.record({
    kind: fc.constant('connect' as const),
    context: context.map((value) => ({ ...value, eventName: 'connect' })),
    claims: multiMap,
    query: multiMap,
    headers: multiMap,
    subprotocols: fc.array(unicode, { maxLength: 3 }),
    clientCertificates: fc.array(fc.record({ thumbprint: visible, content: unicode }), { maxLength: 2 }),
    mqtt: optional(
      fc.record({
        protocolVersion: fc.constantFrom(4 as const, 5 as const),
        cleanStart: fc.boolean(),
        username: unicode,
        password: visible,
        userProperties,
      }),
    ),
  }),
  fc.record({
    kind: fc.constant('connected' as const),
    context: context.map((value) => ({ ...value, eventName: 'connected' })),
  }),
  fc.record({
    kind: fc.constant('disconnected' as const),
    context: context.map((value) => ({ ...value, eventName: 'disconnected' })),
    reason: optional(unicode),
  }),
  fc.record({
    kind: fc.constant('joined' as const),
    context: context.map((value) => ({ ...value, eventName: 'joined' })),
    group: unicode,
  }),
  fc.record({
    kind: fc.constant('user' as const),
    context: context.map((value) => ({ ...value, mqtt: undefined })),
    data,
    metadata,
  }),
);

/** As Node's HTTP server would show the request. */
function received(encoded: ReturnType<typeof encodeEventRequest>): {
  headers: EventRequestHeaders;
  rawHeaders: string[];
} {
  const headers: Record<string, string> = {};
  const rawHeaders: string[] = [];
  for (const [name, value] of Object.entries(encoded.headers)) {
    for (const line of [value].flat()) {
      const latin1 = Buffer.from(line, 'utf8').toString('latin1');
      const key = name.toLowerCase();
      headers[key] = headers[key] === undefined ? latin1 : `${headers[key]}, ${latin1}`;
      rawHeaders.push(name, latin1);
    }
  }
  return { headers, rawHeaders };
}

function decode(headers: EventRequestHeaders, rawHeaders: string[], body: Buffer): HubEvent | undefined {
  const type = readEventType(headers);
  if (!type || type.kind === 'unknown') return undefined;
  const dataType = readDataType(type.kind, headers);
  if (!dataType) return undefined;
  const parts = { type, dataType, headers, rawHeaders, origins: readOrigins(headers), body } as EventRequestParts;
  return decodeEventRequest(parts);
}

describe('events [upstream-events 4, 6]', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(event, (value) => {
        const encoded = encodeEventRequest(value);
        const { headers, rawHeaders } = received(encoded);
        expect(decode(headers, rawHeaders, Buffer.from(encoded.body))).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it('of an MQTT client keep the order and spelling of its user properties [upstream-events 6.6]', () => {
    fc.assert(
      fc.property(context, data, userProperties, visible, (of, payload, properties, contentType) => {
        const value: HubEvent = {
          kind: 'user',
          context: { ...of, mqtt: { physicalConnectionId: 'p' } },
          data: payload,
          metadata: {},
          mqtt: { contentType, userProperties: properties },
        };
        const encoded = encodeEventRequest(value);
        const { headers, rawHeaders } = received(encoded);
        const decoded = decode(headers, rawHeaders, Buffer.from(encoded.body));
        // Values of one name are lines of one header; names differing in case are others.
        const byName = new Map<string, typeof properties>();
        for (const property of properties) {
          byName.set(property.name, [...(byName.get(property.name) ?? []), property]);
        }
        expect(decoded).toMatchObject({
          kind: 'user',
          mqtt: { contentType, userProperties: [...byName.values()].flat() },
        });
      }),
    );
  });

  const headerName = fc.constantFrom(
    ...['ce-awpsversion', 'ce-type', 'ce-hub', 'ce-connectionid', 'ce-userid', 'ce-time', 'ce-id', 'ce-source'],
    ...['ce-subprotocol', 'ce-connectionstate', 'ce-physicalconnectionid', 'ce-sessionid', 'content-type'],
    ...['webhook-request-origin', 'x-webpubsub-metadata-a', 'x-webpubsub-metadata-__proto__', 'mqtt-a', '__proto__'],
  );
  const headerValue = fc.oneof(
    hostileText,
    fc.constantFrom(
      ...['azure.webpubsub.sys.connect', 'azure.webpubsub.sys.__proto__', 'azure.webpubsub.user.constructor'],
      ...['azure.webpubsub.gp.joined', 'azure.webpubsub.user.', 'application/json', 'text/plain', '1.0', 'chat'],
    ),
  );

  it('with any headers and any body are read or refused as malformed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(headerName, headerValue), { maxLength: 12 }),
        fc.oneof(hostileJson, hostileText).map((text) => Buffer.from(text)),
        (lines, body) => {
          const headers = Object.fromEntries([['ce-awpsversion', '1.0'], ...lines]) as EventRequestHeaders;
          try {
            decode(headers, lines.flat(), body);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedEventError);
            expect((error as MalformedEventError).reason).not.toContain('\n');
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each(PROTOTYPE_NAMES)('of the system that are called %s are unknown ones, not members of a table', (name) => {
    const headers = { 'ce-awpsversion': '1.0', 'ce-type': `azure.webpubsub.sys.${name}` };
    expect(readEventType(headers)).toEqual({ kind: 'unknown', eventName: name });
  });

  it('drop claims, query parameters and headers called __proto__, and keep the rest', () => {
    const body =
      '{"claims":{"__proto__":["x"],"sub":["ann"]},"query":{"__proto__":"x"},"headers":{"constructor":["c"]}}';
    const headers = {
      'ce-awpsversion': '1.0',
      'ce-type': 'azure.webpubsub.sys.connect',
      'ce-hub': 'chat',
      'ce-connectionid': 'c',
    };
    const decoded = decode(headers, [], Buffer.from(body)) as HubEvent & { kind: 'connect' };
    expect(Object.entries(decoded.claims)).toEqual([['sub', ['ann']]]);
    expect(Object.entries(decoded.query)).toEqual([]);
    expect(Object.entries(decoded.headers)).toEqual([['constructor', ['c']]]);
    expect(Object.getPrototypeOf(decoded.claims)).toBe(Object.prototype);
  });
});

/** As the service reads it. */
function answered({ status, headers, body = '' }: EncodedReply) {
  const lines = Object.entries(headers).map(([name, value]) => [name, [value].flat()] as const);
  return { status, headers: Object.fromEntries(lines), body: Buffer.from(body as string) };
}

describe('answers to events [upstream-events 5, 6]', () => {
  const state = optional(fc.stringMatching(/^[A-Za-z0-9+/]{0,20}$/));
  const present = (reply: object): EventReply =>
    Object.fromEntries(Object.entries(reply).filter(([, value]) => value !== undefined)) as unknown as EventReply;

  it('to a connect are read as they were written', () => {
    const group = unicode.filter((name) => name.trim() !== '');
    const reply = fc
      .record({
        kind: fc.constant('connect'),
        userId: optional(unicode),
        groups: optional(fc.array(group, { minLength: 1, maxLength: 3 })),
        roles: optional(fc.array(unicode, { maxLength: 3 })),
        subprotocol: optional(unicode),
        mqtt: optional(fc.record({ userProperties })),
        state,
      })
      .map(present);
    fc.assert(
      fc.property(reply, (value) => expect(decodeConnectReply(answered(encodeEventReply(value)))).toEqual(value)),
    );
  });

  it('to a user event are read as they were written', () => {
    const reply = fc
      .record({ kind: fc.constant('user'), data: optional(data), metadata: optional(metadata), state })
      .map(present);
    fc.assert(
      fc.property(reply, (value) => {
        const decoded = decodeUserEventReply(answered(encodeEventReply(value)), { clientProtocol: 'default' });
        const { data: sent, metadata: entries } = value as {
          data?: { text?: string; bytes?: Buffer };
          metadata?: object;
        };
        const hasMetadata = entries !== undefined && Object.keys(entries).length > 0;
        const isEmpty = sent === undefined || sent.text === '' || sent.bytes?.length === 0;
        const expected = {
          ...value,
          // An empty payload is none, but for the empty text that carries metadata.
          data: isEmpty ? (hasMetadata ? { kind: 'text', text: '' } : undefined) : sent,
          metadata: hasMetadata ? entries : undefined,
        };
        expect(decoded).toEqual(present(expected));
      }),
    );
  });

  it('of any status, headers and body are read, refused or malformed', () => {
    const headers = fc
      .array(
        fc.tuple(
          fc.constantFrom(
            ...['content-type', 'ce-connectionstate', 'x-webpubsub-metadata-a', 'x-webpubsub-metadata-__proto__'],
            ...['mqtt-a', 'mqtt-__proto__', 'x-webpubsub-metadata-', 'set-cookie'],
          ),
          fc.array(hostileText, { minLength: 1, maxLength: 3 }),
        ),
        { maxLength: 6 },
      )
      .map((lines) => Object.fromEntries(lines));
    const body = fc.oneof(hostileJson, hostileText).map((value) => Buffer.from(value));
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), headers, body, (status, lines, bytes) => {
        const response = { status, headers: lines, body: bytes };
        expect(['connect', 'refusal', 'malformed']).toContain(decodeConnectReply(response).kind);
        for (const clientProtocol of ['default', 'mqtt'] as const) {
          expect(['user', 'refusal', 'malformed']).toContain(decodeUserEventReply(response, { clientProtocol }).kind);
        }
      }),
      { numRuns: 500 },
    );
  });
});
