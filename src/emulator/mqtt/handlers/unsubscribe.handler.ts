import type { IUnsubscribePacket } from 'mqtt-packet';
import type { MqttExchange } from '../mqtt-exchange.js';
import { REASON_CODES } from '../reason-codes.js';
import { isPushedTopic } from '../topics.js';

/** An MQTT 3.1.1 client is not told when it may not leave: its UNSUBACK has no codes [client-mqtt 4]. */
export function handleUnsubscribe(packet: IUnsubscribePacket, exchange: MqttExchange): void {
  const { messageId, unsubscriptions } = packet;
  if (unsubscriptions.length === 0) {
    return exchange.socket.disconnect(REASON_CODES.protocolError, 'An UNSUBSCRIBE has at least one topic filter.');
  }
  const granted = unsubscriptions.map((topic) => unsubscribe(topic, exchange));
  exchange.socket.send({ cmd: 'unsuback', messageId, granted });
}

function unsubscribe(topic: string, { session }: MqttExchange): number {
  if (isPushedTopic(topic)) return REASON_CODES.success;
  const { connection } = session;
  if (!connection.permissions.mayJoinOrLeave(topic)) return REASON_CODES.notAuthorized;
  if (!connection.groups.has(topic)) return REASON_CODES.noSubscriptionExisted;
  connection.hub.leaveGroup(connection, topic);
  return REASON_CODES.success;
}
