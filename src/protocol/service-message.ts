import type { MqttUserProperty } from './cloud-event.js';
import type { MessageData, MessageMetadata } from './message-data.js';

/** What the service sends to a client, whichever subprotocol carries it [client-websocket 5.3]. */
export type ServiceMessage =
  | DataMessage
  | AckMessage
  | ConnectedMessage
  | DisconnectedMessage
  | PongMessage
  | InvokeResponseMessage
  | StreamAckMessage
  | StreamNackMessage
  | StreamClosedMessage
  | GroupStateMessage;

/** Messages that a reliable connection numbers, keeps and replays. */
export type SequencedMessage = DataMessage | GroupStateMessage;

/** A payload for a client. One object is shared by all who receive it, so codecs may remember its encoded form. */
export type DataMessage = GroupDataMessage | ServerDataMessage;

interface DataMessageBase {
  readonly data: MessageData;
  readonly metadata?: MessageMetadata;
  /** Epoch milliseconds after which it is not worth sending; absent: never. */
  readonly expiresAt?: number;
  /** Of a message that an MQTT client published: what other MQTT clients see of it, and nobody else [client-mqtt 5]. */
  readonly mqtt?: MqttPublication;
}

/** A PUBLISH as it came, where `data` would lose something of it. */
export interface MqttPublication {
  /** Connection id of the publisher. */
  readonly publisherId: string;
  readonly qos: 0 | 1 | 2;
  readonly payload: Uint8Array;
  readonly contentType?: string;
  /** Whether the payload is declared to be UTF-8. */
  readonly payloadFormatIndicator?: boolean;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  readonly userProperties: readonly MqttUserProperty[];
}

export interface GroupDataMessage extends DataMessageBase {
  readonly kind: 'groupData';
  readonly group: string;
  /** Absent: sent over REST, or by an anonymous connection. */
  readonly fromUserId?: string;
  readonly stream?: StreamPosition;
}

export interface ServerDataMessage extends DataMessageBase {
  readonly kind: 'serverData';
}

export interface StreamPosition {
  readonly streamId: string;
  readonly sequenceId: bigint;
  readonly endOfStream?: true;
  readonly error?: { readonly name: string; readonly message?: string; readonly userErrorCode?: string };
}

/** The error names of acks [client-websocket 5.4]. */
export type AckErrorName = 'Forbidden' | 'Duplicate' | 'InternalServerError' | 'BadRequest';

export interface AckMessage {
  readonly kind: 'ack';
  readonly ackId: bigint;
  /** Absent: success. */
  readonly error?: { readonly name: AckErrorName; readonly message: string };
}

export interface ConnectedMessage {
  readonly kind: 'connected';
  readonly connectionId: string;
  readonly userId?: string;
  readonly reconnectionToken?: string;
}

export interface DisconnectedMessage {
  readonly kind: 'disconnected';
  readonly reason: string;
}

export interface PongMessage {
  readonly kind: 'pong';
}

export interface InvokeResponseMessage {
  readonly kind: 'invokeResponse';
  readonly invocationId: string;
  readonly data?: MessageData;
  /** Absent: success. */
  readonly error?: { readonly name: string; readonly message: string };
}

export interface StreamAckMessage {
  readonly kind: 'streamAck';
  readonly streamId: string;
  readonly expectedSequenceId: bigint;
}

export interface StreamNackMessage {
  readonly kind: 'streamNack';
  readonly streamId: string;
  readonly name: 'InvalidSequenceId' | 'TransientError';
  readonly message: string;
  readonly expectedSequenceId: bigint;
}

export interface StreamClosedMessage {
  readonly kind: 'streamClosed';
  readonly streamId: string;
  readonly error?: { readonly name: string; readonly message: string };
}

export interface GroupStateMessage {
  readonly kind: 'groupStateSnapshot' | 'groupStateUpdate';
  readonly group: string;
  readonly items: readonly GroupStateItem[];
}

export interface GroupStateItem {
  readonly connectionId: string;
  readonly userId?: string;
  /** Absent: cleared. */
  readonly state?: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  readonly updatedAt: number;
}
