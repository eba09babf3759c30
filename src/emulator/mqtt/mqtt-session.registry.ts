import type { ClientConnection } from '../core/client-connection.js';
import type { Hub } from '../core/hub.js';
import type { MqttSession } from './mqtt-session.js';

/** The living sessions by the connection they are of; the client id is the connection id [client-mqtt 2]. */
export class MqttSessionRegistry {
  readonly #sessions = new Map<ClientConnection, MqttSession>();

  add(session: MqttSession): void {
    this.#sessions.set(session.connection, session);
  }

  remove(session: MqttSession): void {
    this.#sessions.delete(session.connection);
  }

  find(hub: Hub, clientId: string): MqttSession | undefined {
    const connection = hub.connections.get(clientId);
    return connection && this.#sessions.get(connection);
  }

  /** Whether a client of another protocol has that connection id. */
  isForeign(hub: Hub, clientId: string): boolean {
    return hub.connections.has(clientId) && this.find(hub, clientId) === undefined;
  }

  all(): MqttSession[] {
    return [...this.#sessions.values()];
  }
}
