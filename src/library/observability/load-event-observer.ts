import type { WebPubSubModuleOptions } from '../web-pubsub-options.interface.js';
import type { EventObserver } from './event-observer.interface.js';
import { OpenTelemetryObserver } from './open-telemetry.observer.js';
import type { OpenTelemetry } from './telemetry.constants.js';

/** Undefined, so that events cost nothing more, when it is switched off or `@opentelemetry/api` is not installed. */
export async function loadEventObserver(
  { observability = 'auto' }: Pick<WebPubSubModuleOptions, 'observability'>,
  load?: () => Promise<OpenTelemetry>,
): Promise<EventObserver | undefined> {
  if (observability === 'off') return undefined;
  try {
    // Bundlers let a package be absent that is imported in the block of a `try`, and nowhere else.
    return new OpenTelemetryObserver(load ? await load() : await import('@opentelemetry/api'));
  } catch {
    return undefined;
  }
}
