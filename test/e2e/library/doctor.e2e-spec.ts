import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  OnConnect,
  OnDisconnected,
  OnMessage,
  OnUserEvent,
} from '../../../src/library/decorators/event-handler.decorators.js';
import { WebPubSubHub } from '../../../src/library/decorators/web-pubsub-hub.decorator.js';
import { runCommand } from '../../../src/library/doctor/doctor.command.js';
import { diagnoseUpstream, type DiagnoseUpstreamOptions } from '../../../src/library/doctor/diagnose-upstream.js';
import { formatDiagnosis } from '../../../src/library/doctor/upstream-diagnosis.js';
import { WebPubSubModule } from '../../../src/library/web-pubsub.module.js';
import type { WebPubSubModuleOptions } from '../../../src/library/web-pubsub-options.interface.js';
import { computeSignature } from '../../../src/protocol/signature.js';
import { transpileSource, type TranspiledSource } from '../../support/transpiled-source.js';

const KEY = 'key-of-the-service';
const CONNECTION_STRING = `Endpoint=https://demo.webpubsub.azure.com;AccessKey=${KEY};Version=1.0;`;
const ORIGIN = 'demo.webpubsub.azure.com';

let servers: Server[] = [];

afterEach(async () => {
  await Promise.all(
    servers.map((server) => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    }),
  );
  servers = [];
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/eventhandler`;
}

/** An upstream as it should be, of which a test spoils one thing. */
function upstream({
  validate = (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(200, { 'WebHook-Allowed-Origin': ORIGIN }).end(),
  connect = (_: IncomingMessage, response: ServerResponse) => void response.writeHead(204).end(),
  key = KEY,
  isSignatureChecked = true,
}: {
  validate?: RequestListener;
  connect?: RequestListener;
  key?: string;
  isSignatureChecked?: boolean;
} = {}): RequestListener {
  return (request, response) => {
    if (request.method !== 'POST') return validate(request, response);
    request.resume();
    const expected = computeSignature(String(request.headers['ce-connectionid']), key);
    if (isSignatureChecked && request.headers['ce-signature'] !== expected) {
      response.writeHead(401, { 'content-type': 'text/plain' }).end('The signature is wrong.');
      return;
    }
    connect(request, response);
  };
}

const diagnose = (url: string, options = {}) =>
  diagnoseUpstream({ url, connectionString: CONNECTION_STRING, hubs: ['chat'], ...options });

describe('doctor of a healthy upstream', () => {
  it('validates the webhook and sends a signed and a forged connect, as the service writes them', async () => {
    const requests: { method?: string; url?: string; headers: IncomingMessage['headers'] }[] = [];
    const healthy = upstream();
    const url = await listen((request, response) => {
      const { method, url: path, headers } = request;
      requests.push({ ...(method && { method }), ...(path && { url: path }), headers });
      healthy(request, response);
    });
    const { isHealthy, findings } = await diagnose(url);
    expect(findings.map(({ kind, check }) => `${kind} ${check}`)).toEqual([
      'passed validation',
      'passed connect',
      'passed forgery',
    ]);
    expect(isHealthy).toBe(true);
    const [validation, ...connects] = requests;
    expect(validation).toMatchObject({ method: 'OPTIONS', headers: { 'webhook-request-origin': ORIGIN } });
    expect(validation?.headers).not.toHaveProperty('ce-signature');
    expect(connects).toHaveLength(2);
    for (const { headers } of connects) {
      expect(headers).toMatchObject({
        'ce-type': 'azure.webpubsub.sys.connect',
        'ce-awpsversion': '1.0',
        'ce-hub': 'chat',
        'ce-connectionid': expect.stringMatching(/^doctor-/),
        'webhook-request-origin': ORIGIN,
      });
    }
  });

  it('fills in {hub} and {event}, and validates each address once', async () => {
    const paths: string[] = [];
    const healthy = upstream();
    const url = await listen((request, response) => {
      paths.push(`${request.method} ${request.url}`);
      healthy(request, response);
    });
    await diagnose(`${url}/{hub}/{event}?code=1`, { hubs: ['chat', 'a[1]'] });
    expect([...new Set(paths)].sort()).toEqual([
      'OPTIONS /eventhandler/a%5B1%5D/validate?code=1',
      'OPTIONS /eventhandler/chat/validate?code=1',
      'POST /eventhandler/a%5B1%5D/connect?code=1',
      'POST /eventhandler/chat/connect?code=1',
    ]);
  });

  it('asks again with GET after a 404', async () => {
    const url = await listen(
      upstream({
        validate: (request, response) => {
          if (request.method === 'OPTIONS') response.writeHead(404).end();
          else response.writeHead(200, { 'WebHook-Allowed-Origin': '*' }).end();
        },
      }),
    );
    const { findings } = await diagnose(url);
    expect(findings[0]).toMatchObject({ kind: 'passed', summary: expect.stringContaining('GET 200') });
  });
});

describe('doctor of a webhook validation that fails [upstream-events 3]', () => {
  it.each<[string, number, Record<string, string | string[]>, string, string]>([
    ['404', 404, {}, 'answered 404', 'Compare the path'],
    ['401', 401, {}, 'answered 401', 'Let OPTIONS and GET'],
    ['403', 403, {}, `${ORIGIN} is not an allowed origin`, 'allowedOrigins'],
    ['a redirect', 302, { location: '/' }, 'answered 302', 'redirect'],
    ['no WebHook-Allowed-Origin', 204, {}, 'without WebHook-Allowed-Origin', 'CORS'],
    ['another origin', 200, { 'WebHook-Allowed-Origin': 'other.example' }, 'names other.example', 'allowedOrigins'],
    [
      'a comma-joined list',
      200,
      { 'WebHook-Allowed-Origin': `a.example, ${ORIGIN}` },
      'one line with a list',
      'one header line for each',
    ],
  ])('explains %s', async (_, status, headers, summary, cure) => {
    const url = await listen(
      upstream({ validate: (_request, response) => void response.writeHead(status, headers).end() }),
    );
    const { isHealthy, findings } = await diagnose(url);
    expect(isHealthy).toBe(false);
    expect(findings[0]).toMatchObject({
      kind: 'problem',
      check: 'validation',
      summary: expect.stringContaining(summary),
      cure: expect.stringContaining(cure),
    });
  });

  it('is content with one line per origin', async () => {
    const headers = { 'WebHook-Allowed-Origin': ['a.example', ORIGIN.toUpperCase()] };
    const url = await listen(upstream({ validate: (_, response) => void response.writeHead(200, headers).end() }));
    expect((await diagnose(url)).isHealthy).toBe(true);
  });
});

describe('doctor of a connect event', () => {
  it.each<[string, Parameters<typeof upstream>[0], 'problem' | 'warning', string, string]>([
    [
      'another key',
      { key: 'another' },
      'problem',
      'The signature is not accepted (401): The signature is wrong.',
      'another access key',
    ],
    [
      'a refusal by the application',
      { connect: (_, response) => void response.writeHead(401).end('No ticket.') },
      'warning',
      'refuses this connect (401): No ticket.',
      'more than a user id',
    ],
    [
      'an unknown hub',
      { connect: (_, response) => void response.writeHead(404).end() },
      'problem',
      'The hub is not known',
      '@WebPubSubHub("chat")',
    ],
    [
      'a failure',
      { connect: (_, response) => void response.writeHead(500).end() },
      'problem',
      'fails (500)',
      'up to four times',
    ],
    [
      'a redirect',
      { connect: (_, response) => void response.writeHead(307).end() },
      'problem',
      'redirects (307)',
      'final address',
    ],
    [
      'a page',
      { connect: (_, response) => void response.writeHead(200).end('<html>') },
      'problem',
      'no JSON object',
      'Clients get 500',
    ],
    [
      'an unexpected status',
      { connect: (_, response) => void response.writeHead(415).end() },
      'problem',
      'answered 415',
      'ahead of WebPubSubModule',
    ],
    [
      'a connection that breaks',
      { connect: (request) => void request.socket.destroy() },
      'problem',
      'failed (ECONNRESET)',
      'closes connections',
    ],
  ])('explains %s', async (_, spoiled, kind, summary, cure) => {
    const { findings } = await diagnose(await listen(upstream(spoiled)));
    expect(findings.find(({ check }) => check === 'connect')).toMatchObject({
      kind,
      hub: 'chat',
      summary: expect.stringContaining(summary),
      cure: expect.stringContaining(cure),
    });
  });

  it.each([[''], ['null'], ['{"userId":"ann"}']])('is content with the answer %j', async (body) => {
    const url = await listen(upstream({ connect: (_, response) => void response.writeHead(200).end(body) }));
    expect((await diagnose(url)).isHealthy).toBe(true);
  });

  it('warns when a forged signature is accepted', async () => {
    const { isHealthy, findings } = await diagnose(await listen(upstream({ isSignatureChecked: false })));
    expect(isHealthy).toBe(true);
    expect(findings).toContainEqual(
      expect.objectContaining({
        kind: 'warning',
        check: 'forgery',
        summary: expect.stringContaining('anyone can send'),
      }),
    );
  });

  it('warns when an answer is slow', async () => {
    const { findings } = await diagnose(await listen(upstream()), { slowMs: 0 });
    expect(findings.filter(({ check }) => check === 'speed')).toHaveLength(2);
  });

  it('warns when no hub or no key is known', async () => {
    const { findings } = await diagnoseUpstream({ url: await listen(upstream()), origin: ORIGIN });
    expect(findings.filter(({ kind }) => kind === 'warning').map(({ summary }) => summary)).toEqual([
      'No hub is known, so that no event was sent.',
      'No access key is known, so that no signed event was sent.',
    ]);
  });
});

describe('doctor of an application of this package', () => {
  @WebPubSubHub('Sample_ChatApp')
  class ChatHub {
    @OnConnect() connect() {}
    @OnMessage() message() {}
    @OnUserEvent(['join', 'leave']) join() {}
  }

  @WebPubSubHub('news')
  class NewsHub {
    @OnUserEvent('*') all() {}
    @OnDisconnected() gone() {}
  }

  async function diagnoseApplication(
    platform: 'express' | 'fastify',
    options: WebPubSubModuleOptions,
    providers: Type[],
    given: Partial<DiagnoseUpstreamOptions> = {},
  ) {
    @Module({ imports: [WebPubSubModule.forRoot(options)], providers })
    class ApplicationModule {}
    const settings = { logger: false, abortOnError: false } as const;
    const app =
      platform === 'express'
        ? await NestFactory.create(ApplicationModule, settings)
        : await NestFactory.create(ApplicationModule, new FastifyAdapter(), settings);
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    try {
      const url = `http://127.0.0.1:${port}/eventhandler`;
      return await diagnoseUpstream({ url, connectionString: CONNECTION_STRING, ...given });
    } finally {
      await app.close();
    }
  }

  describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
    it.each(['server', 'route'] as const)(
      'learns the hubs and events from its decorators, attached at the %s',
      async (attach) => {
        const options = { connectionString: CONNECTION_STRING, attach };
        const { isHealthy, hubs, settings, findings } = await diagnoseApplication(platform, options, [
          ChatHub,
          NewsHub,
        ]);
        expect(findings.filter(({ kind }) => kind !== 'passed')).toEqual([]);
        expect(isHealthy).toBe(true);
        expect(hubs).toEqual([
          { hub: 'Sample_ChatApp', systemEvents: ['connect'], userEvents: ['message', 'join', 'leave'] },
          { hub: 'news', systemEvents: ['disconnected'], userEvents: ['*'] },
        ]);
        expect(settings?.azureCli).toHaveLength(2);
      },
    );

    it.each(['server', 'route'] as const)('finds that large events pass, attached at the %s', async (attach) => {
      const options = { connectionString: CONNECTION_STRING, attach };
      const { findings } = await diagnoseApplication(platform, options, [ChatHub]);
      expect(findings.filter(({ check }) => check === 'size')).toEqual([
        { kind: 'passed', check: 'size', summary: 'Connection states of 8 KiB and messages of 1 MiB get through.' },
      ]);
    });

    it('does not learn them with another key', async () => {
      const connectionString = CONNECTION_STRING.replace(KEY, 'another');
      const { findings, hubs } = await diagnoseApplication(platform, { connectionString }, [ChatHub]);
      expect(hubs).toEqual([]);
      expect(findings).toContainEqual({
        kind: 'problem',
        check: 'description',
        summary: 'A signed request is refused (401): The signature is wrong.',
        cure: expect.stringContaining('another access key'),
      });
    });

    it('does not learn them where signatures are off', async () => {
      const options = { connectionString: CONNECTION_STRING, upstreamAuth: { signature: 'off' } } as const;
      expect((await diagnoseApplication(platform, options, [ChatHub])).hubs).toEqual([]);
    });

    it('explains another key, an unknown hub and a foreign origin', async () => {
      const options = { connectionString: CONNECTION_STRING };
      const hubs = ['Sample_ChatApp'];
      const otherKey = await diagnoseApplication(platform, options, [ChatHub], { accessKey: 'another', hubs });
      expect(otherKey.findings.map(({ summary }) => summary)).toContain(
        'The signature is not accepted (401): The signature is wrong.',
      );
      const otherHub = await diagnoseApplication(platform, options, [ChatHub], { hubs: ['other'] });
      expect(otherHub.findings.find(({ check }) => check === 'connect')).toMatchObject({
        kind: 'problem',
        summary: expect.stringContaining('The hub is not known'),
      });
      const otherOrigin = await diagnoseApplication(platform, options, [ChatHub], { origin: 'foreign.example', hubs });
      expect(otherOrigin.findings[0]?.summary).toContain('foreign.example is not an allowed origin');
    });

    it('says that an application serves no hub', async () => {
      const { findings } = await diagnoseApplication(platform, { connectionString: CONNECTION_STRING }, []);
      expect(findings).toContainEqual(expect.objectContaining({ kind: 'warning', check: 'description' }));
    });
  });
});

