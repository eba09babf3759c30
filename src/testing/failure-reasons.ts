import { canonicalHubName } from '../protocol/names.js';
import type { ClientTraffic, TrafficEntry, UpstreamTraffic } from '../emulator/traffic-log.js';

/** What clients are not told by the service, read from the emulator's record: rather nothing than what is not certain. */

/**
 * Why the event that the client sent with that ack id failed; undefined when the record does not say. Frames of a connection
 * are handled one after the other: what went upstream between the frame and its ack was that event, but for invocations.
 */
export function findEventFailure(
  entries: readonly TrafficEntry[],
  connectionId: string,
  ackId: number,
): string | undefined {
  const ofClient = (entry: TrafficEntry, action: ClientTraffic['action']): entry is ClientTraffic =>
    entry.door === 'client' && entry.connectionId === connectionId && entry.action === action;
  const end = entries.findLastIndex((entry) => ofClient(entry, 'sent') && entry.summary.startsWith(`ack ${ackId} `));
  const frames = entries.slice(0, Math.max(end, 0));
  const start = frames.findLastIndex(
    (entry) => ofClient(entry, 'received') && entry.summary.endsWith(` (ack ${ackId})`),
  );
  if (start === -1) return undefined;
  const { summary } = frames[start] as ClientTraffic;
  const attempts = frames.slice(start).filter((entry): entry is UpstreamTraffic => {
    if (entry.door !== 'upstream' || entry.connectionId !== connectionId) return false;
    return summary === `event ${entry.eventName} (ack ${ackId})`;
  });
  const events = new Set(attempts.map(({ request }) => request.headers['ce-id']));
  return events.size === 1 ? attempts.at(-1)?.failure : undefined;
}

/**
 * Why a client of the hub was refused with that error after the entry with that id; undefined when the record does not say,
 * or says several things of clients that were refused alike.
 */
export function findRefusal(
  entries: readonly TrafficEntry[],
  hub: string,
  { message }: Error,
  afterId: number,
): string | undefined {
  const reasons = new Set<string>();
  for (const entry of entries) {
    if (entry.id <= afterId || entry.door !== 'client' || entry.action !== 'refused') continue;
    if (canonicalHubName(entry.hub) !== canonicalHubName(hub) || !message.endsWith(` ${entry.status}`)) continue;
    reasons.add(entry.summary);
  }
  const [reason] = reasons;
  return reasons.size === 1 ? reason : undefined;
}

/** The same error, which says more. */
export function sayMore(error: Error, more: string): Error {
  const { message, stack } = error;
  error.message = message + more;
  // Test runners print the stack, which was made with the message.
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
  return error;
}
