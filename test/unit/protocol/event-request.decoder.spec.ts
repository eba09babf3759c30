import { describe, expect, it } from '@jest/globals';
import { decodeEventRequest, type EventRequestParts } from '../../../src/protocol/event-request.decoder.js';
import { MalformedEventError } from '../../../src/protocol/malformed-event.error.js';
import { isValidationRequest } from '../../../src/protocol/webhook-validation.js';

describe('decodeEventRequest', () => {
  const parts = (headers: Record<string, string | undefined>, body = '{}'): EventRequestParts => ({
    type: { kind: 'connected', eventName: 'connected' },
    dataType: 'json',
    headers: { 'ce-hub': 'chat', 'ce-connectionid': 'c', ...headers },
    origins: [],
    body: Buffer.from(body),
  });
  const contextOf = (headers: Record<string, string | undefined>) => decodeEventRequest(parts(headers)).context;

  it.each([
    ['nora', 'nora'],
    [Buffer.from('Zoë 李').toString('latin1'), 'Zoë 李'],
    ['Zo\u00eb', 'Zo\u00eb'],
    ['李', '李'],
    ['', undefined],
    [undefined, undefined],
  ])('reads the user id %j as %j [upstream-events 4.2]', (header, userId) => {
    expect(contextOf({ 'ce-userid': header }).userId).toBe(userId);
  });

  it('takes the time of arrival when there is none to read', () => {
    const before = Date.now();
    for (const time of [undefined, 'yesterday']) {
      expect(contextOf({ 'ce-time': time }).time.getTime()).toBeGreaterThanOrEqual(before);
    }
  });

  it('reads the time of each event, whatever that of the event before was', () => {
    const times = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', '2026-01-01T00:00:00Z'];
    const read = times.map((time) => contextOf({ 'ce-time': time }).time);
    expect(read.map((time) => time.getTime())).toEqual(times.map((time) => Date.parse(time)));
    expect(new Set(read).size).toBe(times.length);
  });

  it('tells a state that is absent from one that is empty', () => {
    expect([contextOf({}).state, contextOf({ 'ce-connectionstate': '' }).state]).toEqual([undefined, '']);
  });

  it.each([['ce-hub'], ['ce-connectionid']])('refuses an event without %s', (name) => {
    expect(() => contextOf({ [name]: undefined })).toThrow(MalformedEventError);
  });

  it('drops a byte order mark of JSON', () => {
    const event = decodeEventRequest({ ...parts({}, '\ufeff{"a":1}'), type: { kind: 'user', eventName: 'x' } });
    expect(event).toMatchObject({ data: { kind: 'json', json: '{"a":1}' } });
  });
});

describe('isValidationRequest [upstream-events 3]', () => {
  it.each([
    ['OPTIONS', { 'webhook-request-origin': 'a' }, true],
    ['GET', { 'webhook-request-origin': '' }, true],
    ['POST', { 'webhook-request-origin': 'a' }, false],
    ['OPTIONS', {}, false],
    [undefined, {}, false],
  ])('of %s with %j is %j', (method, headers, isValidation) => {
    expect(isValidationRequest(method, headers)).toBe(isValidation);
  });
});
