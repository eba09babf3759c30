import { describe, expect, it } from '@jest/globals';
import { readDataType, readEventType, readOrigins } from '../../../src/protocol/event-request-headers.js';

describe('readEventType [upstream-events 4, 11.7]', () => {
  it.each([
    ['azure.webpubsub.sys.connect', { kind: 'connect', eventName: 'connect' }],
    ['azure.webpubsub.sys.disconnected', { kind: 'disconnected', eventName: 'disconnected' }],
    ['azure.webpubsub.gp.joined', { kind: 'joined', eventName: 'joined' }],
    ['azure.webpubsub.user.connect', { kind: 'user', eventName: 'connect' }],
    ['azure.webpubsub.user.a.b-c', { kind: 'user', eventName: 'a.b-c' }],
    ['azure.webpubsub.sys.toString', { kind: 'unknown', eventName: 'toString' }],
    ['azure.webpubsub.gp.renamed', { kind: 'unknown', eventName: 'renamed' }],
    ['azure.webpubsub.sys.', undefined],
    ['azure.webpubsub.user.', undefined],
    ['azure.webpubsub.other.x', undefined],
    ['', undefined],
  ])('reads %j', (type, expected) => {
    expect(readEventType({ 'ce-type': type, 'ce-awpsversion': '1.0' })).toEqual(expected);
  });

  it('knows an event by ce-awpsversion, whatever its value', () => {
    expect(readEventType({ 'ce-type': 'azure.webpubsub.sys.connect' })).toBeUndefined();
    expect(readEventType({ 'ce-type': 'azure.webpubsub.sys.connect', 'ce-awpsversion': '' })).toBeDefined();
  });
});

describe('readOrigins', () => {
  it.each([
    ['Demo.example', ['demo.example']],
    ['a.example, B.example ,', ['a.example', 'b.example']],
    [
      ['a.example', 'b.example'],
      ['a.example', 'b.example'],
    ],
    ['', []],
    [undefined, []],
  ])('reads %j', (header, origins) => {
    expect(readOrigins({ 'webhook-request-origin': header })).toEqual(origins);
  });
});

describe('readDataType [upstream-events 4.1]', () => {
  it.each([
    ['user', 'text/plain', 'text'],
    ['user', 'TEXT/PLAIN ; charset=utf-8', 'text'],
    ['user', 'application/json', 'json'],
    ['user', 'application/octet-stream', 'binary'],
    ['user', 'application/x-protobuf', 'protobuf'],
    ['user', 'text/html', undefined],
    ['user', undefined, undefined],
    ['connect', 'application/json; charset=utf-8', 'json'],
    ['connect', undefined, 'json'],
    ['connect', 'text/plain', undefined],
  ] as const)('of a %s event with %j is %j', (kind, contentType, dataType) => {
    expect(readDataType(kind, { 'content-type': contentType })).toBe(dataType);
  });

  it('of an MQTT payload of another content type is binary', () => {
    expect(readDataType('user', { 'content-type': 'text/html', 'ce-physicalconnectionid': 'p' })).toBe('binary');
  });
});
