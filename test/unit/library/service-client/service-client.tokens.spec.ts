import { describe, expect, it } from '@jest/globals';
import { knownHubNames, onHubName } from '../../../../src/library/service-client/service-client-hubs.js';
import {
  getServiceClientToken,
  InjectServiceClient,
} from '../../../../src/library/service-client/service-client.tokens.js';

describe('getServiceClientToken', () => {
  it('is the same for a hub in any case, and another for another hub', () => {
    expect(getServiceClientToken('Sample_ChatApp')).toBe(getServiceClientToken('sample_chatapp'));
    expect(getServiceClientToken('chat')).not.toBe(getServiceClientToken('chat2'));
  });

  it('is the same in every copy of the package', () => {
    expect(getServiceClientToken('Chat')).toBe('WebPubSubServiceClient(chat)');
  });

  it.each(['', '1chat', 'a b', 'a/b', 'a'.repeat(129), '__proto__', undefined as never])(
    'refuses %j with the reason',
    (hub) => {
      expect(() => getServiceClientToken(hub)).toThrow(TypeError);
      expect(() => getServiceClientToken(hub)).toThrow('is no hub name: it begins with a letter');
      expect(() => InjectServiceClient(hub)).toThrow('is no hub name');
    },
  );

  it('makes the hub known once, in its first spelling', () => {
    const heard: string[] = [];
    const stop = onHubName((name) => heard.push(name));
    getServiceClientToken('First_Spelling');
    InjectServiceClient('first_spelling');
    stop();
    getServiceClientToken('after_the_end');
    expect(heard).toEqual(['First_Spelling']);
    expect(knownHubNames()).toEqual(expect.arrayContaining(['First_Spelling', 'after_the_end']));
    expect(knownHubNames()).not.toContain('first_spelling');
  });
});
