import { describe, expect, it } from '@jest/globals';
import { canonicalHubName, isEventName, isGroupName, isHubName } from '../../../src/protocol/names.js';

describe('names [rest-api 2]', () => {
  it.each([
    ['Sample_ChatApp', true],
    ['a`,.[1]', true],
    ['a'.repeat(128), true],
    ['a'.repeat(129), false],
    ['1chat', false],
    ['_chat', false],
    ['my-chat', false],
    ['', false],
    ['chat\n', false],
  ])('hub %j: %s', (name, expected) => {
    expect(isHubName(name)).toBe(expected);
  });

  it.each([
    ['message', true],
    ['a.b-c_d9', true],
    ['a'.repeat(128), true],
    ['a'.repeat(129), false],
    ['9a', false],
    ['a/b', false],
    ['', false],
  ])('event %j: %s', (name, expected) => {
    expect(isEventName(name)).toBe(expected);
  });

  it.each([
    ['room/1 ä 李', true],
    ['x'.repeat(1024), true],
    ['x'.repeat(1025), false],
    [' \t\n', false],
    ['', false],
  ])('group %j: %s', (name, expected) => {
    expect(isGroupName(name)).toBe(expected);
  });

  it('hubs are compared in lower case', () => {
    expect(canonicalHubName('Sample_ChatApp')).toBe('sample_chatapp');
  });
});
