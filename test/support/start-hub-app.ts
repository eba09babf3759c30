import { createHmac } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication, ModuleMetadata, NestApplicationOptions, Type } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { WebPubSubModule } from '../../src/library/web-pubsub.module.js';
import type { WebPubSubModuleOptions } from '../../src/library/web-pubsub-options.interface.js';

export type Platform = 'express' | 'fastify';
export const PLATFORMS: Platform[] = ['express', 'fastify'];
export const ATTACHMENTS = ['server', 'route'] as const;

export const ACCESS_KEY = 'primary-key-for-tests-0123456789abcdef';
export const CONNECTION_STRING = `Endpoint=https://demo.webpubsub.azure.com;AccessKey=${ACCESS_KEY};Version=1.0;`;
export const ORIGIN = 'demo.webpubsub.azure.com';

export interface HubAppSettings {
  readonly platform?: Platform;
  readonly options?: Partial<WebPubSubModuleOptions>;
  readonly providers?: NonNullable<ModuleMetadata['providers']>;
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly controllers?: Type[];
  readonly application?: NestApplicationOptions;
  /** What the host's `main.ts` does between creation and start. */
  readonly configure?: (app: INestApplication) => void | Promise<void>;
}

/** An application with hub classes, listening on a port of its own. */
export class HubApp {
  constructor(
    readonly app: INestApplication,
    readonly port: number,
  ) {}

  send(request: RawRequest): Promise<RawResponse> {
    return sendRequest(this.port, request);
  }

  /** Sends an event as the service does, with what the settings of the test add or take away. */
  sendEvent(event: EventSettings): Promise<RawResponse> {
    return this.send(eventRequest(event));
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

/** Creates the application and makes it listen. Rejects when it does not start. */
export async function startHubApp(settings: HubAppSettings): Promise<HubApp> {
  const app = await createHubApp(settings);
  try {
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  return new HubApp(app, (app.getHttpServer().address() as AddressInfo).port);
}

export async function createHubApp({
  platform = 'express',
  options = {},
  providers = [],
  imports = [],
  controllers = [],
  application = {},
  configure,
}: HubAppSettings): Promise<INestApplication> {
  const testing = await Test.createTestingModule({
    imports: [WebPubSubModule.forRoot({ connectionString: CONNECTION_STRING, ...options }), ...imports],
    providers,
    controllers,
  }).compile();
  const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = testing.createNestApplication(adapter, { logger: false, ...application });
  await configure?.(app);
  return app;
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  /** Sent as they are; lists are several lines. */
  readonly headers?: Record<string, string | string[] | undefined>;
  readonly body?: string | Buffer;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly body: Buffer;
  readonly text: string;
}

export function sendRequest(port: number, request: RawRequest): Promise<RawResponse> {
  const { method = 'POST', path = '/eventhandler', body } = request;
  const headers = Object.fromEntries(Object.entries(request.headers ?? {}).filter(([, value]) => value !== undefined));
  if (body !== undefined && headers['transfer-encoding'] === undefined) {
    headers['content-length'] ??= String(Buffer.byteLength(body));
  }
  return new Promise((resolve, reject) => {
    const outgoing = http.request(
      { host: '127.0.0.1', port, method, path, headers: headers as http.OutgoingHttpHeaders, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            rawHeaders: response.rawHeaders,
            body: bytes,
            text: bytes.toString(),
          });
        });
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    // As bytes: Node would write the headers as UTF-8 along with a string.
    outgoing.end(typeof body === 'string' ? Buffer.from(body) : body);
  });
}

export interface EventSettings {
  /** `ce-type` after `azure.webpubsub.`, such as `sys.connect` or `user.message`. */
  readonly type: string;
  readonly hub?: string;
  readonly connectionId?: string;
  readonly path?: string;
  readonly method?: string;
  readonly body?: string | Buffer;
  readonly contentType?: string;
  /** Added to those of the event, or in their place; undefined takes one away. */
  readonly headers?: Record<string, string | string[] | undefined>;
}

/** An event as section 4 of the protocol reference describes it, by hand: not by an encoder of this package. */
export function eventRequest({
  type,
  hub = 'chat',
  connectionId = 'conn-1',
  path,
  method,
  body = type.startsWith('user.') ? 'hello' : '{}',
  contentType = type.startsWith('user.') ? 'text/plain; charset=utf-8' : 'application/json',
  headers = {},
}: EventSettings): RawRequest {
  const signature = createHmac('sha256', ACCESS_KEY).update(connectionId).digest('hex');
  return {
    method,
    path,
    body,
    headers: {
      'webhook-request-origin': ORIGIN,
      'content-type': contentType,
      'ce-specversion': '1.0',
      'ce-awpsversion': '1.0',
      'ce-type': `azure.webpubsub.${type}`,
      'ce-source': `/hubs/${hub}/client/${connectionId}`,
      'ce-id': '1',
      'ce-time': '2026-03-04T05:06:07Z',
      'ce-signature': `sha256=${signature}`,
      'ce-connectionid': connectionId,
      'ce-hub': hub,
      'ce-eventname': type.slice(type.indexOf('.') + 1),
      ...headers,
    },
  };
}
