import { BadRequestException, UnauthorizedException } from '@nestjs/common';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  OnConnect,
  OnConnected,
  OnMessage,
  OnUserEvent,
  WebPubSubHub,
  type WebPubSubModuleOptions,
} from '../../../src/index.js';
import { eventRequest, startHubApp, type EventSettings, type HubApp } from '../../support/start-hub-app.js';
import { TelemetryRecord, type RecordedPoint } from '../../support/record-telemetry.js';

const SECRET = 'hunter2';

@WebPubSubHub('Chat')
class ChatHub {
  @OnConnect()
  connect(): void {
    throw new UnauthorizedException(`no entry with ${SECRET}`);
  }

  @OnConnected()
  connected(): void {}

  @OnMessage()
  async message(): Promise<{ traceId?: string }> {
    await Promise.resolve();
    return { traceId: trace.getSpanContext(context.active())?.traceId };
  }

  @OnUserEvent('work')
  work(): void {
    trace.getTracer('application').startSpan('query').end();
  }

  @OnUserEvent('boom')
  async boom(): Promise<void> {
    await Promise.resolve();
    throw new RangeError(`password ${SECRET}`);
  }

  @OnUserEvent('strict')
  strict(): void {
    throw new BadRequestException();
  }
}

@WebPubSubHub('open')
class OpenHub {
  @OnUserEvent('*')
  any(): void {}
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SENDER = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE}-${SENDER}-01`;
const OTHER_TRACE = '0af7651916cd43dd8448eb211c80319c';

let telemetry: TelemetryRecord;
beforeAll(() => {
  telemetry = new TelemetryRecord();
});
afterAll(() => telemetry.close());

async function withApp(options: Partial<WebPubSubModuleOptions>, visit: (app: HubApp) => Promise<void>): Promise<void> {
  const app = await startHubApp({ options, providers: [ChatHub, OpenHub] });
  telemetry.takeSpans();
  try {
    await visit(app);
  } finally {
    await app.close();
  }
}

describe('telemetry of events', () => {
  let app: HubApp;
  beforeAll(async () => {
    app = await startHubApp({ providers: [ChatHub, OpenHub] });
  });
  afterAll(() => app.close());

  async function spanOf(event: EventSettings) {
    telemetry.takeSpans();
    const { status, text } = await app.sendEvent(event);
    const spans = telemetry.takeSpans().filter(({ name }) => name.startsWith('process '));
    expect(spans).toHaveLength(1);
    return { status, text, span: spans[0] };
  }

  it('is a consumer span with the ids of the event, by the messaging conventions', async () => {
    const { span } = await spanOf({
      type: 'user.message',
      headers: { 'ce-userid': 'ann', 'ce-connectionstate': 'eyJhIjoxfQ==' },
    });
    expect(span.name).toBe('process Chat message');
    expect(span.kind).toBe(SpanKind.CONSUMER);
    expect(span.instrumentationScope.name).toBe('nestjs-web-pubsub');
    expect(span.attributes).toEqual({
      'messaging.system': 'azure_web_pubsub',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'Chat',
      'messaging.message.id': '1',
      'messaging.message.body.size': 5,
      'messaging.azure_web_pubsub.event.name': 'message',
      'messaging.azure_web_pubsub.event.group': 'user',
      'messaging.azure_web_pubsub.connection.id': 'conn-1',
      'server.address': 'demo.webpubsub.azure.com',
      'http.response.status_code': 200,
    });
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
  });

  it.each([
    ['a system event', { type: 'sys.connected' }, 'process Chat connected', 'system'],
    ['a user event of a system name', { type: 'user.connected' }, 'process Chat _other', 'user'],
    ['an event that any-name handler takes', { type: 'user.Xyz', hub: 'open' }, 'process open *', 'user'],
  ])('names %s by what the application declares', async (_, event, name, group) => {
    const { span } = await spanOf(event);
    expect(span.name).toBe(name);
    expect(span.attributes).toMatchObject({
      'messaging.azure_web_pubsub.event.name': event.type.slice(event.type.indexOf('.') + 1),
      'messaging.azure_web_pubsub.event.group': group,
    });
  });

  it('runs the handler inside the span, across awaits', async () => {
    const { span, text } = await spanOf({ type: 'user.message' });
    expect(JSON.parse(text)).toEqual({ traceId: span.spanContext().traceId });
  });

  it('is the parent of what the handler starts', async () => {
    telemetry.takeSpans();
    await app.sendEvent({ type: 'user.work' });
    const [query, event] = telemetry.takeSpans();
    expect(query.name).toBe('query');
    expect(query.parentSpanContext?.spanId).toBe(event.spanContext().spanId);
  });

  it.each([
    ['the request', { traceparent: TRACEPARENT }, []],
    ['the message', { 'x-webpubsub-metadata-traceparent': TRACEPARENT }, []],
    [
      'the message, with a link to the request,',
      {
        'x-webpubsub-metadata-traceparent': TRACEPARENT,
        'x-webpubsub-metadata-tracestate': 'vendor=1',
        traceparent: `00-${OTHER_TRACE}-b7ad6b7169203331-01`,
      },
      [OTHER_TRACE],
    ],
  ])('continues the trace that %s names', async (_, headers, linked) => {
    const { span } = await spanOf({ type: 'user.message', headers });
    expect(span.spanContext().traceId).toBe(TRACE);
    expect(span.parentSpanContext).toMatchObject({ spanId: SENDER, isRemote: true });
    expect(span.links.map((link) => link.context.traceId)).toEqual(linked);
  });

  it.each(['', 'garbage', `00-${'0'.repeat(32)}-${SENDER}-01`])(
    'begins a trace of its own when the metadata say "%s"',
    async (traceparent) => {
      const { span, status } = await spanOf({
        type: 'user.message',
        headers: { 'x-webpubsub-metadata-traceparent': traceparent },
      });
      expect(status).toBe(200);
      expect(span.parentSpanContext).toBeUndefined();
      expect(span.links).toEqual([]);
    },
  );

  it('records an error by class and place, without its message', async () => {
    const { span, status } = await spanOf({ type: 'user.boom', body: SECRET });
    expect(status).toBe(500);
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span.attributes).toMatchObject({ 'error.type': 'RangeError', 'http.response.status_code': 500 });
    const [{ name, attributes }] = span.events;
    expect(name).toBe('exception');
    expect(attributes).toMatchObject({
      'exception.type': 'RangeError',
      'exception.stacktrace': expect.stringContaining('observability.e2e-spec'),
    });
    expect(JSON.stringify([span.attributes, span.events, span.status])).not.toContain(SECRET);
  });

  it('leaves the status unset when the application refuses on purpose', async () => {
    const { span, status } = await spanOf({ type: 'sys.connect' });
    expect(status).toBe(401);
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(span.attributes).toMatchObject({
      'error.type': 'UnauthorizedException',
      'http.response.status_code': 401,
    });
    expect(JSON.stringify([span.attributes, span.events])).not.toContain(SECRET);
  });

  it('makes no span of a request that is no event', async () => {
    telemetry.takeSpans();
    const { status } = await app.sendEvent({ type: 'user.message', headers: { 'ce-signature': 'sha256=00' } });
    expect(status).toBe(401);
    expect(telemetry.takeSpans()).toEqual([]);
  });
});

describe('metrics of events', () => {
  const byEvent = (points: RecordedPoint[]) =>
    Object.fromEntries(
      points.map(({ attributes, value }) => [
        [
          attributes['messaging.destination.name'],
          attributes['messaging.azure_web_pubsub.event.name'],
          attributes['http.response.status_code'],
          attributes['error.type'],
        ]
          .flatMap((part) => (typeof part === 'string' || typeof part === 'number' ? [part] : []))
          .join(' '),
        value,
      ]),
    );

  it('count events, durations and failures by hub and event, invented names together', async () => {
    await telemetry.close();
    telemetry = new TelemetryRecord();
    await withApp({}, async (app) => {
      for (const type of ['user.message', 'user.MESSAGE', 'user.boom', 'user.strict', 'user.x1', 'user.x2']) {
        await app.sendEvent({ type });
      }
      await app.sendEvent({ type: 'user.y1', hub: 'OPEN' });
      await app.sendEvent({ type: 'user.y2', hub: 'open' });
      await app.sendEvent({ type: 'user.message', hub: 'foreign' });
      await app.sendEvent({ type: 'user.message', headers: { 'ce-signature': 'sha256=00' } });
      await app.sendEvent({ type: 'sys.connect', body: '[' });
    });
    const events = {
      'Chat message 200': 2,
      'Chat boom 500 RangeError': 1,
      'Chat strict 400 BadRequestException': 1,
      'Chat _other 404 404': 2,
      'open * 204': 2,
    };
    expect(byEvent(await telemetry.points('messaging.client.consumed.messages'))).toEqual(events);
    expect(byEvent(await telemetry.points('messaging.azure_web_pubsub.event.failures'))).toEqual({
      'Chat boom 500 RangeError': 1,
      'Chat strict 400 BadRequestException': 1,
      'Chat _other 404 404': 2,
    });
    const durations = byEvent(await telemetry.points('messaging.process.duration'));
    expect(Object.keys(durations).sort()).toEqual(Object.keys(events).sort());
    expect(durations['Chat message 200']).toMatchObject({
      count: 2,
      buckets: { boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
    });
    expect(byEvent(await telemetry.points('messaging.azure_web_pubsub.request.refusals'))).toEqual({
      '400': 1,
      '401': 1,
      '404': 1,
    });
  });
});

describe('the option observability', () => {
  it('off leaves events alone', async () => {
    await withApp({ observability: 'off' }, async (app) => {
      expect((await app.send(eventRequest({ type: 'user.message' }))).text).toBe('{}');
      expect(telemetry.takeSpans()).toEqual([]);
    });
  });

  it('auto makes one span of an event that is delivered twice and remembered', async () => {
    await withApp({ idempotency: {} }, async (app) => {
      const answers = [await app.sendEvent({ type: 'user.message' }), await app.sendEvent({ type: 'user.message' })];
      expect(answers[1].text).toBe(answers[0].text);
      expect(telemetry.takeSpans()).toHaveLength(1);
    });
  });

  it('auto answers events whatever fails in the pipeline of telemetry', async () => {
    await telemetry.close();
    const broken = {
      startSpan: () => {
        throw new Error('exporter');
      },
    };
    trace.setGlobalTracerProvider({ getTracer: () => broken as never });
    try {
      await withApp({}, async (app) => {
        expect((await app.sendEvent({ type: 'user.message' })).status).toBe(200);
        expect((await app.sendEvent({ type: 'user.boom' })).status).toBe(500);
      });
    } finally {
      trace.disable();
    }
  });
});
