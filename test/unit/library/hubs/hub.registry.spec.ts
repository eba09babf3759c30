import { describe, expect, it } from '@jest/globals';
import type { HandledEvent } from '../../../../src/library/decorators/event-handler.decorators.js';
import type { HubHandler } from '../../../../src/library/hubs/hub-handler.js';
import { HubRegistry } from '../../../../src/library/hubs/hub.registry.js';

const handler = (name: string, ...events: HandledEvent[]): HubHandler => ({
  name,
  hub: 'chat',
  events,
  invoke: () => undefined,
  hasEnhancers: false,
  isLoggedByNest: () => false,
});
const user = (name: string): HandledEvent => ({ kind: 'user', name });

describe('HubRegistry', () => {
  it('finds hubs in any case', () => {
    const registry = new HubRegistry();
    const handlers = registry.open('Chat');
    expect([registry.find('chat'), registry.find('CHAT'), registry.open('cHaT')]).toEqual([
      handlers,
      handlers,
      handlers,
    ]);
    expect(registry.find('other')).toBeUndefined();
  });

  it('finds the exact name first, * last, and system events apart from user events', () => {
    const handlers = new HubRegistry().open('chat');
    const [named, other, connect] = [
      handler('a', user('Join')),
      handler('b', user('*')),
      handler('c', { kind: 'connect' }),
    ];
    for (const each of [named, other, connect]) handlers.add(each);
    expect(handlers.find('user', 'join')).toBe(named);
    expect(handlers.find('user', 'JOIN')).toBe(named);
    expect(handlers.find('user', 'connect')).toBe(other);
    expect(handlers.find('connect', 'connect')).toBe(connect);
    expect(handlers.find('connected', 'connected')).toBeUndefined();
  });

  it('takes one name that a handler has twice', () => {
    const handlers = new HubRegistry().open('chat');
    handlers.add(handler('a', user('join'), user('JOIN')));
    expect(handlers.list).toHaveLength(1);
  });

  it('adds nothing of a handler that comes second', () => {
    const handlers = new HubRegistry().open('chat');
    handlers.add(handler('first', user('join')));
    expect(() => handlers.add(handler('second', user('leave'), user('Join')))).toThrow(/first and second/);
    expect(handlers.find('user', 'leave')).toBeUndefined();
  });
});
