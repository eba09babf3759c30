import type { IPubrecPacket } from 'mqtt-packet';
import type { MqttExchange } from '../mqtt-exchange.js';
import { isFailure, REASON_CODES } from '../reason-codes.js';

export function handlePubrec(packet: IPubrecPacket, { session, socket }: MqttExchange): void {
  const { messageId = 0, reasonCode = REASON_CODES.success } = packet;
  const isKnown = session.outbound.receive(messageId, reasonCode);
  if (isFailure(reasonCode)) return;
  socket.send({
    cmd: 'pubrel',
    messageId,
    reasonCode: isKnown ? REASON_CODES.success : REASON_CODES.packetIdentifierNotFound,
  });
}
