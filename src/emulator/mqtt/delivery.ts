import { setImmediate } from 'node:timers';
import type { DataMessage } from '../../protocol/service-message.js';
import { SharedFrames } from '../frames/shared-frames.js';
import { asBuffer, toContentType, toPayload } from './content-type.js';
import type { OutboundMessage } from './outbound-messages.js';
import { SERVER_MESSAGES_TOPIC } from './topics.js';
import { writeUserProperties } from './user-properties.js';

/** The options under which a session receives a group's messages. */
export interface Subscription {
  readonly qos: 0 | 1 | 2;
  /** The subscriber's own messages do not come back. */
  readonly isNoLocal: boolean;
  readonly identifier?: number;
}

/** Of groups that a session entered by its token, the `connect` answer or REST: the defaults of MQTT [assumed]. */
export const DEFAULT_SUBSCRIPTION: Subscription = { qos: 0, isNoLocal: false };

/** What Web PubSub clients and REST send counts as sent with QoS 1 [client-mqtt 6.1]. */
const QOS_OF_OTHERS = 1;

/**
 * What sessions receive for a message of their hub. A fan-out hands the same message object to one session after the other;
 * those that subscribed alike get the same object back, and with it what was framed for the first of them.
 */
export class Deliveries {
  #message?: DataMessage;
  /** By `keyOf` their subscription. */
  readonly #outbound = new Map<number, OutboundMessage>();

  /** Undefined: nothing. */
  of(message: DataMessage, subscription: Subscription, connectionId: string): OutboundMessage | undefined {
    if (subscription.isNoLocal && message.kind === 'groupData' && message.mqtt?.publisherId === connectionId) {
      return undefined;
    }
    if (this.#message !== message) this.#begin(message);
    const key = keyOf(subscription);
    let outbound = this.#outbound.get(key);
    if (!outbound) {
      // The end of a group stream carries no payload, and MQTT has no other form for it.
      if (message.kind === 'groupData' && message.stream?.endOfStream) return undefined;
      outbound = { ...toOutboundMessage(message, subscription), frames: new SharedFrames() };
      this.#outbound.set(key, outbound);
    }
    return outbound;
  }

  /** A fan-out takes one turn of the event loop; messages that then wait for their receivers need the frames no more. */
  #begin(message: DataMessage): void {
    this.#end();
    this.#message = message;
    setImmediate(() => {
      if (this.#message === message) this.#end();
    });
  }

  #end(): void {
    for (const { frames } of this.#outbound.values()) frames?.forget();
    this.#outbound.clear();
    this.#message = undefined;
  }
}

/** The same for those that receive the same. An identifier is 1 at least. */
function keyOf({ qos, identifier = 0 }: Subscription): number {
  return identifier * 4 + qos;
}

function toOutboundMessage(message: DataMessage, subscription: Subscription): OutboundMessage {
  const { mqtt, expiresAt } = message;
  if (message.kind === 'serverData') {
    return {
      topic: SERVER_MESSAGES_TOPIC,
      payload: toPayload(message.data),
      qos: QOS_OF_OTHERS,
      properties: { contentType: toContentType(message.data) },
      expiresAt,
    };
  }
  const subscriptionIdentifier = subscription.identifier;
  if (!mqtt) {
    return {
      topic: message.group,
      payload: toPayload(message.data),
      qos: lowerQos(QOS_OF_OTHERS, subscription.qos),
      properties: { contentType: toContentType(message.data), subscriptionIdentifier },
      expiresAt,
    };
  }
  return {
    topic: message.group,
    payload: asBuffer(mqtt.payload),
    qos: lowerQos(mqtt.qos, subscription.qos),
    properties: {
      payloadFormatIndicator: mqtt.payloadFormatIndicator,
      contentType: mqtt.contentType,
      responseTopic: mqtt.responseTopic,
      correlationData: mqtt.correlationData && asBuffer(mqtt.correlationData),
      userProperties: writeUserProperties(mqtt.userProperties),
      subscriptionIdentifier,
    },
    expiresAt,
  };
}

function lowerQos(sent: 0 | 1 | 2, granted: 0 | 1 | 2): 0 | 1 | 2 {
  return sent < granted ? sent : granted;
}
