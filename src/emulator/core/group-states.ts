import type { GroupStateItem, GroupStateMessage } from '../../protocol/service-message.js';
import type { ClientConnection } from './client-connection.js';

const MAX_SNAPSHOT_ITEMS = 200;

type Notify = (message: GroupStateMessage) => void;

interface GroupEntry {
  readonly items: Map<ClientConnection, GroupStateItem>;
  readonly subscribers: Map<ClientConnection, Notify>;
}

/** What the members of a hub's groups have said about themselves, and who wants to hear it [client-websocket 5.8]. */
export class GroupStates {
  readonly #groups = new Map<string, GroupEntry>();

  constructor(private readonly now: () => number) {}

  /** `state` undefined clears it. Subscribers hear of every call. */
  set(connection: ClientConnection, group: string, state: Readonly<Record<string, string>> | undefined): void {
    const entry = this.#entryOf(group);
    const item: GroupStateItem = {
      connectionId: connection.connectionId,
      ...(connection.userId !== undefined && { userId: connection.userId }),
      ...(state && { state }),
      updatedAt: this.now(),
    };
    if (state) entry.items.set(connection, item);
    else entry.items.delete(connection);
    const message: GroupStateMessage = { kind: 'groupStateUpdate', group, items: [item] };
    for (const notify of entry.subscribers.values()) notify(message);
    this.#dropIfEmpty(group, entry);
  }

  subscribe(connection: ClientConnection, group: string, notify: Notify): void {
    this.#entryOf(group).subscribers.set(connection, notify);
  }

  unsubscribe(connection: ClientConnection, group: string): void {
    const entry = this.#groups.get(group);
    if (entry?.subscribers.delete(connection)) this.#dropIfEmpty(group, entry);
  }

  /** At most 200 items, by connection id. */
  snapshot(group: string): GroupStateMessage {
    const items = [...(this.#groups.get(group)?.items.values() ?? [])]
      .sort((one, other) => (one.connectionId < other.connectionId ? -1 : 1))
      .slice(0, MAX_SNAPSHOT_ITEMS);
    return { kind: 'groupStateSnapshot', group, items };
  }

  /** State and subscription end with the membership; the others hear that the state is gone. */
  leave(connection: ClientConnection, group: string): void {
    this.unsubscribe(connection, group);
    if (this.#groups.get(group)?.items.has(connection)) this.set(connection, group, undefined);
  }

  #entryOf(group: string): GroupEntry {
    let entry = this.#groups.get(group);
    if (!entry) {
      entry = { items: new Map(), subscribers: new Map() };
      this.#groups.set(group, entry);
    }
    return entry;
  }

  #dropIfEmpty(group: string, entry: GroupEntry): void {
    if (entry.items.size === 0 && entry.subscribers.size === 0) this.#groups.delete(group);
  }
}
