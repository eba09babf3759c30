import { isEventName, isGroupName } from '../../protocol/names.js';

const RESERVED_PREFIX = '$webpubsub/';
const EVENT_PREFIX = '$webpubsub/server/events/';

/** Where messages to all, to a user or to a connection arrive, with no subscription [client-mqtt 6.1]. */
export const SERVER_MESSAGES_TOPIC = '$webpubsub/server/messages';

/** What a published topic addresses [client-mqtt 5]. */
export type TopicTarget =
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'event'; readonly event: string }
  | { readonly kind: 'invalid'; readonly problem: string };

/** Topics below `$webpubsub/` that are no event are refused [assumed]. */
export function resolveTopic(topic: string): TopicTarget {
  if (topic.startsWith(EVENT_PREFIX)) {
    const event = topic.slice(EVENT_PREFIX.length);
    return isEventName(event)
      ? { kind: 'event', event }
      : { kind: 'invalid', problem: 'the topic does not end in an event name' };
  }
  if (topic.startsWith(RESERVED_PREFIX)) {
    return {
      kind: 'invalid',
      problem: 'topics below $webpubsub/ are reserved, except $webpubsub/server/events/{event}',
    };
  }
  return isGroupName(topic) && !topic.includes('\0')
    ? { kind: 'group', group: topic }
    : { kind: 'invalid', problem: 'the topic is no group name: 1 to 1024 characters, not only white space' };
}

export function hasWildcard(topic: string): boolean {
  return topic.includes('+') || topic.includes('#');
}

/** Where the answer to a user event goes [client-mqtt 7]. */
export function eventAnswerTopic(event: string, isHandled: boolean): string {
  return `${EVENT_PREFIX}${event}/${isHandled ? 'succeeded' : 'failed'}`;
}

/** A topic on which the service pushes by itself; subscribing to it is allowed and changes nothing [assumed]. */
export function isPushedTopic(topic: string): boolean {
  if (topic === SERVER_MESSAGES_TOPIC) return true;
  const match = /^\$webpubsub\/server\/events\/([^/]+)\/(?:succeeded|failed)$/.exec(topic);
  return match !== null && isEventName(match[1]);
}
