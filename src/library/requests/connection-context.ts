import type { EventContext } from '../../protocol/cloud-event.js';
import type { ConnectionStates } from '../connection-states.js';

/**
 * The connection that an event comes from, and the event itself [upstream-events 4].
 *
 * @publicApi
 */
export class ConnectionContext {
  /** As the service writes it, whose case may differ from that of the hub class. */
  readonly hub: string;
  /** Of an MQTT client: its client id. */
  readonly connectionId: string;
  /** Absent for anonymous clients; any Unicode. */
  readonly userId?: string;
  /** `connect`, `connected`, `disconnected`, `joined`, `left`, or the name of the user event. */
  readonly eventName: string;
  /** `ce-id`: counts the events of the connection; a retry repeats it. */
  readonly eventId: string;
  /** When the service raised the event, in whole seconds. */
  readonly time: Date;
  /** The negotiated subprotocol; absent for plain WebSocket clients and on `connect`. `mqtt` for MQTT clients. */
  readonly subprotocol?: string;
  /** Hosts of the service that sent the event, in lower case. */
  readonly origins: string[];
  readonly clientProtocol: 'default' | 'mqtt';
  /** What the application keeps with the connection; changes are written back by `connect` and user events. */
  readonly states: ConnectionStates;
  /** MQTT only: ids of the network connection and, except on `connect`, of the session. */
  readonly mqtt?: { readonly physicalConnectionId: string; readonly sessionId?: string };

  constructor(context: EventContext, states: ConnectionStates) {
    this.hub = context.hub;
    this.connectionId = context.connectionId;
    this.userId = context.userId;
    this.eventName = context.eventName;
    this.eventId = context.eventId;
    this.time = context.time;
    this.subprotocol = context.subprotocol;
    this.origins = context.origins as string[];
    this.clientProtocol = context.mqtt ? 'mqtt' : 'default';
    this.states = states;
    this.mqtt = context.mqtt;
  }
}
