import { findHub, type RestRoute } from '../rest-route.js';
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
      const hub = findHub(parameters, service);
      return () => {
        const connection = hub?.connections.get(connectionId);
        if (connection) hub?.leaveGroup(connection, group);
        return { status: 204 };
      };
    },
  },
  {
    id: 'WebPubSub_RemoveConnectionFromAllGroups',
    method: 'DELETE',
    path: '/api/hubs/{hub}/connections/{connectionId}/groups',
    prepare(parameters, service) {
      const connectionId = parameters.connectionId();
      const hub = findHub(parameters, service);
      return () => {
        const connection = hub?.connections.get(connectionId);
        if (connection) hub?.leaveAllGroups(connection);
        return { status: 204 };
      };
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
      const hub = findHub(parameters, service);
      return () => {
        for (const connection of hub?.connectionsOfUser(userId) ?? []) hub?.leaveGroup(connection, group);
        return { status: 204 };
      };
    },
  },
  {
    id: 'WebPubSub_RemoveUserFromAllGroups',
    method: 'DELETE',
    path: '/api/hubs/{hub}/users/{userId}/groups',
    prepare(parameters, service) {
      const userId = parameters.userId();
      const hub = findHub(parameters, service);
      return () => {
        for (const connection of hub?.connectionsOfUser(userId) ?? []) hub?.leaveAllGroups(connection);
        return { status: 204 };
      };
    },
  },
];
