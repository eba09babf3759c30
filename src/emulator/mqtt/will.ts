import type { IConnectPacket } from 'mqtt-packet';
import { copyOf } from './content-type.js';
import { hasWildcard, resolveTopic } from './topics.js';
import { REASON_CODES, RETURN_CODES, type ConnectRefusal } from './reason-codes.js';
import type { Publication } from './publication.js';

/** What is published for a client that goes without taking leave [client-mqtt 3, 8]. */
export interface Will extends Publication {
  /**
   * After the loss of the network connection, if the client has not come back by then [assumed: as in the standard].
   */
  readonly delayMs: number;
}

const MAX_PAYLOAD_BYTES = 2_000;

export function readWill(packet: IConnectPacket): Will | undefined {
  const { will } = packet;
  if (!will) return undefined;
  const { willDelayInterval, ...properties } = will.properties ?? {};
  return {
    topic: will.topic,
    payload: copyOf(will.payload),
    qos: will.qos ?? 0,
    properties,
    delayMs: (willDelayInterval ?? 0) * 1000,
  };
}

/** [client-mqtt 3] names the limits; which codes answer them is [assumed]. */
export function findWillFault(packet: IConnectPacket): ConnectRefusal | undefined {
  const { will } = packet;
  if (!will) return undefined;
  const returnCode = RETURN_CODES.serverUnavailable;
  if (resolveTopic(will.topic).kind === 'invalid' || hasWildcard(will.topic)) {
    return { reasonCode: REASON_CODES.topicNameInvalid, returnCode, reason: 'The will topic is not valid.' };
  }
  if (will.payload.length > MAX_PAYLOAD_BYTES) {
    return {
      reasonCode: REASON_CODES.packetTooLarge,
      returnCode,
      reason: `The will payload is longer than ${MAX_PAYLOAD_BYTES} bytes.`,
    };
  }
  // A client of 3.1.1 cannot know; its will is published unretained [assumed].
  if (will.retain && packet.protocolVersion === 5) {
    return { reasonCode: REASON_CODES.retainNotSupported, returnCode, reason: 'Messages are not retained.' };
  }
  return undefined;
}
