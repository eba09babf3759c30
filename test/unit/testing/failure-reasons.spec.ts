import { describe, expect, it } from '@jest/globals';
import { TrafficLog, type ClientTraffic, type UpstreamTraffic } from '../../../src/emulator/traffic-log.js';
import { findEventFailure, findRefusal, sayMore } from '../../../src/testing/failure-reasons.js';

const client = (action: ClientTraffic['action'], summary: string, more: Partial<ClientTraffic> = {}) =>
  ({ door: 'client', hub: 'Rooms', connectionId: 'ann', action, summary, ...more }) as const;

const upstream = (eventId: string, failure: string | undefined, more: Partial<UpstreamTraffic> = {}) =>
  ({
    door: 'upstream',
    hub: 'Rooms',
    connectionId: 'ann',
    eventName: 'join',
    attempt: 1,
    request: { method: 'POST', url: 'http://localhost/', headers: { 'ce-id': eventId } },
    durationMs: 1,
    ...(failure !== undefined && { failure }),
    ...more,
  }) as const;

function logOf(...records: (ReturnType<typeof client> | ReturnType<typeof upstream>)[]): TrafficLog {
  const log = new TrafficLog(() => 0);
  for (const record of records) log.record(record);
  return log;
}

describe('findEventFailure', () => {
  const frame = client('received', 'event join (ack 1)');
  const ack = client('sent', 'ack 1 InternalServerError');
  it.each([
    ['the attempts', [frame, upstream('1', 'first'), upstream('1', 'last'), ack], 'last'],
    [
      'other events of the connection',
      [frame, upstream('1', 'own'), upstream('2', 'x', { eventName: 'connected' }), ack],
      'own',
    ],
    ['other connections', [frame, upstream('1', 'own'), upstream('1', 'x', { connectionId: 'bob' }), ack], 'own'],
    ['what came before', [frame, upstream('1', 'x'), ack, frame, upstream('2', 'own'), ack], 'own'],
    ['what came after', [frame, upstream('1', 'own'), ack, upstream('2', 'x')], 'own'],
    [
      'an invocation of the same event at the same time',
      [frame, upstream('1', 'a'), upstream('2', 'b'), ack],
      undefined,
    ],
    ['no attempt', [frame, ack], undefined],
    ['no frame any more', [upstream('1', 'x'), ack], undefined],
    ['no ack', [frame, upstream('1', 'x')], undefined],
  ])('knows what to make of %s', (_what, records, failure) => {
    expect(findEventFailure(logOf(...records).entries(), 'ann', 1)).toBe(failure);
  });
});

describe('findRefusal', () => {
  const refused = (summary: string, more: Partial<ClientTraffic> = {}) =>
    client('refused', summary, { status: 401, ...more });
  const error = new Error('Unexpected server response: 401');

  it.each([
    ['the only one', [refused('own')], 'own'],
    ['another status', [refused('x', { status: 403 }), refused('own')], 'own'],
    ['another hub', [refused('x', { hub: 'chat' }), refused('own')], 'own'],
    ['the same reason twice', [refused('own'), refused('own')], 'own'],
    ['two reasons', [refused('own'), refused('other')], undefined],
    ['none', [client('connected', 'json')], undefined],
  ])('knows what to make of %s', (_what, records, reason) => {
    const log = logOf(refused('of an earlier one'), ...records);
    expect(findRefusal(log.entries(), 'rooms', error, 1)).toBe(reason);
  });
});

describe('sayMore', () => {
  it('adds to message and stack, whatever the words', () => {
    const error = new Error('failed');
    expect(sayMore(error, ": $& and $'")).toBe(error);
    expect(error.message).toBe("failed: $& and $'");
    expect(error.stack).toContain("Error: failed: $& and $'\n");
  });
});
