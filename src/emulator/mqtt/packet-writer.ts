import { generate, type Packet } from 'mqtt-packet';

/** What a client is able and willing to receive. */
export interface PacketLimits {
  readonly version: 4 | 5;
  /** Bytes; absent: anything. */
  readonly maximumPacketSize?: number;
  /**
   * Whether reasons and user properties may go into packets other than PUBLISH, CONNACK and DISCONNECT [mqtt-5
   * 3.1.2.11.7].
   */
  readonly wantsProblemInformation: boolean;
}

/** These may always say why. */
const OUTSPOKEN = new Set<Packet['cmd']>(['connack', 'disconnect']);

/** Undefined when the packet is too large for the client. Throws when the packet makes no sense. */
export function writePacket(packet: Packet, limits: PacketLimits): Buffer | undefined {
  const { version: protocolVersion, maximumPacketSize = Infinity, wantsProblemInformation } = limits;
  const isWhole = wantsProblemInformation || OUTSPOKEN.has(packet.cmd);
  const bytes = generate(isWhole ? packet : withoutExplanation(packet), { protocolVersion });
  if (bytes.length <= maximumPacketSize) return bytes;
  // [mqtt-5 3.1.2.11.4] what explains a packet goes before the packet itself does
  const shorter = generate(withoutExplanation(packet), { protocolVersion });
  return shorter.length <= maximumPacketSize ? shorter : undefined;
}

/** The user properties of a PUBLISH are a part of the message. */
function withoutExplanation(packet: Packet): Packet {
  if (packet.cmd === 'publish' || !('properties' in packet) || !packet.properties) return packet;
  const properties = { ...packet.properties, reasonString: undefined, userProperties: undefined };
  return Object.assign({}, packet, { properties });
}
