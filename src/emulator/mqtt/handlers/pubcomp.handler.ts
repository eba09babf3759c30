import type { IPubcompPacket } from 'mqtt-packet';
import type { MqttExchange } from '../mqtt-exchange.js';

export function handlePubcomp(packet: IPubcompPacket, { session }: MqttExchange): void {
  session.outbound.complete(packet.messageId ?? 0);
}
