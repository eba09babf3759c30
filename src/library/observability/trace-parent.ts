import type { Context, Link, TextMapGetter } from '@opentelemetry/api';
import type { EventRequestHeaders } from '../../protocol/event-request-headers.js';
import type { OpenTelemetry } from './telemetry.constants.js';
import type { ObservedEvent } from './event-observer.interface.js';

/** What the span of an event hangs on. */
export interface TraceParent {
  readonly context: Context;
  readonly links: Link[];
}

type Carrier = EventRequestHeaders;

const headerGetter: TextMapGetter<Carrier> = {
  keys: (carrier) => Object.keys(carrier),
  get: (carrier, key) => carrier[key.toLowerCase()] as string | undefined,
};

/** Of what a client wrote, baggage is not taken over: it would travel on to whatever the handler calls. */
const CLIENT_FIELDS: readonly string[] = ['traceparent', 'tracestate'];
const metadataGetter: TextMapGetter<Carrier> = {
  keys: () => [...CLIENT_FIELDS],
  get: (carrier, key) => (CLIENT_FIELDS.includes(key) ? (carrier[key] as string | undefined) : undefined),
};

/**
 * The nearest cause that is known: the sender, when the message's metadata name it; else the span that is active, of
 * instrumentation that saw the request before; else what the headers of the request name. When the sender is the parent, the
 * request's own span is linked.
 */
export function traceParentOf({ event, headers }: ObservedEvent, api: OpenTelemetry): TraceParent {
  const { context, propagation, trace } = api;
  const active = context.active();
  const ofRequest = trace.getSpanContext(active) ? active : propagation.extract(active, headers, headerGetter);
  if (event.kind !== 'user' || event.metadata['traceparent'] === undefined) return { context: ofRequest, links: [] };
  const ofSender = propagation.extract(context.active(), event.metadata, metadataGetter);
  const sender = trace.getSpanContext(ofSender);
  const request = trace.getSpanContext(ofRequest);
  if (!sender || sender === trace.getSpanContext(active)) return { context: ofRequest, links: [] };
  return { context: ofSender, links: request ? [{ context: request }] : [] };
}
