import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  TerminusModule,
  type HealthCheckResult,
  type HealthIndicatorFunction,
} from '@nestjs/terminus';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebPubSubHealthIndicator } from '../../../src/index.js';
import { ACCESS_KEY, startHubApp, type HubApp } from '../../support/start-hub-app.js';

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly service: WebPubSubHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    const ping: HealthIndicatorFunction = () => this.service.pingCheck('webPubSub', { timeoutMs: 500 });
    return this.health.check([ping]);
  }
}

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

interface Probe {
  readonly method?: string;
  readonly url?: string;
  readonly authorization?: string;
  readonly host?: string;
}

/** A service that answers its probe with a status, or never. */
async function startService(status: number | 'never'): Promise<{ endpoint: string; host: string; probes: Probe[] }> {
  const probes: Probe[] = [];
  const server: Server = createServer(({ method, url, headers }, response) => {
    probes.push({ method, url, authorization: headers.authorization, host: headers.host });
    if (status !== 'never') response.writeHead(status, { location: '/api/health' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { endpoint: `http://${host}`, host, probes };
}

async function askHealth(options: Parameters<typeof startHubApp>[0]['options']) {
  const app: HubApp = await startHubApp({ options, imports: [TerminusModule], controllers: [HealthController] });
  opened.push(app);
  const { status, text } = await app.send({ method: 'GET', path: '/health' });
  expect(text).not.toContain(ACCESS_KEY);
  return { status, body: JSON.parse(text) as HealthCheckResult };
}

const connectionStringOf = (endpoint: string) => `Endpoint=${endpoint};AccessKey=${ACCESS_KEY};Version=1.0;`;

describe('WebPubSubHealthIndicator under Terminus', () => {
  it('is up while the service answers its public probe', async () => {
    const { endpoint, host, probes } = await startService(200);
    const { status, body } = await askHealth({ connectionString: connectionStringOf(endpoint) });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'ok', info: { webPubSub: { status: 'up', endpoint } } });
    expect(probes).toEqual([{ method: 'HEAD', url: '/api/health', authorization: undefined, host }]);
  });

  it.each<[string, number | 'never', string]>([
    ['answers with an error', 503, 'It answered with status 503.'],
    ['sends elsewhere', 302, 'It answered with status 302.'],
    ['does not answer in time', 'never', 'It does not answer.'],
  ])('is down when the service %s', async (_, answer, message) => {
    const { endpoint } = await startService(answer);
    const { status, body } = await askHealth({ connectionString: connectionStringOf(endpoint) });
    expect(status).toBe(503);
    expect(body).toMatchObject({ status: 'error', error: { webPubSub: { status: 'down', endpoint, message } } });
  });

  it('asks through the reverse proxy that service clients use', async () => {
    const proxy = await startService(200);
    const { body } = await askHealth({
      connectionString: connectionStringOf('http://localhost:9'),
      serviceClientOptions: { reverseProxyEndpoint: proxy.endpoint },
    });
    expect(body.status).toBe('ok');
    expect(proxy.probes).toHaveLength(1);
  });

  it('is down when no service is configured', async () => {
    const { status, body } = await askHealth({ connectionString: undefined, upstreamAuth: { signature: 'off' } });
    expect(status).toBe(503);
    expect(body.error).toEqual({ webPubSub: { status: 'down', message: 'No service is configured.' } });
  });
});
