import type {
  ConnectEvent,
  ConnectReply,
  MqttDisconnectProperties,
  MqttUserProperty,
  RefusalReply,
} from '../../protocol/cloud-event.js';
import type { MessageData, MessageMetadata } from '../../protocol/message-data.js';
import type { ClientConnection } from './client-connection.js';

/**
 * Where the core and the client doors raise a hub's events. The event's context (ids, source, state, signature) is taken
 * from the connection by whoever carries it upstream. No method rejects: a failure is an outcome.
 */
export interface EventSink {
  /** Blocking. The connection is not yet a member of its hub; on acceptance the caller applies what the outcome says. */
  connect(connection: ClientConnection, details: ConnectDetails, signal?: AbortSignal): Promise<ConnectOutcome>;
  connected(connection: ClientConnection): void;
  disconnected(connection: ClientConnection, reason: string, mqtt?: MqttDisconnectProperties): void;
  /** Blocking: the next message of that connection waits for the outcome. `signal` is aborted when the client has gone. */
  userEvent(connection: ClientConnection, event: RaisedUserEvent, signal?: AbortSignal): Promise<UserEventOutcome>;
  groupJoined(connection: ClientConnection, group: string): void;
  groupLeft(connection: ClientConnection, group: string): void;
}

/** The body of a `connect` event. */
export type ConnectDetails = Omit<ConnectEvent, 'kind' | 'context'>;

/**
 * What became of a `connect` event; states and cookies are already stored. Of a client that is accepted, absent fields keep
 * what the access token gave, and `groups` are not empty [upstream-events 6.1]. The status of a refusal is what the
 * handshake answers: upstream's own, or 500 when upstream could not be asked or made no sense.
 */
export type ConnectOutcome =
  | ({ readonly kind: 'accepted' } & Omit<ConnectReply, 'kind' | 'state'>)
  | ({ readonly kind: 'refused' } & Omit<RefusalReply, 'kind'>);

export interface RaisedUserEvent {
  readonly name: string;
  readonly data: MessageData;
  readonly metadata?: MessageMetadata;
  /** MQTT only: the Content Type property and user properties of the PUBLISH. */
  readonly mqtt?: { readonly contentType?: string; readonly userProperties: readonly MqttUserProperty[] };
}

export type UserEventOutcome =
  | {
      readonly kind: 'handled';
      /** Of upstream's answer; absent when only a listener heard the event. */
      readonly status?: number;
      /** Absent: nothing is sent to the client. */
      readonly data?: MessageData;
      readonly metadata?: MessageMetadata;
      readonly mqtt?: { readonly contentType?: string; readonly userProperties: readonly MqttUserProperty[] };
    }
  | {
      readonly kind: 'failed';
      /** Upstream's last answer; absent when there was none. */
      readonly status?: number;
      /** For the log and the inspector; it never reaches a Web PubSub client. */
      readonly reason: string;
      /** Upstream's answer as MQTT clients see it on their `failed` topic. */
      readonly mqtt?: {
        readonly contentType?: string;
        readonly payload: Uint8Array;
        readonly userProperties: readonly MqttUserProperty[];
      };
    };