/** A proxy, of which a test says what it does not pass. */
type Passes = (request: IncomingMessage, response: ServerResponse) => boolean;

describe('doctor of what stands before an application', () => {
  /** Answers the questions of the doctor as an application of this package does, behind the proxy. */
  const behind = (passes: Passes): RequestListener =>
    upstream({
      connect: (request, response) => {
        request.on('end', () => {
          if (!String(request.headers['ce-type']).endsWith('describe-hubs')) {
            response.writeHead(204).end();
            return;
          }
          const state = request.headers['ce-connectionstate'];
          response.setHeader('content-type', 'application/json');
          if (state !== undefined) response.setHeader('ce-connectionState', state);
          const body = JSON.stringify([{ hub: 'chat', systemEvents: ['connect'], userEvents: [] }]);
          if (passes(request, response)) response.writeHead(200).end(body);
        });
      },
    });

  const refuse = (status: number) => (response: ServerResponse) => {
    response.removeHeader('ce-connectionState');
    response.writeHead(status, { 'content-type': 'text/html' }).end('<html>');
    return false;
  };

  it.each([
    [[{ hub: 'chat', systemEvents: [], userEvents: ['a$(id)'] }]],
    [[{ hub: 'chat', systemEvents: ['connect\n'], userEvents: [] }]],
    [[{ hub: 'chat; id', systemEvents: [], userEvents: [] }]],
  ])('takes no names that are none for hubs and events, such as %j', async (described) => {
    const url = await listen(
      upstream({ connect: (_, response) => void response.writeHead(200).end(JSON.stringify(described)) }),
    );
    const diagnosis = await diagnoseUpstream({ url, connectionString: CONNECTION_STRING });
    expect(diagnosis.hubs).toEqual([]);
    expect(diagnosis.settings).toBeUndefined();
  });

  it.each<[string, Passes, string, string]>([
    [
      'headers of requests that are too large for it',
      ({ headers }, response) => headers['ce-connectionstate'] === undefined || refuse(400)(response),
      'A request with 8192 bytes of connection state in its headers is answered 400.',
      'large_client_header_buffers 4 16k',
    ],
    [
      'headers of answers that are too large for it',
      ({ headers }, response) => headers['ce-connectionstate'] === undefined || refuse(502)(response),
      'An answer with 8192 bytes of connection state in its headers does not come back (the service would see 502).',
      'proxy_buffer_size 16k',
    ],
    [
      'headers of answers that it cuts',
      (_, response) => {
        response.removeHeader('ce-connectionState');
        return true;
      },
      'An answer with 8192 bytes of connection state in its headers does not come back (the service would see 200).',
      'proxy_buffer_size 16k',
    ],
    [
      'connections that break over large headers',
      ({ headers, socket }) => headers['ce-connectionstate'] === undefined || (socket.destroy(), false),
      'An answer with 8192 bytes of connection state in its headers does not come back (ECONNRESET).',
      'proxy_buffer_size 16k',
    ],
    [
      'bodies that are too large for it',
      ({ headers }, response) => Number(headers['content-length']) <= 1_000_000 || refuse(413)(response),
      'An event of 1 MiB, the largest message of the service, is answered 413.',
      'client_max_body_size 2m',
    ],
  ])('explains %s', async (_, passes, summary, cure) => {
    const url = await listen(behind(passes));
    const { isHealthy, findings } = await diagnoseUpstream({ url, connectionString: CONNECTION_STRING });
    expect(isHealthy).toBe(true);
    expect(findings.filter(({ check }) => check === 'size')).toEqual([
      { kind: 'warning', check: 'size', summary, cure: expect.stringContaining(cure) },
    ]);
  });
});

