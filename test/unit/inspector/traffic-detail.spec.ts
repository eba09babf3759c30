import { describe, expect, it } from '@jest/globals';
import type { UpstreamRequest } from '../../../src/emulator/core/upstream-transport.js';
import type { TrafficEntry } from '../../../src/emulator/traffic-log.js';
import { blankRequest } from '../../../src/emulator/upstream/secrets.js';
import { describeDetail } from '../../../src/inspector/traffic-detail.js';
import { signAccessToken } from '../../../src/protocol/access-token.js';

const endpoint = 'http://localhost:8888';
const TOKEN = signAccessToken({ aud: 'api://chat', exp: 1_800_000_000 }, 'k'.repeat(32));
const STATE = Buffer.from('{"room":"blue"}').toString('base64');

const request: UpstreamRequest = {
  method: 'POST',
  url: 'https://app.example/eventhandler?code=hush',
  headers: { 'Content-Type': 'application/json', 'ce-connectionState': STATE, Authorization: `Bearer ${TOKEN}` },
  body: Buffer.from('{"claims":{}}'),
};

const upstreamEntry: TrafficEntry = {
  id: 1,
  time: 0,
  hub: 'chat',
  door: 'upstream',
  eventName: 'connect',
  attempt: 1,
  durationMs: 3,
  request: blankRequest(request),
  response: {
    status: 200,
    headers: { 'content-type': ['text/plain'], 'ce-connectionstate': [''], 'set-cookie': ['a=1', 'b=2'] },
    body: Buffer.from('hello'),
  },
};

describe('the detail of an upstream call', () => {
  const detail = describeDetail(upstreamEntry, { endpoint, original: request });

  it('decodes bodies, states and claims, request before answer', () => {
    expect(detail.sections.map(({ title }) => title)).toEqual([
      'Request body',
      'Connection state',
      'Token claims',
      'Request headers',
      'Response body',
      'New connection state',
      'Response headers',
    ]);
    expect(detail.sections[1]).toMatchObject({ text: '{\n  "room": "blue"\n}' });
    expect(detail.sections[2]).toMatchObject({
      text: '{\n  "aud": "api://chat",\n  "exp": 1800000000\n}',
      note: 'Without the signature; expires 2027-01-15T08:00:00.000Z.',
    });
    expect(detail.sections[5]).toMatchObject({ text: '{}', note: 'Empty: the state was cleared.' });
  });

  it('shows every line of a repeated header', () => {
    expect(detail.sections[6]).toMatchObject({
      headers: [
        ['content-type', 'text/plain'],
        ['ce-connectionstate', ''],
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
    });
  });

  it('holds no token, no key and no code', () => {
    const text = JSON.stringify(detail);
    expect(text).not.toContain(TOKEN.split('.')[2]);
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain('hush');
    expect(detail.curl).toContain('code=***');
  });

  it('can be sent again, a validation not', () => {
    expect(detail.canResend).toBe(true);
    const validation = { ...upstreamEntry, request: { ...request, method: 'OPTIONS' as const } };
    expect(describeDetail(validation, { endpoint }).canResend).toBe(false);
  });
});

describe('the detail of other entries', () => {
  it('has the body and the claims of a REST call, and a curl command with a place for the token', () => {
    const { sections, curl, canResend } = describeDetail(
      {
        id: 2,
        time: 0,
        hub: 'chat',
        door: 'rest',
        method: 'POST',
        path: '/api/hubs/chat/:send?api-version=2024-12-01',
        status: 202,
        durationMs: 1,
        contentType: 'text/plain',
        requestHeaders: { host: 'localhost:8888', 'content-type': 'text/plain', 'x-more': 'yes' },
        requestBody: Buffer.from('hi'),
        tokenClaims: { aud: 'x' },
      },
      { endpoint },
    );
    expect(sections.map(({ title }) => title)).toEqual(['Request headers', 'Token claims', 'Request body']);
    expect(canResend).toBe(false);
    expect(curl).toBe(
      [
        '# *** stands for a secret that the record does not show.',
        "curl -i -X POST 'http://localhost:8888/api/hubs/chat/:send?api-version=2024-12-01' \\",
        "  -H 'Authorization: Bearer ***' \\",
        "  -H 'content-type: text/plain' \\",
        "  -H 'x-more: yes' \\",
        "  --data-raw 'hi'",
      ].join('\n'),
    );
  });

  it('has the frame and the claims of a client', () => {
    const { sections, curl } = describeDetail(
      {
        id: 3,
        time: 0,
        hub: 'chat',
        door: 'client',
        action: 'connected',
        summary: 'json',
        frame: Buffer.from([1, 2]),
        tokenClaims: { sub: 'ann' },
      },
      { endpoint },
    );
    expect(curl).toBeUndefined();
    expect(sections).toMatchObject([
      { title: 'Token claims', text: '{\n  "sub": "ann"\n}', note: 'Without the signature.' },
      { title: 'Frame', body: { kind: 'hex', byteLength: 2 } },
    ]);
  });
});
