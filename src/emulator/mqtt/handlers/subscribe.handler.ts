import type { ISubscribePacket, ISubscription } from 'mqtt-packet';
import type { MqttExchange } from '../mqtt-exchange.js';
import { isFailure, REASON_CODES, SUBSCRIPTION_FAILURE } from '../reason-codes.js';
import { hasWildcard, isPushedTopic, resolveTopic } from '../topics.js';

/** A subscription is the membership in the group of the topic's name [client-mqtt 4]. */
export function handleSubscribe(packet: ISubscribePacket, exchange: MqttExchange): void {
  const { socket } = exchange;
  const { messageId, subscriptions } = packet;
  if (subscriptions.length === 0) {
    return socket.disconnect(REASON_CODES.protocolError, 'A SUBSCRIBE has at least one topic filter.');
  }
  const identifier = packet.properties?.subscriptionIdentifier;
  const codes = subscriptions.map((subscription) => subscribe(subscription, identifier, exchange));
  const granted = socket.version === 5 ? codes : codes.map((code) => (isFailure(code) ? SUBSCRIPTION_FAILURE : code));
  socket.send({ cmd: 'suback', messageId, granted });
}

/** The granted QoS, or the reason code of 5.0. */
function subscribe(
  { topic, qos, nl }: ISubscription,
  identifier: number | undefined,
  { session }: MqttExchange,
): number {
  if (topic.startsWith('$share/')) return REASON_CODES.sharedSubscriptionsNotSupported;
  if (hasWildcard(topic)) return REASON_CODES.wildcardSubscriptionsNotSupported;
  if (isPushedTopic(topic)) return qos;
  if (resolveTopic(topic).kind !== 'group') return REASON_CODES.topicFilterInvalid;
  const { connection } = session;
  if (!connection.permissions.mayJoinOrLeave(topic)) return REASON_CODES.notAuthorized;
  session.subscriptions.set(topic, { qos, isNoLocal: nl ?? false, identifier });
  connection.hub.joinGroup(connection, topic);
  return qos;
}
