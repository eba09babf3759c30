import { describe, expect, it } from '@jest/globals';
import { isMqttCode, mqttCodeOfStatus } from '../../../../src/library/errors/mqtt-codes.js';
import { MqttConnectException } from '../../../../src/library/errors/mqtt-connect.exception.js';

describe('MqttConnectException [upstream-events 6.6]', () => {
  it.each([
    [1, 400],
    [3, 503],
    [4, 401],
    [5, 401],
    [128, 500],
    [134, 401],
    [138, 403],
    [151, 429],
    [157, 500],
    [0, 500],
    [139, 500],
    [1.5, 500],
  ])('with code %d has status %d', (code, status) => {
    expect(new MqttConnectException(code).getStatus()).toBe(status);
  });
});

describe('CONNACK codes', () => {
  it.each([
    [400, 4, 134],
    [401, 5, 135],
    [403, 5, 135],
    [429, 3, 151],
    [503, 3, 136],
    [500, 3, 128],
    [418, 3, 128],
  ])('of status %d are %d and %d', (status, mqtt311, mqtt5) => {
    expect([mqttCodeOfStatus(status, 4), mqttCodeOfStatus(status, 5)]).toEqual([mqtt311, mqtt5]);
  });

  it.each([
    [5, 4, true],
    [5, 5, false],
    [135, 5, true],
    [135, 4, false],
    [6, 4, false],
    [139, 5, false],
  ] as const)('%d of protocol version %d: %j', (code, version, isKnown) => {
    expect(isMqttCode(code, version)).toBe(isKnown);
  });
});
