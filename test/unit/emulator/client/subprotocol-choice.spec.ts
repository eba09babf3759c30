import { describe, expect, it } from '@jest/globals';
import { chooseSubprotocol } from '../../../../src/emulator/client/subprotocol-choice.js';

const JSON_NAME = 'json.webpubsub.azure.v1';

describe('chooseSubprotocol [client-websocket 1.3]', () => {
  it.each([
    ['none of none', [], undefined, undefined],
    [
      'the first of the service, in the spelling of the client',
      ['x', 'JSON.webpubsub.azure.v1'],
      undefined,
      'JSON.webpubsub.azure.v1',
    ],
    ['the choice of upstream', ['x', JSON_NAME], 'x', 'x'],
    [
      'the choice of upstream, in the spelling of the client',
      ['JSON.webpubsub.azure.v1'],
      JSON_NAME,
      'JSON.webpubsub.azure.v1',
    ],
  ])('takes %s, silently', (_fact, offered, chosen, name) => {
    expect(chooseSubprotocol(offered, chosen)).toEqual({ name });
  });

  it.each([
    ['custom names alone, with none chosen', ['a', 'b'], undefined, undefined, /No subprotocol was chosen from a, b/],
    ['a name that was not offered', [JSON_NAME], 'x', 'x', /chose the subprotocol x, which the client did not offer/],
  ])('warns of %s', (_fact, offered, chosen, name, warning) => {
    expect(chooseSubprotocol(offered, chosen)).toEqual({ name, warning: expect.stringMatching(warning) });
  });
});
