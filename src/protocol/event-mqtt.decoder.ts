import type { MqttConnectProperties, MqttDisconnectProperties, MqttUserProperty } from './cloud-event.js';
import { MQTT_HEADER_PREFIX } from './event-headers.js';
import { headerText, type EventRequestHeaders } from './event-request-headers.js';
import { isJsonObject } from './json-text.js';
import { decodeUtf8Header } from './utf8-header.codec.js';

// What events say of MQTT clients, in their bodies and headers [upstream-events 6.6].

/** Of a `connect` event. */
export function decodeMqttConnect(mqtt: Record<string, unknown>): MqttConnectProperties {
  const { protocolVersion, cleanStart, username, password, userProperties } = mqtt;
  return {
    protocolVersion: protocolVersion === 4 ? 4 : 5,
    ...(typeof cleanStart === 'boolean' && { cleanStart }),
    ...(typeof username === 'string' && { username }),
    ...(typeof password === 'string' && { password }),
    ...(Array.isArray(userProperties) && { userProperties: decodeUserProperties(userProperties) }),
  };
}

/** Of a `disconnected` event. */
export function decodeMqttDisconnect({
  initiatedByClient,
  disconnectPacket,
}: Record<string, unknown>): MqttDisconnectProperties {
  if (!isJsonObject(disconnectPacket)) return { initiatedByClient: initiatedByClient === true };
  const { code, userProperties } = disconnectPacket;
  return {
    initiatedByClient: initiatedByClient === true,
    disconnectPacket: {
      code: typeof code === 'number' ? code : 0,
      ...(Array.isArray(userProperties) && { userProperties: decodeUserProperties(userProperties) }),
    },
  };
}

function decodeUserProperties(values: readonly unknown[]): MqttUserProperty[] {
  return values.flatMap((item) => {
    if (!isJsonObject(item)) return [];
    const { name, value } = item;
    return typeof name === 'string' && typeof value === 'string' ? [{ name, value }] : [];
  });
}

/** The user properties of a message, in the order, case and repetition of `rawHeaders` where there are any. */
export function decodeMqttHeaders(
  headers: EventRequestHeaders,
  rawHeaders: readonly string[] | undefined,
): MqttUserProperty[] {
  const properties: MqttUserProperty[] = [];
  const add = (header: string, value: string) => {
    if (!header.toLowerCase().startsWith(MQTT_HEADER_PREFIX)) return;
    properties.push({ name: header.slice(MQTT_HEADER_PREFIX.length), value: decodeUtf8Header(value) });
  };
  if (rawHeaders && rawHeaders.length > 0) {
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) add(rawHeaders[index], rawHeaders[index + 1]);
  } else {
    for (const header of Object.keys(headers)) add(header, headerText(headers[header]) ?? '');
  }
  return properties;
}
