import type { IPubrelPacket } from 'mqtt-packet';
import type { MqttExchange } from '../mqtt-exchange.js';
import { REASON_CODES } from '../reason-codes.js';

export function handlePubrel({ messageId = 0 }: IPubrelPacket, { session, socket }: MqttExchange): void {
  const isKnown = session.receivedIds.delete(messageId);
  socket.send({
    cmd: 'pubcomp',
    messageId,
    reasonCode: isKnown ? REASON_CODES.success : REASON_CODES.packetIdentifierNotFound,
  });
}
