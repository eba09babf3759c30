import { describe, expect, it } from '@jest/globals';
import type { HubEvent } from '../../../../src/protocol/cloud-event.js';
import { eventGroupOf } from '../../../../src/protocol/event-group.js';
import type { HubHandler } from '../../../../src/library/hubs/hub-handler.js';
import { eventLabelOf } from '../../../../src/library/observability/event-label.js';

const eventOf = (kind: HubEvent['kind'], eventName: string) => ({ kind, context: { eventName } }) as HubEvent;
const handlerOf = (...names: string[]) =>
  ({ events: names.map((name) => ({ kind: 'user', name })) }) as unknown as HubHandler;

describe('the label of an event', () => {
  it.each<[string, HubEvent, HubHandler | undefined, string, string]>([
    ['a system event', eventOf('connect', 'connect'), undefined, 'connect', 'system'],
    ['a group event', eventOf('joined', 'joined'), undefined, 'joined', 'group'],
    ['a user event, as its handler spells it', eventOf('user', 'JOIN'), handlerOf('leave', 'Join'), 'Join', 'user'],
    ['a user event of a handler of all', eventOf('user', 'x1'), handlerOf('*'), '*', 'user'],
    ['a user event of a handler of some and all', eventOf('user', 'join'), handlerOf('*', 'join'), 'join', 'user'],
    ['a user event that nobody handles', eventOf('user', 'x1'), undefined, '_other', 'user'],
  ])('of %s', (_, event, handler, label, group) => {
    expect(eventLabelOf(event, handler)).toBe(label);
    expect(eventGroupOf(event.kind)).toBe(group);
  });
});
