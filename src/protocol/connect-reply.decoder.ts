import type { ConnectReply, MqttUserProperty } from './cloud-event.js';
import { parseJson } from './json-text.js';
import { isGroupName } from './names.js';

/** What the body of an accepted `connect` says, or what is wrong with it, in words. */
export type ConnectBody =
  | { readonly fields: Pick<ConnectReply, 'userId' | 'groups' | 'roles' | 'subprotocol' | 'mqtt'> }
  | { readonly problem: string };

/**
 * Reads the JSON with which upstream accepts a client [upstream-events 6.1]: names in any case, unknown ones ignored,
 * null as good as absent, an empty list of groups too. An empty body changes nothing.
 */
export function decodeConnectBody(body: Uint8Array): ConnectBody {
  if (body.length === 0) return { fields: {} };
  const json = parseJson(body);
  if (!json) return { problem: 'its body is not JSON' };
  if (json.value === null) return { fields: {} };
  if (typeof json.value !== 'object' || Array.isArray(json.value)) return { problem: 'its body is not a JSON object' };

  const given = new Map<string, unknown>();
  for (const [name, value] of Object.entries(json.value)) {
    if (value !== null) given.set(name.toLowerCase(), value);
  }
  const fields: { -readonly [Name in keyof ConnectReply]?: ConnectReply[Name] } = {};
  const userId = given.get('userid');
  if (userId !== undefined) {
    if (typeof userId !== 'string') return { problem: 'its userId is not a string' };
    fields.userId = userId;
  }
  const subprotocol = given.get('subprotocol');
  if (subprotocol !== undefined) {
    if (typeof subprotocol !== 'string') return { problem: 'its subprotocol is not a string' };
    fields.subprotocol = subprotocol;
  }
  const roles = given.get('roles');
  if (roles !== undefined) {
    if (!isStringList(roles)) return { problem: 'its roles are not a list of strings' };
    fields.roles = roles;
  }
  const groups = given.get('groups');
  if (groups !== undefined) {
    if (!isStringList(groups)) return { problem: 'its groups are not a list of strings' };
    const invalid = groups.find((group) => !isGroupName(group));
    if (invalid !== undefined) return { problem: `its groups hold the invalid name ${quote(invalid)}` };
    if (groups.length > 0) fields.groups = groups;
  }
  const mqtt = decodeMqtt(given.get('mqtt'));
  if (mqtt) fields.mqtt = mqtt;
  return { fields };
}

/** [upstream-events 6.6] user properties of the CONNACK; anything else under `mqtt` is ignored. */
function decodeMqtt(mqtt: unknown): ConnectReply['mqtt'] {
  if (typeof mqtt !== 'object' || mqtt === null) return undefined;
  const { userProperties } = mqtt as { userProperties?: unknown };
  return isMqttUserProperties(userProperties) ? { userProperties } : undefined;
}

export function isMqttUserProperties(value: unknown): value is MqttUserProperty[] {
  return (
    Array.isArray(value) &&
    value.every((item) => typeof item?.name === 'string' && typeof (item as MqttUserProperty).value === 'string')
  );
}

function isStringList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function quote(name: string): string {
  return JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
}
