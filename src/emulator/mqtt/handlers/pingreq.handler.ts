import type { IPingreqPacket } from 'mqtt-packet';
import type { MqttExchange } from '../mqtt-exchange.js';

export function handlePingreq(_packet: IPingreqPacket, { socket }: MqttExchange): void {
  socket.send({ cmd: 'pingresp' });
}
