import { describe, expect, it } from '@jest/globals';
import { encodeHeaderTexts, readHeaderLines } from '../../../src/protocol/header-lines.js';

describe('headers on their way out [upstream-events 4.2]', () => {
  it('carry the UTF-8 bytes of each line', () => {
    expect(encodeHeaderTexts({ 'ce-userId': 'é', 'ce-type': 'x', 'mqtt-name': ['ü', 'b'] })).toEqual({
      'ce-userId': 'Ã©',
      'ce-type': 'x',
      'mqtt-name': ['Ã¼', 'b'],
    });
  });
});

describe('header lines', () => {
  it('are told apart and kept in order, under names in lower case', () => {
    const lines = readHeaderLines(['WebHook-Allowed-Origin', 'a', 'X', '1', 'webhook-allowed-origin', 'b']);
    expect([...lines]).toEqual([
      ['webhook-allowed-origin', ['a', 'b']],
      ['x', ['1']],
    ]);
  });

  it('may have the names of what every object has', () => {
    const lines = readHeaderLines(['constructor', '1', '__proto__', '2', 'toString', '3']);
    expect([...lines.keys()]).toEqual(['constructor', '__proto__', 'tostring']);
  });
});
