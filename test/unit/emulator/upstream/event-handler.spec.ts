import { describe, expect, it } from '@jest/globals';
import { EventHandler, eventHandlersOf } from '../../../../src/emulator/upstream/event-handler.js';
import { EventPattern } from '../../../../src/emulator/upstream/event-pattern.js';

describe('EventPattern', () => {
  it.each<[string | undefined, string, boolean]>([
    ['*', 'anything', true],
    [' * ', 'anything', true],
    ['join', 'join', true],
    ['join', 'JOIN', true],
    ['Join , leave', 'LEAVE', true],
    ['join,leave', 'vote', false],
    ['a*', 'abc', false],
    ['a*', 'a*', true],
    ['', 'join', false],
    [undefined, 'join', false],
    [',,', '', false],
  ])('%j takes %j: %j [upstream-events 1]', (pattern, name, expected) => {
    expect(new EventPattern(pattern).matches(name)).toBe(expected);
  });
});

describe('EventHandler', () => {
  const handler = new EventHandler({
    urlTemplate: 'http://a.example/{event}',
    systemEvents: ['connect', 'joined'],
    userEventPattern: 'connected, message',
  });

  it.each([
    ['connect', 'connect', true],
    ['connected', 'connected', false],
    ['joined', 'joined', true],
    ['left', 'left', false],
    ['user', 'Message', true],
    ['user', 'connected', true],
    ['user', 'connect', false],
  ] as const)('takes a %s event called %s: %j [upstream-events 1]', (kind, name, expected) => {
    expect(handler.takes(kind, name)).toBe(expected);
  });

  it('compares system events without regard to case [upstream-events 1]', () => {
    const settings = { urlTemplate: 'http://a.example', systemEvents: ['Connect' as 'connect'] };
    expect(new EventHandler(settings).takes('connect', 'connect')).toBe(true);
  });

  it('validates the URL with {event} = validate [upstream-events 3]', () => {
    expect(handler.validationUrl('chat')).toBe('http://a.example/validate');
  });

  it('says what is wrong with its template', () => {
    expect(new EventHandler({ urlTemplate: 'nowhere' }).problem).toMatch(/absolute URL/);
  });

  it('is made once for the same settings', () => {
    const settings = { eventHandlers: [{ urlTemplate: 'http://a.example' }] };
    expect(eventHandlersOf(settings)).toBe(eventHandlersOf({ ...settings }));
  });
});
