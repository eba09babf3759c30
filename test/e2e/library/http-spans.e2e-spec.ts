import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { context, trace } from '@opentelemetry/api';
import { getRPCMetadata, type RPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import { OnMessage, WebPubSubHub } from '../../../src/index.js';
import { TelemetryRecord } from '../../support/record-telemetry.js';
import { ATTACHMENTS, ORIGIN, PLATFORMS, startHubApp, type HubAppSettings } from '../../support/start-hub-app.js';

@WebPubSubHub('chat')
class ChatHub {
  @OnMessage()
  message() {
    return 'echo';
  }
}

let telemetry: TelemetryRecord;
beforeAll(() => {
  telemetry = new TelemetryRecord();
});
afterAll(() => telemetry.close());

/**
 * A span for each request, named when its response is closed, as @opentelemetry/instrumentation-http does it: `emit` runs in
 * a context that has the metadata, to which request and response are bound.
 */
function instrument(server: Server, type: string = RPCType.HTTP): void {
  const emit = server.emit.bind(server);
  server.emit = (event: string, ...args: unknown[]) => {
    if (event !== 'request') return emit(event, ...args);
    const [request, response] = args as [IncomingMessage, ServerResponse];
    const span = trace.getTracer('http').startSpan(`${request.method}`);
    const metadata: object = { type, span };
    const ofRequest = setRPCMetadata(trace.setSpan(context.active(), span), metadata as RPCMetadata);
    return context.with(ofRequest, () => {
      for (const emitter of [request, response]) context.bind<EventEmitter>(context.active(), emitter);
      response.on('close', () => {
        const route = getRPCMetadata(context.active())?.route;
        if (route !== undefined) span.updateName(`${request.method} ${route}`);
        span.end();
      });
      return emit(event, ...args);
    });
  };
}

/** Names of the spans that instrumentation of HTTP makes of an event and others. */
async function spanNames(settings: HubAppSettings, path: string, type?: string): Promise<string[]> {
  const app = await startHubApp({ ...settings, providers: [ChatHub] });
  instrument(app.app.getHttpServer() as Server, type);
  telemetry.takeSpans();
  expect((await app.sendEvent({ type: 'user.message', path })).text).toBe('echo');
  await app.sendEvent({ type: 'user.message', path: `${path}/message?code=s3cr3t` });
  await app.sendEvent({ type: 'user.message', path, headers: { 'ce-signature': 'sha256=00' } });
  await app.send({ method: 'OPTIONS', path, headers: { 'webhook-request-origin': ORIGIN } });
  await app.send({ method: 'GET', path: '/elsewhere' });
  await app.close();
  return telemetry
    .takeSpans()
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('process'));
}

describe.each(PLATFORMS)('the span of the HTTP request, on %s', (platform) => {
  it.each(ATTACHMENTS)('is named by the path that receives events, attached at the %s', async (attach) => {
    const names = await spanNames({ platform, options: { attach } }, '/eventhandler');
    const ofEvent = 'POST /eventhandler';
    expect(names).toEqual([ofEvent, ofEvent, ofEvent, 'OPTIONS /eventhandler', 'GET']);
  });

  it('is named by a path of its own', async () => {
    const names = await spanNames({ platform, options: { path: '/api/events/' } }, '/api/events');
    expect(new Set(names)).toEqual(new Set(['POST /api/events', 'OPTIONS /api/events', 'GET']));
  });

  it.each<[string, HubAppSettings, string]>([
    ['with observability off', { options: { observability: 'off' } }, RPCType.HTTP],
    ['of another protocol', {}, 'grpc'],
  ])('is left alone %s', async (_how, settings, type) => {
    const names = await spanNames({ platform, ...settings }, '/eventhandler', type);
    expect(names).toEqual(['POST', 'POST', 'POST', 'OPTIONS', 'GET']);
  });
});
