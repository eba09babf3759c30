import type { Packet } from 'mqtt-packet';

/**
 * Whether a property that may come once came more often; the packet library then hands out a list. User properties may be
 * repeated, and so may the Subscription Identifier of a PUBLISH, which clients must not send at all [mqtt-5 2.2.2.2].
 */
export function hasRepeatedProperty(packet: Packet): boolean {
  if (packet.cmd === 'connect' && packet.will?.properties && hasList(packet.will.properties)) return true;
  return 'properties' in packet && packet.properties !== undefined && hasList(packet.properties);
}

function hasList(properties: object): boolean {
  for (const name in properties) if (Array.isArray(properties[name as keyof typeof properties])) return true;
  return false;
}
