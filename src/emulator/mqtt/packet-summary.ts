import type { Packet } from 'mqtt-packet';

/** One line for the traffic record: what the packet is and the little that tells it from others. */
export function summarizePacket(packet: Packet): string {
  const code = 'reasonCode' in packet && packet.reasonCode ? ` 0x${packet.reasonCode.toString(16)}` : '';
  switch (packet.cmd) {
    case 'connect':
      return `CONNECT MQTT ${packet.protocolVersion === 5 ? '5.0' : '3.1.1'}${packet.clean ? ', clean start' : ''}`;
    case 'publish':
      return `PUBLISH ${packet.topic} QoS ${packet.qos}`;
    case 'subscribe':
      return `SUBSCRIBE ${packet.subscriptions.map(({ topic, qos }) => `${topic} QoS ${qos}`).join(', ')}`;
    case 'unsubscribe':
      return `UNSUBSCRIBE ${packet.unsubscriptions.join(', ')}`;
    case 'suback':
      return `SUBACK ${packet.granted.map((granted) => `0x${Number(granted).toString(16)}`).join(', ')}`;
    case 'connack':
      return packet.returnCode
        ? `CONNACK ${packet.returnCode}`
        : `CONNACK${code}${packet.sessionPresent ? ', session present' : ''}`;
    default:
      return `${packet.cmd.toUpperCase()}${code}`;
  }
}
