import type { IPublishPacket } from 'mqtt-packet';
import type { MqttExchange } from '../mqtt-exchange.js';
import { publishToGroup, type Publication } from '../publication.js';
import { isFailure, REASON_CODES } from '../reason-codes.js';
import { hasWildcard, resolveTopic, type TopicTarget } from '../topics.js';

/** What the packet comes to, before anything is done about it. */
interface Verdict {
  readonly code: number;
  readonly reason?: string;
}

const ACCEPTED: Verdict = { code: REASON_CODES.success };

export function handlePublish(packet: IPublishPacket, exchange: MqttExchange): void | Promise<void> {
  const { session, socket } = exchange;
  const fault = findPublishFault(packet, socket.version);
  if (fault) return socket.disconnect(fault.code, fault.reason ?? '');
  const messageId = packet.messageId ?? 0;
  // [mqtt-5 4.3.3] a repetition is answered, not published again
  if (packet.qos === 2 && session.receivedIds.has(messageId)) {
    socket.send({ cmd: 'pubrec', messageId, reasonCode: REASON_CODES.success });
    return;
  }
  const publication: Publication = {
    topic: packet.topic,
    payload: payloadOf(packet),
    qos: packet.qos,
    properties: packet.properties,
  };
  const target = resolveTopic(packet.topic);
  const verdict = judge(target, exchange);
  if (isFailure(verdict.code)) return reject(packet, verdict, exchange);
  if (target.kind === 'event') {
    // [assumed] accepting the event is what is acknowledged; upstream's answer comes on a topic of its own
    acknowledge(packet, ACCEPTED, exchange);
    return session.raiseEvent(target.event, publication);
  }
  const receivers = publishToGroup(session.connection, publication);
  recordFanOut(packet, receivers, exchange);
  acknowledge(packet, receivers > 0 ? ACCEPTED : { code: REASON_CODES.noMatchingSubscribers }, exchange);
}

/** What ends the connection, whatever the QoS. */
function findPublishFault(packet: IPublishPacket, version: 4 | 5): Verdict | undefined {
  const { properties = {} } = packet;
  if (properties.topicAlias !== undefined) {
    return { code: REASON_CODES.topicAliasInvalid, reason: 'Topic aliases are not supported.' };
  }
  // A client of 3.1.1 cannot know that nothing is retained: its message is delivered, unretained [assumed].
  if (packet.retain && version === 5) {
    return { code: REASON_CODES.retainNotSupported, reason: 'Messages are not retained.' };
  }
  if (packet.topic === '' || hasWildcard(packet.topic)) {
    return { code: REASON_CODES.topicNameInvalid, reason: 'The topic is empty or has a wildcard.' };
  }
  if (properties.subscriptionIdentifier !== undefined) {
    return { code: REASON_CODES.protocolError, reason: 'The PUBLISH breaks the protocol.' };
  }
  return undefined;
}

/** Events need no role [client-mqtt 5]. */
function judge(target: TopicTarget, { session }: MqttExchange): Verdict {
  switch (target.kind) {
    case 'event':
      return ACCEPTED;
    case 'invalid':
      return { code: REASON_CODES.topicNameInvalid, reason: `Not published: ${target.problem}.` };
    default:
      return session.connection.permissions.maySendTo(target.group)
        ? ACCEPTED
        : { code: REASON_CODES.notAuthorized, reason: 'The client may not send to this group.' };
  }
}

/** [client-mqtt 5] with QoS 0 nothing can be answered, so the connection ends; otherwise it stays. */
function reject(packet: IPublishPacket, verdict: Verdict, exchange: MqttExchange): void {
  if (packet.qos === 0) exchange.socket.disconnect(verdict.code, verdict.reason ?? '');
  else acknowledge(packet, verdict, exchange);
}

function acknowledge(
  { qos, messageId = 0 }: IPublishPacket,
  verdict: Verdict,
  { session, socket }: MqttExchange,
): void {
  if (qos === 0) return;
  // [mqtt-5 4.3.3] in 5.0 a failure ends the exchange; in 3.1.1 there is none, and PUBREL will come
  if (qos === 2 && !(isFailure(verdict.code) && socket.version === 5)) session.receivedIds.add(messageId);
  socket.send({
    cmd: qos === 1 ? 'puback' : 'pubrec',
    messageId,
    reasonCode: verdict.code,
    ...(verdict.reason !== undefined && { properties: { reasonString: verdict.reason } }),
  });
}

function payloadOf({ payload }: IPublishPacket): Buffer {
  return Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
}

function recordFanOut(packet: IPublishPacket, receivers: number, { session, context }: MqttExchange): void {
  const { hub, connectionId, userId } = session.connection;
  context.traffic.record({
    door: 'client',
    hub: hub.name,
    action: 'fanOut',
    connectionId,
    userId,
    summary: `message to group ${packet.topic}`,
    receivers,
  });
}
