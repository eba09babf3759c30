import { expect, it } from '@jest/globals';
import ts from 'typescript';
import { compileSnippets } from '../support/compile-snippets.js';

/** What is not set is often `undefined` rather than absent: of an environment variable, of a token without a claim. */
const APPLICATION = `
import { AzureKeyCredential } from '@azure/web-pubsub';
import type { INestApplication } from '@nestjs/common';
import {
  ConnectRequest,
  ConnectResponse,
  diagnoseUpstream,
  InMemoryIdempotencyStore,
  OnConnect,
  ServiceClients,
  UserEventResponse,
  WebPubSubHealthIndicator,
  WebPubSubHub,
  WebPubSubModule,
} from 'nestjs-web-pubsub';
import { type HubSettings, WebPubSubEmulator } from 'nestjs-web-pubsub/emulator';
import { startTestService, UpstreamSimulator } from 'nestjs-web-pubsub/testing';

declare const text: string | undefined;
declare const texts: string[] | undefined;
declare const flag: boolean | undefined;
declare const size: number | undefined;

@WebPubSubHub('chat')
export class ChatHub {
  @OnConnect()
  connect({ context }: ConnectRequest): ConnectResponse {
    return { userId: context.userId, groups: texts, roles: texts, subprotocol: text, mqtt: { userProperties: undefined } };
  }
}

const credential = text === undefined ? undefined : new AzureKeyCredential(text);
const entra = { tenantId: 'tenant', audience: 'audience', allowedAppIds: texts, issuer: text, jwksUri: text };
const store = new InMemoryIdempotencyStore({ maxEntries: size, maxAnswerLength: size, now: undefined });
export const modules = [
  WebPubSubModule.forRoot({ connectionString: text, path: text, isGlobal: flag, hubs: texts, allowedOrigins: texts }),
  WebPubSubModule.forRootAsync({
    path: text,
    isGlobal: flag,
    useFactory: async () => ({
      endpoint: text,
      credential,
      upstreamAuth: { signature: flag ? 'off' : undefined, entra: flag ? entra : undefined },
      unhandledUserEvents: flag ? 'accept' : undefined,
      attach: flag ? 'route' : undefined,
      globalEnhancers: flag,
      maxBodyBytes: size,
      stateCodec: flag ? 'dotnet' : undefined,
      maxStateBytes: size,
      idempotency: flag ? { store, ttlMs: size } : undefined,
      observability: flag ? 'off' : undefined,
      serviceClientOptions: flag ? {} : undefined,
    }),
  }),
];
export const response = new UserEventResponse('x', 'text', { metadata: undefined, mqtt: { contentType: text } });

export async function use(application: INestApplication, clients: ServiceClients, health: WebPubSubHealthIndicator) {
  await clients.clientAccess('chat', { userId: text, roles: texts, groups: texts, expirationTimeInMinutes: size });
  await health.pingCheck('service', { timeoutMs: size });
  await diagnoseUpstream({ url: 'http://localhost/eventhandler', accessKey: text, origin: text, timeoutMs: size });
  const hub: HubSettings = {
    eventHandlers: [{ urlTemplate: 'http://localhost', userEventPattern: text, systemEvents: undefined, auth: undefined }],
    anonymousConnectPolicy: undefined,
  };
  await WebPubSubEmulator.start({ port: size, host: text, accessKey: text, hubs: { chat: hub }, maxConnections: size });
  const simulator = UpstreamSimulator.for(application, { hub: 'chat', accessKey: text, origin: text, path: text });
  const ann = await simulator.connect({ userId: text, groups: texts, claims: undefined, mqtt: undefined });
  await ann.send('hi', { dataType: undefined, metadata: undefined });
  const service = await startTestService(application, { hubs: undefined, emulator: undefined });
  const client = await service.client('chat', { userId: text, roles: texts, groups: texts });
  await client.next({ timeoutMs: size });
}
`;

it('options and answers take undefined for what is not set, by the strictest settings of a compiler that would tell', () => {
  const snippets = [
    { name: 'application', path: 'application.ts', text: APPLICATION },
    { name: 'wrong', path: 'wrong.ts', text: 'export const wrong: { text?: string } = { text: undefined };' },
  ];
  const settings = {
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  expect(compileSnippets(snippets, settings)).toEqual([expect.stringMatching(/^wrong, line 1/)]);
}, 120_000);
