import type { ConnectEvent, MqttConnectProperties, MultiMap } from '../../protocol/cloud-event.js';
import type { ConnectionContext } from './connection-context.js';
import { HubRequest } from './hub.request.js';

/**
 * A client that wants to connect [upstream-events 6.1].
 *
 * @publicApi
 */
export class ConnectRequest extends HubRequest {
  /** Claims of the access token, by type. */
  readonly claims: MultiMap;
  /** Query of the client's URL, without `access_token`. */
  readonly query: MultiMap;
  /** Headers of the client's handshake in their own casing, without `Authorization`. */
  readonly headers: MultiMap;
  /** Subprotocols that the client offers, in its order. */
  readonly subprotocols: string[];
  /** TLS client certificates: SHA-1 thumbprint and PEM text. */
  readonly clientCertificates: { thumbprint: string; content?: string }[];
  /** Of an MQTT client: what its CONNECT packet says; the password is base64. */
  readonly mqtt?: MqttConnectProperties;

  constructor(event: ConnectEvent, context: ConnectionContext) {
    super(context);
    this.claims = event.claims;
    this.query = event.query;
    this.headers = event.headers;
    this.subprotocols = event.subprotocols;
    this.clientCertificates = event.clientCertificates;
    this.mqtt = event.mqtt;
  }
}
