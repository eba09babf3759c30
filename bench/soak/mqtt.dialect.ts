import { generate, parser, type Packet } from 'mqtt-packet';
import type { Dialect, Heard } from './dialects.js';

const VERSION = { protocolVersion: 5 } as const;
/** Longer than a wave takes. */
const SESSION_SECONDS = 600;

/**
 * MQTT 5.0 with messages of QoS 1 both ways: at least once, in order, and kept while the client is away
 * [client-mqtt 3.2, 5, 7].
 */
export const mqtt: Dialect = {
  name: 'MQTT',
  path: '/clients/mqtt/hubs',
  subprotocol: 'mqtt',
  isReliable: true,
  hello: (clientId) =>
    generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      ...VERSION,
      clientId,
      clean: false,
      keepalive: 0,
      properties: { sessionExpiryInterval: SESSION_SECONDS },
    }),
  join: (group) =>
    generate({ cmd: 'subscribe', messageId: 65_535, subscriptions: [{ topic: group, qos: 1 }] }, VERSION),
  goodbye: () => generate({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 0 } }, VERSION),
  event: (text, ackId) =>
    generate(
      {
        cmd: 'publish',
        topic: '$webpubsub/server/events/message',
        payload: text,
        qos: 1,
        messageId: ackId,
        dup: false,
        retain: false,
      },
      VERSION,
    ),
  read: (frame) => packetsIn(frame).map(understand),
};

function packetsIn(frame: Buffer): Packet[] {
  const packets: Packet[] = [];
  const parsed = parser(VERSION);
  parsed.on('packet', (packet) => packets.push(packet));
  parsed.on('error', (error) => {
    throw error;
  });
  if (parsed.parse(frame) > 0) throw new Error('An MQTT packet is not whole.');
  return packets;
}

function understand(packet: Packet): Heard {
  switch (packet.cmd) {
    case 'connack':
      if (packet.reasonCode) throw new Error(`CONNACK ${packet.reasonCode}`);
      return { kind: 'accepted', isMember: packet.sessionPresent };
    case 'suback':
      return { kind: 'accepted', isMember: true };
    case 'puback':
      return { kind: 'ack', ackId: packet.messageId ?? 0 };
    case 'publish': {
      const data = { kind: 'data', text: packet.payload.toString(), isRepeated: packet.dup } as const;
      if (packet.qos === 0) return data;
      return { ...data, receipt: generate({ cmd: 'puback', messageId: packet.messageId, reasonCode: 0 }, VERSION) };
    }
    default:
      return { kind: 'other' };
  }
}
