import type { ClientConnection } from '../../core/client-connection.js';
import type { Hub } from '../../core/hub.js';
import type { RestParameters } from '../rest-parameters.js';
import { findHub, type RestAction, type RestRoute, type RestService } from '../rest-route.js';
import { restErrors } from '../rest.errors.js';

/**
 * Single memberships. REST is trusted: the roles of the client do not matter. Those of a user are of the connections the
 * user has now [rest-api 3].
 */
export const membershipRoutes: readonly RestRoute[] = [
  {
    id: 'WebPubSub_AddConnectionToGroup',
    method: 'PUT',
    path: '/api/hubs/{hub}/groups/{group}/connections/{connectionId}',
    prepare(parameters, service) {
      const group = parameters.group();
      const connectionId = parameters.connectionId();
      const hub = findHub(parameters, service);
      return () => {
        const connection = hub?.connections.get(connectionId);
        if (!hub || !connection) throw restErrors.connectionNotFound(connectionId);
        hub.joinGroup(connection, group);
        return { status: 200 };
      };
    },
  },
  {
    id: 'WebPubSub_RemoveConnectionFromGroup',
    method: 'DELETE',
    path: '/api/hubs/{hub}/groups/{group}/connections/{connectionId}',
    prepare(parameters, service) {
      const group = parameters.group();
      const connectionId = parameters.connectionId();
      return leaving(parameters, service, {
        members: (hub) => connectionsOfId(hub, connectionId),
        leave: (hub, connection) => hub.leaveGroup(connection, group),
      });
    },
  },
  {
    id: 'WebPubSub_RemoveConnectionFromAllGroups',
    method: 'DELETE',
    path: '/api/hubs/{hub}/connections/{connectionId}/groups',
    prepare(parameters, service) {
      const connectionId = parameters.connectionId();
      return leaving(parameters, service, {
        members: (hub) => connectionsOfId(hub, connectionId),
        leave: (hub, connection) => hub.leaveAllGroups(connection),
      });
    },
  },
  {
    id: 'WebPubSub_AddUserToGroup',
    method: 'PUT',
    path: '/api/hubs/{hub}/users/{userId}/groups/{group}',
    prepare(parameters, service) {
      const userId = parameters.userId();
      const group = parameters.group();
      const hub = findHub(parameters, service);
      return () => {
        const connections = [...(hub?.connectionsOfUser(userId) ?? [])];
        // [observed 2021-09] the service answers a user without connections with 404
        if (connections.length === 0) throw restErrors.userNotFound(userId);
        for (const connection of connections) hub?.joinGroup(connection, group);
        return { status: 200 };
      };
    },
  },
  {
    id: 'WebPubSub_RemoveUserFromGroup',
    method: 'DELETE',
    path: '/api/hubs/{hub}/users/{userId}/groups/{group}',
    prepare(parameters, service) {
      const userId = parameters.userId();
      const group = parameters.group();
      return leaving(parameters, service, {
        members: (hub) => hub.connectionsOfUser(userId),
        leave: (hub, connection) => hub.leaveGroup(connection, group),
      });
    },
  },
  {
    id: 'WebPubSub_RemoveUserFromAllGroups',
    method: 'DELETE',
    path: '/api/hubs/{hub}/users/{userId}/groups',
    prepare(parameters, service) {
      const userId = parameters.userId();
      return leaving(parameters, service, {
        members: (hub) => hub.connectionsOfUser(userId),
        leave: (hub, connection) => hub.leaveAllGroups(connection),
      });
    },
  },
];

interface Departure {
  readonly members: (hub: Hub) => Iterable<ClientConnection>;
  readonly leave: (hub: Hub, connection: ClientConnection) => void;
}

/** Leaving succeeds whoever is there to leave [rest-api 3]. */
function leaving(parameters: RestParameters, service: RestService, { members, leave }: Departure): RestAction {
  const hub = findHub(parameters, service);
  return () => {
    if (hub) for (const connection of members(hub)) leave(hub, connection);
    return { status: 204 };
  };
}

/** One or none. */
function connectionsOfId(hub: Hub, connectionId: string): ClientConnection[] {
  const connection = hub.connections.get(connectionId);
  return connection ? [connection] : [];
}
