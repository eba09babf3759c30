import { findHub, type RestRoute } from '../rest-route.js';
import { restErrors } from '../rest.errors.js';

export const existsRoutes: readonly RestRoute[] = [
  {
    id: 'WebPubSub_ConnectionExists',
    method: 'HEAD',
    path: '/api/hubs/{hub}/connections/{connectionId}',
    prepare(parameters, service) {
      const exists = findHub(parameters, service)?.connections.has(parameters.connectionId());
      return () => found(exists, 'Connection');
    },
  },
  {
    id: 'WebPubSub_UserExists',
    method: 'HEAD',
    path: '/api/hubs/{hub}/users/{userId}',
    prepare(parameters, service) {
      const connections = findHub(parameters, service)?.connectionsOfUser(parameters.userId());
      return () => found(connections && connections.size > 0, 'User');
    },
  },
  {
    id: 'WebPubSub_GroupExists',
    method: 'HEAD',
    path: '/api/hubs/{hub}/groups/{group}',
    prepare(parameters, service) {
      const group = parameters.group();
      const exists = findHub(parameters, service)?.groups.has(group);
      return () => found(exists, 'Group');
    },
  },
];

function found(exists: boolean | undefined, thing: 'Connection' | 'User' | 'Group') {
  if (!exists) throw restErrors.notExisting(thing);
  return { status: 200 } as const;
}
