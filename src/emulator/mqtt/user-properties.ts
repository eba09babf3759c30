import type { UserProperties } from 'mqtt-packet';
import type { MqttUserProperty } from '../../protocol/cloud-event.js';

/** MQTT strings have a length of two bytes. */
const MAX_STRING_BYTES = 65_535;

export function fitsMqttString(text: string): boolean {
  return Buffer.byteLength(text) <= MAX_STRING_BYTES && !text.includes('\0');
}

/** The packet library groups the values of one name; between names the order is the client's. */
export function readUserProperties(properties: UserProperties | undefined): MqttUserProperty[] {
  return Object.entries(properties ?? {}).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values])
      .filter((value) => typeof value === 'string')
      .map((value) => ({ name, value })),
  );
}

/** In their order, repeated names included; those that no packet can hold are left out. Undefined when none is left. */
export function writeUserProperties(properties: readonly MqttUserProperty[]): UserProperties | undefined {
  const fitting = properties.filter(({ name, value }) => fitsMqttString(name) && fitsMqttString(value));
  if (fitting.length === 0) return undefined;
  // An array of objects is written item by item, which keeps the order; the library's types know only the object.
  return fitting.map(({ name, value }) => ({ [name]: value })) as unknown as UserProperties;
}