describe('doctor of an address', () => {
  it.each([
    ['no address', 'chat', 'is no http'],
    ['tunnel:///eventhandler', 'tunnel:///eventhandler', 'is no http'],
    ['a placeholder in the host', 'http://{hub}.localhost/', 'no placeholders in the host'],
    ['a port where nothing listens', 'http://127.0.0.1:1/eventhandler', 'the connection was refused'],
    ['an unknown host', 'http://host.invalid/eventhandler', 'host.invalid'],
  ])('explains %s', async (_, url, summary) => {
    const { isHealthy, findings } = await diagnose(url);
    expect(isHealthy).toBe(false);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ kind: 'problem', check: 'address', summary: expect.stringContaining(summary) });
  });

  it('explains https:// to a server that speaks http://', async () => {
    const url = (await listen(upstream())).replace('http:', 'https:');
    expect((await diagnose(url)).findings[0]?.cure).toContain('Try http://');
  });

  it('explains an upstream that never answers', async () => {
    const url = await listen(upstream({ validate: () => undefined }));
    const { findings } = await diagnose(url, { timeoutMs: 100 });
    expect(findings[0]).toMatchObject({
      check: 'address',
      summary: expect.stringContaining('did not answer within 100 ms'),
    });
  });

  it.each([['a/b'], [''], ['1']])('refuses the hub name %j', async (hub) => {
    await expect(diagnose('http://127.0.0.1:1/', { hubs: [hub] })).rejects.toThrow('is no hub name');
  });
});

