import type { TunnelConnection } from './tunnel-connection.js';

/** The connected tunnels by hub; those of one hub take turns. */
export class TunnelPool {
  /** Of each hub the one whose turn it is comes first. */
  readonly #queues = new Map<string, TunnelConnection[]>();
  readonly #byId = new Map<string, TunnelConnection>();

  add(connection: TunnelConnection): void {
    const { connectionId, hub } = connection.identity;
    this.#byId.set(connectionId, connection);
    const queue = this.#queues.get(hub);
    if (queue) queue.push(connection);
    else this.#queues.set(hub, [connection]);
  }

  remove(connection: TunnelConnection): void {
    const { connectionId, hub } = connection.identity;
    this.#byId.delete(connectionId);
    const rest = this.#queues.get(hub)?.filter((other) => other !== connection) ?? [];
    if (rest.length > 0) this.#queues.set(hub, rest);
    else this.#queues.delete(hub);
  }

  find(connectionId: string): TunnelConnection | undefined {
    return this.#byId.get(connectionId);
  }

  /** Oldest first. */
  *all(hub?: string): Iterable<TunnelConnection> {
    for (const connection of this.#byId.values()) {
      if (hub === undefined || connection.identity.hub === hub) yield connection;
    }
  }

  /** The open connection whose turn it is; it goes to the end of the queue. */
  next(hub: string): TunnelConnection | undefined {
    const queue = this.#queues.get(hub);
    const connection = queue?.find((candidate) => candidate.isOpen);
    if (!queue || !connection) return undefined;
    queue.splice(queue.indexOf(connection), 1);
    queue.push(connection);
    return connection;
  }
}
