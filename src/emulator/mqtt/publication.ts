import type { IPublishPacket } from 'mqtt-packet';
import type { RaisedUserEvent, UserEventOutcome } from '../core/event-sink.js';
import type { ClientConnection } from '../core/client-connection.js';
import { isMimeType, toContentType, toMessageData, toPayload, asBuffer } from './content-type.js';
import type { OutboundMessage } from './outbound-messages.js';
import { eventAnswerTopic } from './topics.js';
import { fitsMqttString, readUserProperties, writeUserProperties } from './user-properties.js';

/** What a client publishes, now or as its will. */
export interface Publication {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly properties?: IPublishPacket['properties'];
}

/** The status that clients read when upstream could not be asked [assumed], as a refused handshake has it. */
const STATUS_WITHOUT_ANSWER = 500;

/** Returns to how many connections the message went. The caller has checked the permission. */
export function publishToGroup(connection: ClientConnection, publication: Publication): number {
  const { topic, payload, qos, properties = {} } = publication;
  const { messageExpiryInterval, contentType } = properties;
  return connection.hub.sendToGroup({
    kind: 'groupData',
    group: topic,
    data: toMessageData(payload, contentType),
    fromUserId: connection.userId,
    expiresAt:
      messageExpiryInterval === undefined ? undefined : connection.hub.clock.now() + messageExpiryInterval * 1000,
    mqtt: {
      publisherId: connection.connectionId,
      qos,
      payload,
      contentType,
      payloadFormatIndicator: properties.payloadFormatIndicator,
      responseTopic: properties.responseTopic,
      correlationData: properties.correlationData,
      userProperties: readUserProperties(properties.userProperties),
    },
  });
}

/** Without a content type, or with one that is no MIME type, the payload is `application/octet-stream` [assumed]. */
export function toUserEvent(name: string, { payload, properties = {} }: Publication): RaisedUserEvent {
  const contentType =
    properties.contentType !== undefined && isMimeType(properties.contentType) ? properties.contentType : undefined;
  return {
    name,
    data: toMessageData(payload, contentType),
    mqtt: { contentType, userProperties: readUserProperties(properties.userProperties) },
  };
}

/** The answer on the `succeeded` or `failed` topic of the event; it needs no subscription [client-mqtt 7]. */
export function toEventAnswer(name: string, request: Publication, outcome: UserEventOutcome): OutboundMessage {
  const status = outcome.status ?? (outcome.kind === 'failed' ? STATUS_WITHOUT_ANSWER : undefined);
  const userProperties = [
    ...(outcome.mqtt?.userProperties ?? []),
    ...(status === undefined ? [] : [{ name: 'azure-status-code', value: String(status) }]),
  ];
  const { payload, contentType } = outcome.kind === 'handled' ? handledContent(outcome) : failedContent(outcome);
  return {
    topic: eventAnswerTopic(name, outcome.kind === 'handled'),
    payload,
    qos: request.qos,
    properties: {
      contentType: contentType !== undefined && fitsMqttString(contentType) ? contentType : undefined,
      correlationData: request.properties?.correlationData,
      userProperties: writeUserProperties(userProperties),
    },
  };
}

interface AnswerContent {
  readonly payload: Buffer;
  readonly contentType?: string;
}

function handledContent({ data, mqtt }: UserEventOutcome & { kind: 'handled' }): AnswerContent {
  if (!data) return { payload: Buffer.alloc(0), contentType: mqtt?.contentType };
  return { payload: toPayload(data), contentType: mqtt?.contentType ?? toContentType(data) };
}

function failedContent({ mqtt }: UserEventOutcome & { kind: 'failed' }): AnswerContent {
  return { payload: mqtt ? asBuffer(mqtt.payload) : Buffer.alloc(0), contentType: mqtt?.contentType };
}
