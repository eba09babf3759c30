import type { ClientConnection } from '../../core/client-connection.js';
import type { Permission } from '../../core/permissions.js';
import { findHub, type RestRoute } from '../rest-route.js';
import { restErrors } from '../rest.errors.js';

const PATH = '/api/hubs/{hub}/permissions/{permission}/connections/{connectionId}';

/** What a live connection may do with one group; membership is not touched [rest-api 6.3]. */
export const permissionRoutes: readonly RestRoute[] = [
  {
    id: 'WebPubSub_CheckPermission',
    method: 'HEAD',
    path: PATH,
    prepare(parameters, service) {
      const [permission, group] = [parameters.permission(), parameters.targetName()];
      const connectionId = parameters.connectionId();
      const connection = findHub(parameters, service)?.connections.get(connectionId);
      return () => {
        if (!connection || !isAllowed(connection, permission, group)) {
          throw restErrors.permissionHolderNotFound(connectionId);
        }
        return { status: 200 };
      };
    },
  },
  {
    id: 'WebPubSub_GrantPermission',
    method: 'PUT',
    path: PATH,
    prepare(parameters, service) {
      const [permission, group] = [parameters.permission(), parameters.targetName()];
      const connectionId = parameters.connectionId();
      const connection = findHub(parameters, service)?.connections.get(connectionId);
      return () => {
        if (!connection) throw restErrors.permissionHolderNotFound(connectionId);
        if (!connection.permissions.grant(permission, group)) throw restErrors.tooManyPermissions();
        return { status: 200 };
      };
    },
  },
  {
    id: 'WebPubSub_RevokePermission',
    method: 'DELETE',
    path: PATH,
    prepare(parameters, service) {
      const [permission, group] = [parameters.permission(), parameters.targetName()];
      const connection = findHub(parameters, service)?.connections.get(parameters.connectionId());
      return () => {
        if (connection && !connection.permissions.revoke(permission, group)) throw restErrors.tooManyPermissions();
        return { status: 204 };
      };
    },
  },
];

function isAllowed({ permissions }: ClientConnection, permission: Permission, group: string): boolean {
  return permission === 'sendToGroup' ? permissions.maySendTo(group) : permissions.mayJoinOrLeave(group);
}
