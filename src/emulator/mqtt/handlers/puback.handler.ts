import type { IPubackPacket } from 'mqtt-packet';
import type { MqttExchange } from '../mqtt-exchange.js';

export function handlePuback(packet: IPubackPacket, { session }: MqttExchange): void {
  session.outbound.acknowledge(packet.messageId ?? 0);
}
