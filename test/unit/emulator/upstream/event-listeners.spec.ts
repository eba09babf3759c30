import { describe, expect, it } from '@jest/globals';
import { EventListeners, type ListenedEvent } from '../../../../src/emulator/upstream/event-listeners.js';

const context = {
  hub: 'chat',
  connectionId: 'c1',
  eventId: '1',
  source: '/hubs/chat/client/c1',
  time: new Date(0),
  origins: [],
};
const connected: ListenedEvent = { kind: 'connected', context: { ...context, eventName: 'connected' } };

function userEvent(eventName: string): ListenedEvent {
  return { kind: 'user', context: { ...context, eventName }, data: { kind: 'text', text: '' }, metadata: {} };
}

describe('EventListeners', () => {
  it.each<[string, ListenedEvent, boolean]>([
    ['connected', connected, true],
    ['connected', userEvent('connected'), false],
    ['disconnected', connected, false],
    ['*', userEvent('message'), true],
    ['*', connected, false],
    ['join, LEAVE', userEvent('leave'), true],
    ['join', userEvent('leave'), false],
  ])('on(%j) hears %j: %j [upstream-events 1]', (eventName, event, expected) => {
    const listeners = new EventListeners();
    const heard: ListenedEvent[] = [];
    listeners.on(eventName, (given) => heard.push(given));
    listeners.publish(event, () => {});
    expect(heard).toEqual(expected ? [event] : []);
    expect(listeners.want('chat', event.kind, event.context.eventName)).toBe(expected);
  });

  it('hears the events of one hub only, in any case, when one is named', () => {
    const listeners = new EventListeners();
    listeners.on('*', () => {}, { hub: 'CHAT' });
    expect(listeners.want('chat', 'user', 'message')).toBe(true);
    expect(listeners.want('other', 'user', 'message')).toBe(false);
  });

  it('hears a user event that is called like a system event, when the filter says so', () => {
    const listeners = new EventListeners();
    listeners.add({ userEventPattern: 'connected' }, () => {});
    expect(listeners.want('chat', 'user', 'connected')).toBe(true);
    expect(listeners.want('chat', 'connected', 'connected')).toBe(false);
  });

  it('hears nothing more once it is taken away', () => {
    const listeners = new EventListeners();
    listeners.on('*', () => {})();
    expect(listeners.want('chat', 'user', 'message')).toBe(false);
  });

  it.each([
    [
      'throws',
      (): never => {
        throw new Error('boom');
      },
    ],
    ['rejects', async (): Promise<never> => Promise.reject(new Error('boom'))],
  ])('reports a listener that %s and tells the others', async (_, failing) => {
    const listeners = new EventListeners();
    const heard: string[] = [];
    listeners.on('*', failing);
    listeners.on('*', () => heard.push('second'));
    const failure = new Promise((resolve) => listeners.publish(userEvent('message'), resolve));
    expect(await failure).toEqual(new Error('boom'));
    expect(heard).toEqual(['second']);
  });
});