describe('nestjs-web-pubsub doctor', () => {
  let source: TranspiledSource;
  beforeAll(async () => {
    source = await transpileSource();
  });
  afterAll(() => source.remove());

  async function run(args: string[], environment: Record<string, string> = {}) {
    const printed: string[] = [];
    const exitCode = await runCommand(['node', 'nestjs-web-pubsub', ...args], environment, (text) =>
      printed.push(text),
    );
    return { exitCode, text: printed.join('\n') };
  }

  it('prints what it found and the settings of the hubs, without the key', async () => {
    const url = await listen(upstream());
    const { exitCode, text } = await run(
      ['doctor', '--url', url, '--hub', 'chat=connect,message,join', '--hub', 'news'],
      {
        WebPubSubConnectionString: CONNECTION_STRING,
      },
    );
    expect(exitCode).toBe(0);
    expect(text).toContain('ok    [chat] A signed connect event is accepted (204).');
    expect(text).toContain('ok    [news] A signed connect event is accepted (204).');
    expect(text).toContain('user-event-pattern="message,join" system-event="connect"');
    expect(text).toContain('The service can deliver events to it.');
    expect(text).not.toContain(KEY);
  });

  it('prints the version of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const child = spawnSync(process.execPath, [join(source.folder, 'library/doctor/command.js'), '--version'], {
      encoding: 'utf8',
    });
    expect([child.status, child.stdout, child.stderr]).toEqual([0, `${version}\n`, '']);
  });

  it('ends with 1 when there is a problem', async () => {
    const { exitCode, text } = await run(['doctor', '--url', 'http://127.0.0.1:1/', '--hub', 'chat']);
    expect(exitCode).toBe(1);
    expect(text).toContain('FAIL  Nothing listens on 127.0.0.1:1');
    expect(text).toContain('Start the application');
  });

  it('prints the diagnosis as JSON', async () => {
    const { text } = await run([
      'doctor',
      '--url',
      await listen(upstream()),
      '--access-key',
      KEY,
      '--origin',
      ORIGIN,
      '--hub',
      'chat',
      '--json',
    ]);
    expect(JSON.parse(text)).toMatchObject({ isHealthy: true, hubs: [{ hub: 'chat', userEvents: ['*'] }] });
  });

  it.each([
    ['no address', ['doctor'], '--url'],
    ['a hub name that is none', ['doctor', '--url', 'http://127.0.0.1:1/', '--hub', 'a b'], 'is no hub name'],
    ['a hub without events', ['doctor', '--url', 'http://127.0.0.1:1/', '--hub', 'chat='], 'Name events'],
    ['a timeout that is none', ['doctor', '--url', 'http://127.0.0.1:1/', '--timeout', '0'], 'number of seconds'],
    [
      'a broken connection string',
      ['doctor', '--url', 'http://127.0.0.1:1/', '--connection-string', 'AccessKey=secret'],
      'no Endpoint',
    ],
    ['an unknown flag', ['doctor', '--url', 'http://127.0.0.1:1/', '--verbose'], 'unknown option'],
  ])('ends with 2 and says why: %s', async (_, args, message) => {
    const { exitCode, text } = await run(args);
    expect(exitCode).toBe(2);
    expect(text).toContain(message);
    expect(text).not.toContain('secret');
  });

  it('explains itself', async () => {
    const { exitCode, text } = await run(['doctor', '--help']);
    expect(exitCode).toBe(0);
    expect(text).toContain('WebPubSubConnectionString');
  });
});

describe('formatDiagnosis', () => {
  it('puts a cure below its finding', () => {
    const findings = [
      { kind: 'warning', check: 'speed', hub: 'chat', summary: 'It is slow.', cure: 'Be quick.' },
    ] as const;
    const text = formatDiagnosis({ url: 'http://x/', isHealthy: true, findings, hubs: [] });
    expect(text).toContain('warn  [chat] It is slow.\n      Be quick.');
  });
});
