import { generate, parser, type IPublishPacket } from 'mqtt-packet';
import { describe, expect, it } from '@jest/globals';
import { readUserProperties, writeUserProperties } from '../../../../src/emulator/mqtt/user-properties.js';

describe('user properties', () => {
  it('keep their order on the wire, repeated and strange names included', () => {
    const properties = [
      { name: 'b', value: '1' },
      { name: '10', value: '2' },
      { name: 'b', value: '3' },
      { name: '', value: '' },
      { name: '__proto__', value: 'x' },
    ];
    const packet = { cmd: 'publish', topic: 't', payload: '', qos: 0, dup: false, retain: false } as const;
    const bytes = generate(
      { ...packet, properties: { userProperties: writeUserProperties(properties) } },
      { protocolVersion: 5 },
    );
    const written = bytes.toString('latin1');
    const places = ['\x01b\0\x011', '\x0210\0\x012', '\x01b\0\x013', '__proto__'].map((text) => written.indexOf(text));
    expect(places.every((place, index) => place > (places[index - 1] ?? 0))).toBe(true);

    let read: IPublishPacket | undefined;
    const reader = parser({ protocolVersion: 5 });
    reader.on('packet', (received) => (read = received as IPublishPacket));
    reader.parse(bytes);
    const back = readUserProperties(read?.properties?.userProperties);
    expect(new Set(back.map(({ name, value }) => `${name}=${value}`))).toEqual(
      new Set(properties.map(({ name, value }) => `${name}=${value}`)),
    );
  });

  it('that no packet can hold are left out', () => {
    expect(writeUserProperties([{ name: 'a', value: 'x'.repeat(65_536) }])).toBeUndefined();
    expect(writeUserProperties([{ name: 'a\0', value: 'x' }])).toBeUndefined();
    expect(writeUserProperties([])).toBeUndefined();
  });

  it('are none when there are none', () => {
    expect(readUserProperties(undefined)).toEqual([]);
  });
});
