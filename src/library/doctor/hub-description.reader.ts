import { isEventName, isHubName } from '../../protocol/names.js';
import type { HubEventHandler } from './hub-settings.js';
import type { ProbeResult } from './upstream-probe.js';

/**
 * What an application says of its hubs; undefined when it did not answer, or something else. Whoever answers at the address
 * may say anything, and it becomes part of a command: names that are none are not taken.
 */
export function readDescription(result: ProbeResult): HubEventHandler[] | undefined {
  if (result.kind === 'failed' || result.status !== 200) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(result.body);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || !value.every(isHandler)) return undefined;
  return value.map(({ hub, systemEvents, userEvents }) => ({ hub, systemEvents, userEvents }));
}

function isHandler(value: unknown): value is HubEventHandler {
  const { hub, systemEvents, userEvents } = (value ?? {}) as Record<string, unknown>;
  return typeof hub === 'string' && isHubName(hub) && areEvents(systemEvents) && areEvents(userEvents);
}

function areEvents(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && (item === '*' || isEventName(item)));
}
