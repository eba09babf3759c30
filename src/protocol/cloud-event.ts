import type { MessageData, MessageMetadata } from './message-data.js';

/**
 * The events of a hub as upstream receives them, and what it may answer; free of HTTP. `event-request.decoder.ts`
 * and `event-reply.decoder.ts` make these of requests and responses, `event-request.encoder.ts` and
 * `event-reply.encoder.ts` the other way round [upstream-events 4, 6].
 */
export type HubEvent = ConnectEvent | ConnectedEvent | DisconnectedEvent | UserEvent | GroupEvent;

/**
 * What every event says about the connection it comes from.
 *
 * @publicApi
 */
export interface EventContext {
  readonly hub: string;
  /** Of an MQTT client: its client id. */
  readonly connectionId: string;
  /** Absent for anonymous connections; any Unicode. */
  readonly userId?: string;
  readonly eventName: string;
  /** `ce-id`: unique together with `source`; a retry repeats both. */
  readonly eventId: string;
  readonly source: string;
  readonly time: Date;
  readonly subprotocol?: string;
  /** Hosts of the service that sent the event, in lower case. */
  readonly origins: readonly string[];
  /** The opaque connection state; absent when the header was, empty when it was sent empty. */
  readonly state?: string;
  /** MQTT only: the id of the network connection, and that of the session (not on `connect`). */
  readonly mqtt?: { readonly physicalConnectionId: string; readonly sessionId?: string };
}

/**
 * A pair of MQTT 5; names may repeat.
 *
 * @publicApi
 */
export interface MqttUserProperty {
  readonly name: string;
  readonly value: string;
}

/**
 * Names to the values they had, in order: claims, query parameters, headers.
 *
 * @publicApi
 */
export type MultiMap = Record<string, string[]>;

/** A client wants to connect, and waits for the answer [upstream-events 6.1]. */
export interface ConnectEvent {
  readonly kind: 'connect';
  readonly context: EventContext;
  readonly claims: MultiMap;
  readonly query: MultiMap;
  readonly headers: MultiMap;
  readonly subprotocols: string[];
  readonly clientCertificates: { thumbprint: string; content?: string }[];
  readonly mqtt?: MqttConnectProperties;
}

/**
 * What the CONNECT packet of an MQTT client said [upstream-events 6.6].
 *
 * @publicApi
 */
export interface MqttConnectProperties {
  /** 4 is MQTT 3.1.1, 5 is MQTT 5.0. */
  readonly protocolVersion: 4 | 5;
  readonly cleanStart?: boolean;
  readonly username?: string;
  /** Base64 of the bytes. */
  readonly password?: string;
  readonly userProperties?: MqttUserProperty[];
}

/**
 * A client is connected [upstream-events 6.2].
 *
 * @publicApi
 */
export interface ConnectedEvent {
  readonly kind: 'connected';
  readonly context: EventContext;
}

/**
 * A client is gone [upstream-events 6.2].
 *
 * @publicApi
 */
export interface DisconnectedEvent {
  readonly kind: 'disconnected';
  readonly context: EventContext;
  readonly reason?: string;
  readonly mqtt?: MqttDisconnectProperties;
}

/**
 * How the connection of an MQTT client ended [upstream-events 6.6].
 *
 * @publicApi
 */
export interface MqttDisconnectProperties {
  readonly initiatedByClient: boolean;
  /** Absent when no DISCONNECT packet was exchanged; its code is 0 for MQTT 3.1.1. */
  readonly disconnectPacket?: { readonly code: number; readonly userProperties?: MqttUserProperty[] };
}

/**
 * An event that a client sent, and whose answer it gets [upstream-events 6.3].
 *
 * @publicApi
 */
export interface UserEvent {
  readonly kind: 'user';
  readonly context: EventContext;
  readonly data: MessageData;
  readonly metadata: MessageMetadata;
  /** `contentType`: the Content Type property of the PUBLISH, when it had one. */
  readonly mqtt?: { readonly contentType?: string; readonly userProperties: MqttUserProperty[] };
}

/** A connection has joined or left a group [upstream-events 6.5]. */
export interface GroupEvent {
  readonly kind: 'joined' | 'left';
  readonly context: EventContext;
  readonly group: string;
}

/** What upstream answers: accepted, with what that event may carry back, or refused. */
export type EventReply = ConnectReply | UserEventReply | EmptyReply | RefusalReply;

/** Connection state to store: absent keeps what the service has, an empty string clears it. */
interface StatefulReply {
  readonly state?: string;
}

export interface ConnectReply extends StatefulReply {
  readonly kind: 'connect';
  readonly userId?: string;
  readonly groups?: readonly string[];
  readonly roles?: readonly string[];
  readonly subprotocol?: string;
  readonly mqtt?: { readonly userProperties?: readonly MqttUserProperty[] };
}

export interface UserEventReply extends StatefulReply {
  readonly kind: 'user';
  readonly data?: MessageData;
  readonly metadata?: MessageMetadata;
  readonly mqtt?: { readonly contentType?: string; readonly userProperties?: readonly MqttUserProperty[] };
}

export interface EmptyReply extends StatefulReply {
  readonly kind: 'empty';
}

export interface RefusalReply {
  readonly kind: 'refusal';
  readonly status: number;
  readonly reason: string;
  /** Of an MQTT `connect`: the CONNACK code and what goes with it [upstream-events 6.6]. */
  readonly mqtt?: {
    readonly code: number;
    readonly reason?: string;
    readonly userProperties?: readonly MqttUserProperty[];
  };
}
