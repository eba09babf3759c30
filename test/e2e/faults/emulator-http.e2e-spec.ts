import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from '../../support/property.js';
import { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { callRest, restToken } from '../../support/call-rest.js';
import {
  expectCleanPrototypes,
  hostileJson,
  hostileText,
  nested,
  PROTOTYPE_NAMES,
} from '../../support/hostile-values.js';
import { RawConnection, type WireAnswer } from '../../support/raw-http.js';

const errors: string[] = [];
let emulator: WebPubSubEmulator;

expectCleanPrototypes();
beforeAll(async () => {
  emulator = await WebPubSubEmulator.start({
    port: 0,
    logger: { log() {}, warn() {}, error: (message) => void errors.push(message) },
  });
});
afterAll(async () => {
  await emulator.close();
  // Whatever was attacked, nothing failed inside.
  expect(errors).toEqual([]);
});

const open = (): Promise<RawConnection> => RawConnection.open(emulator.port);

function request(line: string, headers: readonly string[], body: string | Uint8Array = ''): Buffer {
  const head = [line, `Host: localhost:${emulator.port}`, ...headers].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), Buffer.from(body as string)]);
}

/** A call of REST with a token that is good for its path. */
function restRequest(
  line: string,
  headers: readonly string[],
  body: string | Uint8Array = '',
  isMeasured = true,
): Buffer {
  const path = line.split(' ')[1];
  const length = isMeasured ? [`Content-Length: ${Buffer.byteLength(body)}`] : [];
  const token = restToken(new URL(path, emulator.endpoint).href.replace(/\?.*$/s, ''));
  return request(`${line} HTTP/1.1`, [`Authorization: Bearer ${token}`, ...length, ...headers], body);
}

async function expectAlive(connection?: RawConnection): Promise<void> {
  const on = connection ?? (await open());
  const bytes = restRequest('POST /api/hubs/chat/:send?api-version=2024-12-01', ['Content-Type: text/plain'], 'good');
  expect(await on.write(bytes).answer()).toMatchObject({ status: 202 });
}

const TARGETS = [
  ['REST', 'POST', '/api/hubs/chat/:send?api-version=2024-12-01'],
  ['the fault switches', 'POST', '/emulator/faults'],
  ['the inspector', 'POST', '/inspector/api/hubs/chat/send'],
  ['the page of the inspector', 'GET', '/inspector'],
  ['the keys of the identity', 'GET', '/emulator/identity/keys'],
  ['the path of clients', 'GET', '/client/hubs/chat'],
  ['no door', 'POST', '/nothing'],
] as const;

