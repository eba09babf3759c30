import type { MessageData, MessageMetadata } from './message-data.js';

/**
 * What a client sends, whichever subprotocol carried it [client-websocket 5.2]. Ids are the full uint64 of the wire,
 * hence bigint; `ackId` absent means that no ack is wanted.
 */
export type ClientMessage =
  | JoinGroupMessage
  | LeaveGroupMessage
  | SendToGroupMessage
  | SendEventMessage
  | SequenceAckMessage
  | PingMessage
  | InvokeMessage
  | CancelInvocationMessage
  | StartStreamMessage
  | StreamDataMessage
  | EndStreamMessage
  | SetGroupStateMessage
  | SubscribeGroupStateMessage
  | UnsubscribeGroupStateMessage;

interface Acknowledged {
  readonly ackId?: bigint;
}

export interface JoinGroupMessage extends Acknowledged {
  readonly kind: 'joinGroup';
  readonly group: string;
}

export interface LeaveGroupMessage extends Acknowledged {
  readonly kind: 'leaveGroup';
  readonly group: string;
}

export interface SendToGroupMessage extends Acknowledged {
  readonly kind: 'sendToGroup';
  readonly group: string;
  readonly data: MessageData;
  readonly noEcho: boolean;
  /** 0 to 300; 0 or absent: the message does not expire. */
  readonly ttlSeconds?: number;
  readonly metadata?: MessageMetadata;
}

export interface SendEventMessage extends Acknowledged {
  readonly kind: 'sendEvent';
  readonly event: string;
  readonly data: MessageData;
  readonly metadata?: MessageMetadata;
}

export interface SequenceAckMessage {
  readonly kind: 'sequenceAck';
  readonly sequenceId: bigint;
}

export interface PingMessage {
  readonly kind: 'ping';
}

/** [client-websocket 5.6] */
export interface InvokeMessage {
  readonly kind: 'invoke';
  readonly invocationId: string;
  readonly event: string;
  readonly data?: MessageData;
}

export interface CancelInvocationMessage {
  readonly kind: 'cancelInvocation';
  readonly invocationId: string;
}

/** `sendToGroup` with `stream` [client-websocket 5.7]. */
export interface StartStreamMessage {
  readonly kind: 'startStream';
  readonly group: string;
  readonly streamId: string;
  readonly idleTimeoutMs?: number;
  readonly noEcho: boolean;
}

/** Without `sequenceId` and `data` it only keeps the stream alive. */
export interface StreamDataMessage {
  readonly kind: 'streamData';
  readonly streamId: string;
  readonly sequenceId?: bigint;
  readonly data?: MessageData;
}

export interface EndStreamMessage {
  readonly kind: 'streamEnd';
  readonly streamId: string;
  readonly error?: { readonly message?: string; readonly userErrorCode?: string };
}

/** `state` absent clears it [client-websocket 5.8]. */
export interface SetGroupStateMessage extends Acknowledged {
  readonly kind: 'setGroupState';
  readonly group: string;
  readonly state?: Readonly<Record<string, string>>;
}

export interface SubscribeGroupStateMessage extends Acknowledged {
  readonly kind: 'subscribeGroupState';
  readonly group: string;
}

export interface UnsubscribeGroupStateMessage extends Acknowledged {
  readonly kind: 'unsubscribeGroupState';
  readonly group: string;
}
