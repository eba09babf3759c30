import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api';
import { ATTRIBUTES, DURATION_BOUNDARIES } from './telemetry.constants.js';

/** Events, their duration and failures by hub and event; requests that became no event by status alone. */
export class EventMetrics {
  readonly #events: Counter;
  readonly #duration: Histogram;
  readonly #failures: Counter;
  readonly #refusals: Counter;

  constructor(meter: Meter) {
    this.#events = meter.createCounter('messaging.client.consumed.messages', {
      description: 'Events that reached the application.',
      unit: '{message}',
    });
    this.#duration = meter.createHistogram('messaging.process.duration', {
      description: 'How long events were handled.',
      unit: 's',
      advice: { explicitBucketBoundaries: [...DURATION_BOUNDARIES] },
    });
    this.#failures = meter.createCounter('messaging.azure_web_pubsub.event.failures', {
      description: 'Events that were answered with a refusal, by error and status.',
      unit: '{event}',
    });
    this.#refusals = meter.createCounter('messaging.azure_web_pubsub.request.refusals', {
      description: 'Requests that became no event: without proof, of an unknown hub, malformed, too large.',
      unit: '{request}',
    });
  }

  answered(attributes: Attributes, seconds: number, isFailure: boolean): void {
    this.#events.add(1, attributes);
    this.#duration.record(seconds, attributes);
    if (isFailure) this.#failures.add(1, attributes);
  }

  refused(status: number): void {
    this.#refusals.add(1, { [ATTRIBUTES.status]: status });
  }
}
