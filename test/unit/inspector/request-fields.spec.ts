import { describe, expect, it } from '@jest/globals';
import { RequestFields } from '../../../src/inspector/request-fields.js';

const fields = (value: object): RequestFields => RequestFields.parse(JSON.stringify(value));

describe('the fields of a request', () => {
  it.each(['{', '[]', '1', 'null'])('refuse %s as a body', (text) => {
    expect(() => RequestFields.parse(text)).toThrow(expect.objectContaining({ status: 400 }));
  });

  it('are none in an empty body', () => {
    expect(RequestFields.parse('').optionalText('a')).toBeUndefined();
  });

  it.each([
    ['text', {}, '"x" is missing.'],
    ['text', { x: 1 }, '"x" must be a text.'],
    ['textList', { x: 'a' }, '"x" must be a list of texts.'],
    ['textList', { x: [1] }, '"x" must be a list of texts.'],
    ['group', { x: ' ' }, '"x" is not a group name: up to 1,024 characters, not blank.'],
    ['hub', { x: '1a' }, '"x" is not a hub name: a letter first, then letters, digits and _ ` , . [ ].'],
  ] as const)('say what is wrong with %s of %j', (reader, value, message) => {
    expect(() => fields(value)[reader]('x')).toThrow(message);
  });

  it.each([
    [
      { dataType: 'text', data: '' },
      { kind: 'text', text: '' },
    ],
    [
      { dataType: 'json', data: '{"a":1e400}' },
      { kind: 'json', json: '{"a":1e400}' },
    ],
    [
      { dataType: 'binary', data: 'AAE=' },
      { kind: 'binary', bytes: Buffer.from([0, 1]) },
    ],
  ])('read the data of %j', (value, data) => {
    expect(fields(value).data()).toEqual(data);
  });

  it.each([
    [{ dataType: 'json', data: '{' }, '"data" is not JSON.'],
    [{ dataType: 'binary', data: 'AAE' }, '"data" is not base64.'],
    [{ dataType: 'xml', data: '' }, '"dataType" must be one of text, json, binary.'],
    [{ dataType: 'text' }, '"data" is missing.'],
  ])('refuse the data of %j', (value, message) => {
    expect(() => fields(value).data()).toThrow(message);
  });
});
