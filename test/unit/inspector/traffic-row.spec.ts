import { describe, expect, it } from '@jest/globals';
import type { ClientTraffic, RestTraffic, UpstreamTraffic } from '../../../src/emulator/traffic-log.js';
import { describeRow } from '../../../src/inspector/traffic-row.js';

const BASE = { id: 7, time: 1000, hub: 'chat' } as const;

const client = (more: Partial<ClientTraffic>): ClientTraffic => ({
  ...BASE,
  door: 'client',
  action: 'received',
  summary: 'event message (ack 1)',
  ...more,
});

const upstream = (more: Partial<UpstreamTraffic>): UpstreamTraffic => ({
  ...BASE,
  door: 'upstream',
  eventName: 'message',
  attempt: 1,
  durationMs: 12,
  request: { method: 'POST', url: 'http://localhost:8080/eventhandler', headers: {} },
  ...more,
});

describe('a row of the timeline', () => {
  it('shows of a JSON frame its data, since the summary says the rest', () => {
    const frame = '{"type":"event","event":"message","ackId":1,"dataType":"text","data":"hi\\nthere"}';
    expect(describeRow(client({ frame, connectionId: 'c1', userId: 'ann' }))).toEqual({
      ...BASE,
      door: 'client',
      action: 'received',
      connectionId: 'c1',
      userId: 'ann',
      summary: 'event message (ack 1)',
      outcome: 'ok',
      preview: '"hi\\nthere"',
    });
  });

  it.each([
    ['refused: there is no token', 'refused', 'there is no token'],
    ['recovery refused: too late', 'recovery refused', 'too late'],
    ['the client had gone before it was accepted', 'the client had gone before it was accepted', undefined],
  ])('tells why a handshake was refused: %s', (text, summary, problem) => {
    const row = describeRow(client({ action: 'refused', summary: text, status: 401 }));
    expect([row.summary, row.problem]).toEqual([summary, problem]);
  });

  it('says that a connection is new', () => {
    const entry = client({ action: 'connected', summary: 'simple client' });
    expect(describeRow(entry).summary).toBe('new connection: simple client');
  });

  it.each([
    ['{"type":"joinGroup","group":"a"}', undefined],
    ['a  plain\ntext', 'a plain text'],
    [Buffer.from([0x61, 0, 0xff]), 'a··'],
    ['x'.repeat(1000), 'x'.repeat(160)],
  ])('previews the frame %j as %j', (frame, preview) => {
    expect(describeRow(client({ frame })).preview).toBe(preview);
  });

  it.each([
    [client({ action: 'refused', summary: 'refused: no token', status: 401 }), 'failed'],
    [client({ action: 'sent', summary: 'ack 3 Forbidden' }), 'failed'],
    [client({ action: 'sent', summary: 'ack 3 Duplicate' }), 'ok'],
    [client({ action: 'sent', summary: 'ack 3 success' }), 'ok'],
    [client({ action: 'fault', summary: 'the socket was cut' }), 'fault'],
    [upstream({}), 'ok'],
    [upstream({ failure: 'answered 404' }), 'failed'],
    [upstream({ fault: 'delayed' }), 'fault'],
    [upstream({ fault: 'delayed', failure: 'answered 404' }), 'failed'],
  ])('judges %j', (entry, outcome) => {
    expect(describeRow(entry).outcome).toBe(outcome);
  });

  it('tells of an upstream call its event, address, attempt and what went wrong', () => {
    const response = { status: 500, headers: {}, body: Buffer.from('') };
    const row = describeRow(upstream({ attempt: 2, response, failure: 'answered 500: its own log says why' }));
    expect(row).toMatchObject({
      event: 'message',
      summary: 'message → http://localhost:8080/eventhandler, attempt 2',
      status: 500,
      durationMs: 12,
      problem: 'answered 500: its own log says why',
    });
  });

  it('tells that an event was sent again by hand', () => {
    expect(describeRow(upstream({ resentFrom: 3 }))).toMatchObject({
      summary: 'message → http://localhost:8080/eventhandler, sent again by hand',
      resentFrom: 3,
    });
  });

  it.each([
    [202, 'ok'],
    [404, 'failed'],
    [401, 'failed'],
  ])('judges a REST call by its status %i', (status, outcome) => {
    const entry: RestTraffic = { ...BASE, door: 'rest', method: 'POST', path: '/api/x', status, durationMs: 1 };
    expect(describeRow(entry)).toMatchObject({ summary: 'POST /api/x', status, outcome });
  });
});
