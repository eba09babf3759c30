import type { Attributes, Span, Tracer } from '@opentelemetry/api';
import type { EventReply, HubEvent } from '../../protocol/cloud-event.js';
import { eventGroupOf } from '../../protocol/event-group.js';
import { statusOfReply } from '../../protocol/event-reply.encoder.js';
import { errorTypeOf, stackFramesOf } from './error-type.js';
import { eventLabelOf } from './event-label.js';
import type { EventObserver, ObservedEvent } from './event-observer.interface.js';
import { EventMetrics } from './event.metrics.js';
import { EventSeries } from './event-series.js';
import { ATTRIBUTES, INSTRUMENTATION, RPC_METADATA, type OpenTelemetry } from './telemetry.constants.js';
import { traceParentOf } from './trace-parent.js';

/** Names of events that nobody handles have any length. */
const MAX_NAME_LENGTH = 200;

/** An event of which a span is open. */
interface OpenEvent {
  readonly span: Span;
  readonly series: EventSeries;
  readonly startedAtMs: number;
  /** Class of the error that refused the event. */
  errorType?: string;
}

/** What instrumentation of HTTP keeps in the context of a request. */
interface RpcMetadata {
  readonly type: string;
  route?: string;
}

/**
 * A span and the metrics of each event, by the messaging conventions of OpenTelemetry: the application is a consumer to whom
 * the service pushes messages, and runs its handler in the context of the span. Ids are recorded, payloads, users and
 * messages of errors are not.
 */
export class OpenTelemetryObserver implements EventObserver {
  readonly #api: OpenTelemetry;
  readonly #tracer: Tracer;
  readonly #rpcMetadataKey: symbol;
  readonly #open = new WeakMap<HubEvent, OpenEvent>();
  /** As many as the application declares events. */
  readonly #series = new Map<string, EventSeries>();
  #metrics: EventMetrics | undefined;

  constructor(api: OpenTelemetry) {
    this.#api = api;
    this.#tracer = api.trace.getTracer(INSTRUMENTATION);
    this.#rpcMetadataKey = api.createContextKey(RPC_METADATA);
  }

  /** Instrumentation of HTTP learns routes from that of frameworks, which events go past. */
  received(path: string): void {
    this.#guard(() => {
      const metadata = this.#api.context.active().getValue(this.#rpcMetadataKey) as RpcMetadata | undefined;
      if (metadata?.type === 'http') metadata.route = path;
    });
  }

  observe(observed: ObservedEvent, handle: () => EventReply | Promise<EventReply>): EventReply | Promise<EventReply> {
    const context = this.#guard(() => this.#begin(observed));
    if (!context) return handle();
    const answer = this.#api.context.with(context, handle);
    if (!(answer instanceof Promise)) return this.#end(observed.event, answer);
    return answer.then((reply) => this.#end(observed.event, reply));
  }

  failed(event: HubEvent, error: unknown): void {
    this.#guard(() => {
      const open = this.#open.get(event);
      if (open) open.errorType = errorTypeOf(error);
      open?.span.recordException({ name: errorTypeOf(error), stack: stackFramesOf(error) });
    });
  }

  refused(status: number): void {
    this.#guard(() => this.#openMetrics().refused(status));
  }

  #begin(observed: ObservedEvent) {
    const { event, hub, handler, headers } = observed;
    const { SpanKind, trace } = this.#api;
    const series = this.#seriesOf(hub, eventLabelOf(event, handler), eventGroupOf(event.kind));
    const { spanName, attributes } = series;
    const { context, links } = traceParentOf(observed, this.#api);
    const span = this.#tracer.startSpan(spanName, { kind: SpanKind.CONSUMER, links, attributes }, context);
    if (span.isRecording()) span.setAttributes(idsOf(event, headers));
    this.#open.set(event, { span, series, startedAtMs: performance.now() });
    return trace.setSpan(context, span);
  }

  #seriesOf(hub: string, label: string, group: string): EventSeries {
    const key = `${hub} ${group} ${label}`;
    let series = this.#series.get(key);
    if (!series) this.#series.set(key, (series = new EventSeries(hub, label, group)));
    return series;
  }

  #end(event: HubEvent, reply: EventReply): EventReply {
    this.#guard(() => {
      const open = this.#open.get(event);
      if (!open) return;
      this.#open.delete(event);
      const { span, series, startedAtMs } = open;
      const status = statusOfReply(reply);
      const errorType = reply.kind === 'refusal' ? (open.errorType ?? String(status)) : undefined;
      span.setAttribute(ATTRIBUTES.status, status);
      if (errorType !== undefined) span.setAttribute(ATTRIBUTES.errorType, errorType);
      // What the application refuses on purpose is no error of the application, as with HTTP servers.
      if (status >= 500) span.setStatus({ code: this.#api.SpanStatusCode.ERROR });
      span.end();
      const seconds = (performance.now() - startedAtMs) / 1000;
      this.#openMetrics().answered(series.withOutcome(status, errorType), seconds, errorType !== undefined);
    });
    return reply;
  }

  /** With the first event, since meters that are asked for before the application's SDK has started stay silent. */
  #openMetrics(): EventMetrics {
    return (this.#metrics ??= new EventMetrics(this.#api.metrics.getMeter(INSTRUMENTATION)));
  }

  /** A fault of an exporter or processor must not become one of the event. */
  #guard<T>(watch: () => T): T | undefined {
    try {
      return watch();
    } catch (error) {
      this.#api.diag.error('An event could not be observed.', error);
      return undefined;
    }
  }
}

/** Of one event, too many values for metrics. */
function idsOf({ context }: HubEvent, headers: ObservedEvent['headers']): Attributes {
  const bodySize = Number(headers['content-length']);
  return {
    [ATTRIBUTES.eventName]: context.eventName.slice(0, MAX_NAME_LENGTH),
    [ATTRIBUTES.connectionId]: context.connectionId,
    [ATTRIBUTES.messageId]: context.eventId,
    ...(context.origins.length > 0 && { [ATTRIBUTES.serverAddress]: context.origins[0] }),
    ...(Number.isSafeInteger(bodySize) && { [ATTRIBUTES.bodySize]: bodySize }),
  };
}
