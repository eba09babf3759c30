import type { IDisconnectPacket } from 'mqtt-packet';
import type { MqttExchange } from '../mqtt-exchange.js';
import { REASON_CODES } from '../reason-codes.js';
import { MAX_RETENTION_SECONDS } from './connect.validator.js';

/** [client-mqtt 8] a normal DISCONNECT takes the will with it; every other reason leaves it to be published. */
export function handleDisconnect(packet: IDisconnectPacket, { session, socket }: MqttExchange): void {
  const expiry = packet.properties?.sessionExpiryInterval;
  if (expiry !== undefined) {
    // [mqtt-5 3.14.2.2.2]
    if (expiry > 0 && session.retentionMs === 0) {
      return socket.disconnect(REASON_CODES.protocolError, 'The session was to end with its network connection.');
    }
    session.setRetention(Math.min(expiry, MAX_RETENTION_SECONDS) * 1000);
  }
  if ((packet.reasonCode ?? REASON_CODES.success) === REASON_CODES.success) session.discardWill();
  // What comes after it counts no more.
  socket.close(1000, '');
}
