import type { ClientConnection } from '../emulator/core/client-connection.js';
import type { Hub } from '../emulator/core/hub.js';
import type { HubRegistry } from '../emulator/core/hub.registry.js';
import type { TrafficLog } from '../emulator/traffic-log.js';
import { contentOf } from '../protocol/message-data.js';
import { notConnected, unknownHub } from './inspector.errors.js';
import type { RequestFields } from './request-fields.js';

/** What a person does to a hub from the page; each leaves its mark in the traffic record. */
export class HubActions {
  constructor(
    private readonly hubs: HubRegistry,
    private readonly traffic: TrafficLog,
  ) {}

  find(name: string): Hub {
    const hub = this.hubs.find(name);
    if (!hub) throw unknownHub(name);
    return hub;
  }

  /** Fields `to` (`all`, `group`, `user`, `connection`), `target`, `dataType`, `data`. Returns how many were reached. */
  send(hub: Hub, fields: RequestFields): { receivers: number } {
    const data = fields.data();
    const to = fields.choice('to', ['all', 'group', 'user', 'connection']);
    const target = to === 'all' ? '' : to === 'group' ? fields.group('target') : fields.text('target');
    const message = { kind: 'serverData', data } as const;
    const receivers = (() => {
      switch (to) {
        case 'all':
          return hub.sendToAll(message);
        case 'group':
          return hub.sendToGroup({ kind: 'groupData', group: target, data });
        case 'user':
          return hub.sendToUser(target, message);
        case 'connection':
          return hub.sendToConnection(target, message);
      }
    })();
    this.traffic.record({
      door: 'client',
      hub: hub.name,
      action: 'fanOut',
      summary: `message to ${to === 'all' ? 'everyone' : `${to} ${target}`}, sent from the inspector`,
      frame: contentOf(data),
      receivers,
    });
    return { receivers };
  }

  close(hub: Hub, connectionId: string, reason: string): void {
    this.#connection(hub, connectionId).close(reason);
  }

  /** False: there is no socket to cut at the moment, or this kind of client has no such switch. */
  drop(hub: Hub, connectionId: string): boolean {
    return this.#connection(hub, connectionId).dropSocket();
  }

  joinGroup(hub: Hub, connectionId: string, group: string): void {
    hub.joinGroup(this.#connection(hub, connectionId), group);
  }

  leaveGroup(hub: Hub, connectionId: string, group: string): void {
    hub.leaveGroup(this.#connection(hub, connectionId), group);
  }

  #connection(hub: Hub, connectionId: string): ClientConnection {
    const connection = hub.connections.get(connectionId);
    if (!connection) throw notConnected(connectionId);
    return connection;
  }
}
