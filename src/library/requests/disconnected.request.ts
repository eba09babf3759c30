import type { DisconnectedEvent, MqttDisconnectProperties } from '../../protocol/cloud-event.js';
import type { ConnectionContext } from './connection-context.js';
import { HubRequest } from './hub.request.js';

/**
 * A connection has ended for good [upstream-events 6.2].
 *
 * @publicApi
 */
export class DisconnectedRequest extends HubRequest {
  /** Free text of the client, of who closed the connection, or of the service. */
  readonly reason?: string;
  /** Of an MQTT client: who ended the session, and the DISCONNECT packet if there was one. */
  readonly mqtt?: MqttDisconnectProperties;

  constructor(event: DisconnectedEvent, context: ConnectionContext) {
    super(context);
    this.reason = event.reason;
    this.mqtt = event.mqtt;
  }
}
