import { describe, expect, it } from '@jest/globals';
import { viewState } from '../../../src/inspector/state-view.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('the view of a connection state [upstream-events 5]', () => {
  it('decodes the form of the JavaScript SDK', () => {
    expect(viewState('eyJyb29tIjoiYmx1ZSIsIm4iOjF9')).toEqual({
      text: '{\n  "room": "blue",\n  "n": 1\n}',
      isJson: true,
    });
  });

  it('unwraps the form of the .NET SDK and says so', () => {
    const view = viewState('eyJyb29tIjoiSW1Kc2RXVWkiLCJuIjoiTVE9PSJ9');
    expect(JSON.parse(view.text)).toEqual({ room: 'blue', n: 1 });
    expect(view.note).toContain('.NET SDK');
  });

  it('leaves texts that only look like base64', () => {
    expect(JSON.parse(viewState(base64('{"room":"blue"}')).text)).toEqual({ room: 'blue' });
  });

  it('says that an empty state was cleared', () => {
    expect(viewState('')).toMatchObject({ text: '{}', note: 'Empty: the state was cleared.' });
  });

  it.each(['not base64!', base64('no JSON'), base64('[1]')])('shows the opaque state %s as it is', (header) => {
    expect(viewState(header)).toMatchObject({ text: header, isJson: false });
  });
});
