import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ACCESS_KEY } from '../../../src/emulator/access-keys.js';
import { startEmulator } from '../../support/start-emulator.js';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const emulator = await startEmulator({ hubs: { chat: {} } });
const origin = emulator.endpoint;

function ask(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: '127.0.0.1', port: emulator.port, method, path, agent: false, headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    outgoing.on('error', reject).end(body);
  });
}

describe('who may use the inspector', () => {
  it.each(['/inspector', '/inspector/', '/inspector/main.js', '/inspector/api/hubs', '/inspector/api/feed'])(
    'refuses %s under a foreign name, which may have been made to point here',
    async (path) => {
      const { status, text, headers } = await ask('GET', path, { Host: 'rebound.example:8888' });
      expect(status).toBe(421);
      expect(text).toContain('"rebound.example:8888" is another name');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it.each(['/inspector/api/feed', '/inspector/api/hubs', '/inspector/api/metrics', '/inspector/main.js'])(
    'refuses %s to another origin',
    async (path) => {
      const foreign: Record<string, string>[] = [
        { Origin: 'http://localhost:3000' },
        { Origin: 'null' },
        { Origin: 'https://evil.example' },
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site' },
      ];
      for (const headers of foreign) {
        const answer = await ask('GET', path, headers);
        expect([headers, answer.status]).toEqual([headers, 403]);
        expect(answer.text).toContain('Only the page of the inspector');
      }
    },
  );

  it.each([
    'token',
    'connection-string',
    'traffic/clear',
    'traffic/1/resend',
    'hubs/chat/send',
    'hubs/chat/validate',
    'hubs/chat/connections/c1/close',
    'hubs/chat/connections/c1/drop',
  ])('refuses POST %s without its own Origin', async (call) => {
    const path = `/inspector/api/${call}`;
    expect((await ask('POST', path)).status).toBe(403);
    expect((await ask('POST', path, { Origin: 'http://localhost:3000' }, '{}')).status).toBe(403);
    const preflight = await ask('OPTIONS', path, { Origin: 'http://localhost:3000' });
    expect(preflight.status).toBe(403);
    expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each(['/inspector', '/inspector/main.js', '/inspector/api/hubs', '/inspector/api/feed'])(
    'refuses %s through a proxy on this machine that writes its own Host, and says what to do',
    async (path) => {
      const { status, text } = await ask('GET', path, { 'X-Forwarded-For': '203.0.113.9' });
      expect(status).toBe(403);
      expect(text).toContain('list that name in the option inspectorHosts');
      const headers = { Origin: origin, Forwarded: 'for=203.0.113.9' };
      expect((await ask('POST', '/inspector/api/connection-string', headers)).status).toBe(403);
    },
  );

  it('lets any link lead to the page, but no frame', async () => {
    const link = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };
    const page = await ask('GET', '/inspector', { ...link, 'Sec-Fetch-Dest': 'document' });
    expect(page.status).toBe(200);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(page.headers['content-security-policy']).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self'",
    );
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect((await ask('GET', '/inspector', { ...link, 'Sec-Fetch-Dest': 'iframe' })).status).toBe(403);
  });

  it('answers a request without Host by refusing it', async () => {
    const socket = connect(emulator.port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.write('GET /inspector HTTP/1.0\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('opens under an allowed name', async () => {
    const open = await startEmulator({ inspectorHosts: ['devbox'] });
    const answer = await fetch(`${open.endpoint}/inspector`);
    expect(answer.status).toBe(200);
    const status = await new Promise((resolve) => {
      const options = {
        host: '127.0.0.1',
        port: open.port,
        path: '/inspector',
        headers: { Host: `devbox:${open.port}` },
      };
      httpRequest(options, (response) => resolve(response.resume().statusCode)).end();
    });
    expect(status).toBe(200);
  });
});

describe('what the inspector tells', () => {
  it('holds no access key in any answer but the one that asks for it', async () => {
    for (const path of ['', '/main.js', '/api/emulator', '/api/hubs', '/api/metrics', '/api/hubs/chat/members']) {
      const { text, status } = await ask('GET', `/inspector${path}`);
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toContain(DEFAULT_ACCESS_KEY);
    }
    const { text } = await ask('POST', '/inspector/api/connection-string', {
      Origin: `http://127.0.0.1:${emulator.port}`,
    });
    expect(JSON.parse(text)).toEqual({ connectionString: emulator.connectionString });
  });

  it.each([
    ['GET', '/inspector/nothing.js', 404, 'The inspector has no such file'],
    ['GET', '/inspector/..%2finspector.endpoint.ts', 404, 'The inspector has no such file'],
    ['PUT', '/inspector', 405, 'read by GET'],
    ['GET', '/inspector/api/nothing', 404, 'no such call'],
    ['GET', '/inspector/api/token', 405, 'another method'],
    ['GET', '/inspector/api/traffic/999999', 404, 'no longer in the record'],
    ['GET', '/inspector/api/traffic/x', 404, 'no longer in the record'],
    ['GET', '/inspector/api/hubs/unheard/members', 404, 'No client, setting or call has named the hub'],
    ['POST', '/inspector/api/hubs/chat/connections/gone/close', 404, 'is gone.'],
  ])('answers %s %s with %i and says why', async (method, path, status, reason) => {
    const answer = await ask(method, path, { Origin: `http://127.0.0.1:${emulator.port}` });
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(reason);
  });

  it('reads the page without its body for HEAD', async () => {
    const answer = await ask('HEAD', '/inspector');
    expect(answer.status).toBe(200);
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(1000);
    expect(answer.text).toBe('');
  });

  it('refuses a body that is too large, and goes on', async () => {
    const headers = { Origin: `http://127.0.0.1:${emulator.port}` };
    const answer = await ask('POST', '/inspector/api/hubs/chat/send', headers, 'x'.repeat(3 * 1024 * 1024)).catch(
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect([413, 'EPIPE', 'ECONNRESET']).toContain(typeof answer === 'object' ? answer.status : answer);
    expect((await ask('GET', '/inspector')).status).toBe(200);
  });

  it('ends its feeds when the emulator closes', async () => {
    const closing = await startEmulator();
    const feed = await fetch(`${closing.endpoint}/inspector/api/feed`);
    const reader = feed.body!.getReader();
    expect(Buffer.from((await reader.read()).value).toString()).toContain('"reset":true');
    await closing.close();
    await expect(reader.read()).rejects.toThrow('terminated');
  });
});

describe('a client access token of the inspector', () => {
  it('names the host of the page as its audience, and the asked user, roles and groups', async () => {
    const body = JSON.stringify({ hub: 'chat', userId: 'ann', roles: ['r'], groups: ['g'] });
    const answer = await ask('POST', '/inspector/api/token', { Origin: origin, Host: new URL(origin).host }, body);
    const { token } = JSON.parse(answer.text) as { token: string };
    expect(JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())).toEqual({
      aud: `${origin}/client/hubs/chat`,
      sub: 'ann',
      role: ['r'],
      'webpubsub.group': ['g'],
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
  });
});
