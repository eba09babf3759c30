import type { ClientConnection } from '../../core/client-connection.js';
import type { Hub } from '../../core/hub.js';
import type { RestParameters } from '../rest-parameters.js';
import { findHub, type RestAction, type RestRoute, type RestService } from '../rest-route.js';

/** Closing what is not there succeeds [rest-api 3]. */
export const closeRoutes: readonly RestRoute[] = [
  {
    id: 'WebPubSub_CloseConnection',
    method: 'DELETE',
    path: '/api/hubs/{hub}/connections/{connectionId}',
    prepare(parameters, service) {
      const connectionId = parameters.connectionId();
      const reason = parameters.reason();
      const hub = findHub(parameters, service);
      return () => {
        hub?.connections.get(connectionId)?.close(reason);
        return { status: 204 };
      };
    },
  },
  {
    id: 'WebPubSub_CloseAllConnections',
    method: 'POST',
    path: '/api/hubs/{hub}/:closeConnections',
    prepare: (parameters, service) => closing(parameters, service, (hub) => hub.connections.values()),
  },
  {
    id: 'WebPubSub_CloseUserConnections',
    method: 'POST',
    path: '/api/hubs/{hub}/users/{userId}/:closeConnections',
    prepare(parameters, service) {
      const userId = parameters.userId();
      return closing(parameters, service, (hub) => hub.connectionsOfUser(userId));
    },
  },
  {
    id: 'WebPubSub_CloseGroupConnections',
    method: 'POST',
    path: '/api/hubs/{hub}/groups/{group}/:closeConnections',
    prepare(parameters, service) {
      const group = parameters.group();
      return closing(parameters, service, (hub) => hub.connectionsInGroup(group));
    },
  },
];

function closing(
  parameters: RestParameters,
  service: RestService,
  members: (hub: Hub) => Iterable<ClientConnection>,
): RestAction {
  const excluded = parameters.excluded();
  const reason = parameters.reason();
  const hub = findHub(parameters, service);
  return () => {
    // A copy: closing takes members away while they are walked through.
    for (const connection of hub ? [...members(hub)] : []) {
      if (!excluded.has(connection.connectionId)) connection.close(reason);
    }
    return { status: 204 };
  };
}
