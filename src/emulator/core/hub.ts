import { canonicalHubName } from '../../protocol/names.js';
import type { DataMessage, GroupDataMessage } from '../../protocol/service-message.js';
import type { ClientConnection } from './client-connection.js';
import type { Clock } from './clock.js';
import type { EventSink } from './event-sink.js';
import { GroupStates } from './group-states.js';
import type { HubSettings } from './hub-settings.js';

/** Who is left out of a delivery or a closing. */
export interface Selection {
  /** Connection ids; unknown ones are ignored. */
  readonly excluded?: ReadonlySet<string>;
  /** Whose own message it is that shall not come back. */
  readonly sender?: ClientConnection;
  readonly filter?: (connection: ClientConnection) => boolean;
}

const EMPTY: ReadonlySet<ClientConnection> = new Set();

/** One hub: its members by connection, user and group, and what reaches them. */
export class Hub {
  /** In the canonical, lower-case form. */
  readonly name: string;
  settings: HubSettings = {};
  readonly groupStates: GroupStates;
  readonly #connections = new Map<string, ClientConnection>();
  readonly #users = new Map<string, Set<ClientConnection>>();
  readonly #groups = new Map<string, Set<ClientConnection>>();

  constructor(
    name: string,
    readonly clock: Clock,
    readonly events: EventSink,
  ) {
    this.name = canonicalHubName(name);
    this.groupStates = new GroupStates(() => clock.now());
  }

  /** The live connections, those in their recovery window included. */
  get connections(): ReadonlyMap<string, ClientConnection> {
    return this.#connections;
  }

  get groups(): ReadonlyMap<string, ReadonlySet<ClientConnection>> {
    return this.#groups;
  }

  connectionsOfUser(userId: string): ReadonlySet<ClientConnection> {
    return this.#users.get(userId) ?? EMPTY;
  }

  connectionsInGroup(group: string): ReadonlySet<ClientConnection> {
    return this.#groups.get(group) ?? EMPTY;
  }

  /** Makes the connection a member, in its initial groups; those need no role and raise no `joined` event. */
  add(connection: ClientConnection, initialGroups: Iterable<string>): void {
    this.#connections.set(connection.connectionId, connection);
    if (connection.userId !== undefined) insert(this.#users, connection.userId, connection);
    for (const group of initialGroups) this.#enterGroup(connection, group);
  }

  /** Forgets the connection; its groups go with it, without `left` events. Returns whether it was a member. */
  remove(connection: ClientConnection): boolean {
    if (this.#connections.get(connection.connectionId) !== connection) return false;
    this.#connections.delete(connection.connectionId);
    if (connection.userId !== undefined) withdraw(this.#users, connection.userId, connection);
    for (const group of connection.groups) {
      withdraw(this.#groups, group, connection);
      this.groupStates.leave(connection, group);
    }
    connection.groups.clear();
    return true;
  }

  /** Joining twice is no change and raises nothing. */
  joinGroup(connection: ClientConnection, group: string): void {
    if (this.#connections.get(connection.connectionId) !== connection) return;
    if (this.#enterGroup(connection, group)) this.events.groupJoined(connection, group);
  }

  leaveGroup(connection: ClientConnection, group: string): void {
    if (!connection.groups.delete(group)) return;
    withdraw(this.#groups, group, connection);
    this.groupStates.leave(connection, group);
    connection.onGroupLeft(group);
    this.events.groupLeft(connection, group);
  }

  leaveAllGroups(connection: ClientConnection): void {
    for (const group of [...connection.groups]) this.leaveGroup(connection, group);
  }

  /** Each of these returns how many connections the message was handed to. */
  sendToAll(message: DataMessage, selection?: Selection): number {
    return deliver(this.#connections.values(), message, selection);
  }

  sendToGroup(message: GroupDataMessage, selection?: Selection): number {
    return deliver(this.connectionsInGroup(message.group), message, selection);
  }

  sendToUser(userId: string, message: DataMessage, selection?: Selection): number {
    return deliver(this.connectionsOfUser(userId), message, selection);
  }

  sendToConnection(connectionId: string, message: DataMessage): number {
    const connection = this.#connections.get(connectionId);
    connection?.deliver(message);
    return connection ? 1 : 0;
  }

  #enterGroup(connection: ClientConnection, group: string): boolean {
    if (connection.groups.has(group)) return false;
    connection.groups.add(group);
    insert(this.#groups, group, connection);
    return true;
  }
}

function deliver(members: Iterable<ClientConnection>, message: DataMessage, selection?: Selection): number {
  let count = 0;
  for (const member of members) {
    if (!isSelected(member, selection)) continue;
    member.deliver(message);
    count++;
  }
  return count;
}

function isSelected(connection: ClientConnection, selection: Selection | undefined): boolean {
  if (!selection) return true;
  const { excluded, sender, filter } = selection;
  return connection !== sender && !excluded?.has(connection.connectionId) && (filter?.(connection) ?? true);
}

function insert<K>(index: Map<K, Set<ClientConnection>>, key: K, connection: ClientConnection): void {
  const members = index.get(key);
  if (members) members.add(connection);
  else index.set(key, new Set([connection]));
}

function withdraw<K>(index: Map<K, Set<ClientConnection>>, key: K, connection: ClientConnection): void {
  const members = index.get(key);
  if (members?.delete(connection) && members.size === 0) index.delete(key);
}
