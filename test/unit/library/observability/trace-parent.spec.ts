import * as api from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HubEvent } from '../../../../src/protocol/cloud-event.js';
import { traceParentOf } from '../../../../src/library/observability/trace-parent.js';
import { TelemetryRecord } from '../../../support/record-telemetry.js';

const SENDER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const REQUEST = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const ACTIVE = { traceId: '11111111111111111111111111111111', spanId: '2222222222222222', traceFlags: 1 };
const headerOf = ({ traceId, spanId }: { traceId: string; spanId: string }) => `00-${traceId}-${spanId}-01`;

function parentOf(headers: Record<string, string>, metadata?: Record<string, string>) {
  const event = metadata ? { kind: 'user', metadata } : { kind: 'connected' };
  return traceParentOf({ event: event as unknown as HubEvent, hub: 'chat', handler: undefined, headers }, api);
}

describe('the parent of an event', () => {
  let telemetry: TelemetryRecord;
  beforeAll(() => {
    telemetry = new TelemetryRecord();
  });
  afterAll(() => telemetry.close());

  const withActiveSpan = <T>(call: () => T): T =>
    api.context.with(api.trace.setSpanContext(api.ROOT_CONTEXT, ACTIVE), call);

  it('is none when nobody names one', () => {
    const { context, links } = parentOf({}, {});
    expect(api.trace.getSpanContext(context)).toBeUndefined();
    expect(links).toEqual([]);
  });

  it('is the active span rather than the headers that its instrumentation has read', () => {
    const { context, links } = withActiveSpan(() => parentOf({ traceparent: headerOf(REQUEST) }));
    expect(api.trace.getSpanContext(context)).toEqual(ACTIVE);
    expect(links).toEqual([]);
  });

  it('is the sender of the message rather than the active span, which is linked', () => {
    const { context, links } = withActiveSpan(() => parentOf({}, { traceparent: headerOf(SENDER) }));
    expect(api.trace.getSpanContext(context)).toMatchObject(SENDER);
    expect(links).toEqual([{ context: ACTIVE }]);
  });

  it('takes the trace state of the message, and no baggage of a client', () => {
    const { context } = parentOf({}, { traceparent: headerOf(SENDER), tracestate: 'vendor=1', baggage: 'role=admin' });
    expect(api.trace.getSpanContext(context)?.traceState?.serialize()).toBe('vendor=1');
    expect(api.propagation.getBaggage(context)).toBeUndefined();
  });

  it('takes the baggage of the request, whose sender has proved itself', () => {
    const { context } = parentOf({ traceparent: headerOf(REQUEST), baggage: 'tenant=a' });
    expect(api.propagation.getBaggage(context)?.getEntry('tenant')?.value).toBe('a');
  });
});