describe.each(TARGETS)('the door of %s', (_name, method, path) => {
  const line = `${method} ${path} HTTP/1.1`;

  it.each<[string, () => Buffer]>([
    ['two lengths', () => request(line, ['Content-Length: 5', 'Content-Length: 3'], 'hello')],
    ['a length and chunks', () => request(line, ['Content-Length: 3', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
    ['an encoding nobody knows', () => request(line, ['Transfer-Encoding: xchunked'], '0\r\n\r\n')],
    ['a length with a sign', () => request(line, ['Content-Length: +5'], 'hello')],
    ['a chunk of negative size', () => request(line, ['Transfer-Encoding: chunked'], '-1\r\n')],
    ['NUL in a header', () => request(line, ['x-a: a\0b'])],
    [
      '100 kB of headers',
      () =>
        request(
          line,
          Array.from({ length: 20_000 }, (_, index) => `x-${index}: a`),
        ),
    ],
  ])('refuses %s, closes, and takes nothing behind it', async (_attack, bytes) => {
    const connection = await open();
    const behind = restRequest('PUT /api/hubs/chat/groups/g/connections/smuggled?api-version=2024-12-01', []);
    connection.write(bytes()).write(behind);
    const answers = await connection.answersUntilClosed();
    // A door that wants no body may answer before the mistake in it is seen.
    expect(answers).toHaveLength(1);
    expect([400, 403, 404, 431]).toContain(answers[0].status);
    expect(emulator.traffic.entries().some((entry) => JSON.stringify(entry).includes('smuggled'))).toBe(false);
    await expectAlive();
  });

  it('answers half a body that is reset or ended, and bodies of any JSON', async () => {
    const headers = [
      'Content-Type: application/json',
      'Content-Length: 10',
      `Origin: http://localhost:${emulator.port}`,
    ];
    const half = await open();
    await half.write(request(line, headers, 'half')).reset();
    const ended = await open();
    await ended
      .write(request(line, headers, 'half'))
      .end()
      .answersUntilClosed();
    for (const body of [...fc.sample(hostileJson, 50), nested(50_000), nested(50_000, '{"a":', '}'), '\0', '']) {
      const connection = await open();
      const length = `Content-Length: ${Buffer.byteLength(body)}`;
      const answer = await connection
        .write(request(line, ['Content-Type: application/json', length, headers[2]], body))
        .answer();
      expect(answer?.status).toBeGreaterThanOrEqual(200);
      expect(answer?.status).not.toBe(500);
    }
    await expectAlive();
  });

  it('answers an upgrade to something else', async () => {
    const connection = await open();
    connection.write(
      request(line, ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAA']),
    );
    expect((await connection.answer())?.status).toBeGreaterThanOrEqual(200);
    await expectAlive();
  });
});

describe('calls of REST [rest-api 1]', () => {
  const version = 'api-version=2024-12-01';

  it.each<[string, string, string[], string | Uint8Array, number]>([
    [
      'a chunked body',
      `POST /api/hubs/chat/:send?${version}`,
      ['Transfer-Encoding: chunked'],
      '2\r\nhi\r\n0\r\n\r\n',
      400,
    ],
    [
      'text that is none',
      `POST /api/hubs/chat/:send?${version}`,
      ['Content-Type: text/plain'],
      Buffer.from([0xff]),
      202,
    ],
    ['JSON that is none', `POST /api/hubs/chat/:send?${version}`, ['Content-Type: application/json'], '{', 400],
    [
      'JSON that nests',
      `POST /api/hubs/chat/:send?${version}`,
      ['Content-Type: application/json'],
      nested(400_000),
      202,
    ],
    [
      'bulk JSON that nests',
      `POST /api/hubs/chat/:addToGroups?${version}`,
      ['Content-Type: application/json'],
      nested(400_000),
      400,
    ],
    [
      'a charset that is none',
      `POST /api/hubs/chat/:send?${version}`,
      ['Content-Type: text/plain; charset=__proto__'],
      'x',
      415,
    ],
    ['NUL in the path', `PUT /api/hubs/chat/groups/%00/connections/c?${version}`, [], '', 404],
    ['a broken escape in the path', `HEAD /api/hubs/chat/users/%zz%e2%82?${version}`, [], '', 404],
    ['a slash in a name', `HEAD /api/hubs/chat/users/a%2fb?${version}`, [], '', 404],
    ['dots in the path', `POST /api/hubs/x/../chat/:send?${version}`, ['Content-Type: text/plain'], 'x', 404],
    ['a hub called __proto__', `POST /api/hubs/__proto__/:send?${version}`, ['Content-Type: text/plain'], 'x', 400],
    [
      'metadata called __proto__',
      `POST /api/hubs/chat/:send?${version}`,
      ['X-WebPubSub-Metadata-__proto__: x'],
      'x',
      202,
    ],
    ['a filter that nests', `POST /api/hubs/chat/:send?${version}&filter=${'('.repeat(20_000)}`, [], 'x', 400],
    [
      'a query of the names of prototypes',
      `POST /api/hubs/chat/:send?${version}&__proto__=1&constructor[a]=2`,
      [],
      'x',
      202,
    ],
  ])('with %s are answered', async (_attack, line, headers, body, status) => {
    const connection = await open();
    const isMeasured = !headers.some((header) => /^transfer-encoding/i.test(header));
    connection.write(restRequest(line, headers, body, isMeasured));
    const answer = await connection.answer({ ofHead: line.startsWith('HEAD') });
    expect(answer?.status).toBe(status);
    await expectAlive();
  });

  it('are answered in order when they come together', async () => {
    const connection = await open();
    const send = restRequest(`POST /api/hubs/chat/:send?${version}`, ['Content-Type: text/plain'], 'x');
    const exists = restRequest(`HEAD /api/hubs/chat/groups/g?${version}`, []);
    const wrong = restRequest(`GET /api/hubs/chat/nothing?${version}`, []);
    connection.write(Buffer.concat([send, wrong, send, wrong, send]));
    const statuses: (number | undefined)[] = [];
    for (let index = 0; index < 5; index++) statuses.push((await connection.answer())?.status);
    expect(statuses).toEqual([202, 404, 202, 404, 202]);
    expect(await connection.write(exists).answer({ ofHead: true })).toMatchObject({ status: 404 });
  });

  it('with any names and values are answered, and never with a failure of the emulator', async () => {
    const segment = hostileText
      .map((text) => encodeURIComponent(Buffer.from(text).toString()))
      .filter((text) => text.length < 500);
    const call = fc.tuple(
      fc.constantFrom('PUT', 'DELETE', 'HEAD', 'POST', 'PATCH'),
      fc.constantFrom(
        'groups',
        'users',
        'connections',
        'permissions',
        'permissions/sendToGroup/connections',
        ':closeConnections',
      ),
      segment,
      segment,
    );
    for (const [method, kind, one, other] of fc.sample(call, 60)) {
      const path = `/api/hubs/chat/${kind}/${one}/connections/${other}?${version}&filter=${other}&reason=${one}&excluded=${one}`;
      const { status } = await callRest(emulator, `${method} ${path}`);
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).toBeLessThan(500);
    }
  });

  it.each(PROTOTYPE_NAMES)('know no role, permission or option called %s', async (name) => {
    const permission = await callRest(
      emulator,
      `PUT /api/hubs/chat/permissions/${name}/connections/c?${version}&targetName=g`,
    );
    expect(permission.status).toBe(400);
    const token = await callRest(
      emulator,
      `POST /api/hubs/chat/:generateToken?${version}&role=${name}&clientType=${name}`,
    );
    expect(token.status).toBeLessThan(500);
    const fault = await post('/emulator/faults', `{"kind":"${name}"}`);
    expect(fault.status).toBe(400);
  });
});

async function post(path: string, body: string): Promise<WireAnswer> {
  const connection = await open();
  const headers = [`Content-Length: ${Buffer.byteLength(body)}`, 'Content-Type: application/json'];
  return (await connection.write(request(`POST ${path} HTTP/1.1`, headers, body)).answer())!;
}

describe('doors that act', () => {
  it.each([
    ['another page', ['Origin: http://evil.example']],
    ['another port of this machine', ['Origin: http://localhost:1']],
    ['no page that says which', ['Origin: null']],
  ])('do not act for %s', async (_who, origin) => {
    for (const path of ['/emulator/faults', '/inspector/api/token', '/inspector/api/hubs/chat/send']) {
      const connection = await open();
      const answer = await connection
        .write(request(`POST ${path} HTTP/1.1`, [...origin, 'Content-Length: 2'], '{}'))
        .answer();
      expect([401, 403]).toContain(answer?.status);
    }
  });

  it('do not act under a name that was made to point here', async () => {
    for (const path of ['/emulator/faults', '/inspector/api/emulator', '/inspector']) {
      const connection = await open();
      connection.write(`GET ${path} HTTP/1.1\r\nHost: evil.example:${emulator.port}\r\n\r\n`);
      expect([401, 421]).toContain((await connection.answer())?.status);
    }
  });

  it.each(['..%2f..%2fpackage.json', '../page-folder.js', '%2e%2e/page-folder.js', '/etc/passwd', '\\..\\x', '%00'])(
    'serve no file but those of the page: %s',
    async (path) => {
      const connection = await open();
      const answer = await connection.write(request(`GET /inspector/${path} HTTP/1.1`, [])).answer();
      expect(answer?.status).toBe(404);
    },
  );
});
