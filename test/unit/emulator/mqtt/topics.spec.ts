import { describe, expect, it } from '@jest/globals';
import {
  eventAnswerTopic,
  hasWildcard,
  isPushedTopic,
  resolveTopic,
  SERVER_MESSAGES_TOPIC,
} from '../../../../src/emulator/mqtt/topics.js';

describe('resolveTopic [client-mqtt 5]', () => {
  it.each(['a', 'a/b/c', '/', '$SYS/x', '$webpubsub', 'a'.repeat(1024), ' a ', '李'])('%p is a group', (topic) => {
    expect(resolveTopic(topic)).toEqual({ kind: 'group', group: topic });
  });

  it.each(['e', 'Order.created-1_x', 'a'.repeat(128)])('an event topic is the event %s', (event) => {
    expect(resolveTopic(`$webpubsub/server/events/${event}`)).toEqual({ kind: 'event', event });
  });

  it.each([
    '',
    '  ',
    'a'.repeat(1025),
    'a\0b',
    '$webpubsub/',
    '$webpubsub/server/messages',
    '$webpubsub/server/events',
    '$webpubsub/server/events/',
    '$webpubsub/server/events/1',
    '$webpubsub/server/events/a/b',
    `$webpubsub/server/events/${'a'.repeat(129)}`,
  ])('%p is refused', (topic) => {
    expect(resolveTopic(topic)).toMatchObject({ kind: 'invalid' });
  });
});

it.each([
  ['a', false],
  ['a/+', true],
  ['#', true],
  ['a#b', true],
])('hasWildcard(%p) is %p', (topic, expected) => {
  expect(hasWildcard(topic)).toBe(expected);
});

it.each([
  [SERVER_MESSAGES_TOPIC, true],
  [eventAnswerTopic('e', true), true],
  [eventAnswerTopic('e', false), true],
  ['$webpubsub/server/events/e', false],
  ['$webpubsub/server/events/e/other', false],
  ['$webpubsub/server/events/1/failed', false],
  ['a', false],
])('isPushedTopic(%p) is %p', (topic, expected) => {
  expect(isPushedTopic(topic)).toBe(expected);
});
