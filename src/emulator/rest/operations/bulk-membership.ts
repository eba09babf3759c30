import { isGroupName } from '../../../protocol/names.js';
import type { ClientConnection } from '../../core/client-connection.js';
import type { Hub } from '../../core/hub.js';
import { readFilter, selectBy } from '../rest-filter.js';
import type { RestParameters } from '../rest-parameters.js';
import type { RestAction, RestRoute, RestService } from '../rest-route.js';
import { restErrors } from '../rest.errors.js';

/** Many connections in or out of many groups at once [rest-api 6.1]. */
export const bulkMembershipRoutes: readonly RestRoute[] = [
  {
    id: 'WebPubSub_AddConnectionsToGroups',
    method: 'POST',
    path: '/api/hubs/{hub}/:addToGroups',
    prepare: (parameters, service) =>
      changing(parameters, service, (hub, connection, group) => hub.joinGroup(connection, group)),
  },
  {
    id: 'WebPubSub_RemoveConnectionsFromGroups',
    method: 'POST',
    path: '/api/hubs/{hub}/:removeFromGroups',
    prepare: (parameters, service) =>
      changing(parameters, service, (hub, connection, group) => hub.leaveGroup(connection, group)),
  },
];

function changing(
  parameters: RestParameters,
  service: RestService,
  change: (hub: Hub, connection: ClientConnection, group: string) => void,
): RestAction {
  const hubName = parameters.hub();
  return async (request) => {
    const { groups, filter } = readBulkRequest(await request.json());
    const test = readFilter(filter);
    const hub = service.hubs.find(hubName);
    // Everything is checked, and who is meant is settled, before anything changes.
    const connections = hub ? [...hub.connections.values()] : [];
    const selected = test ? connections.filter(selectBy(test, connections)) : connections;
    for (const connection of selected) {
      for (const group of groups) change(hub!, connection, group);
    }
    return { status: 200 };
  };
}

/** Property names are compared without regard to case, as the service's JSON reader does. */
function readBulkRequest(body: unknown): { groups: readonly string[]; filter?: string | null } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw restErrors.badRequest('The request body is not a valid groups request.');
  }
  const fields = new Map(Object.entries(body).map(([name, value]) => [name.toLowerCase(), value as unknown]));
  const filter = fields.get('filter');
  if (filter !== undefined && filter !== null && typeof filter !== 'string') {
    throw restErrors.badRequest('The request body is not a valid groups request.');
  }
  const groups = fields.get('groups');
  if (!Array.isArray(groups) || groups.length === 0 || !groups.every(isNameOfGroup)) {
    throw restErrors.badRequest('A nonempty list of valid group names is required.');
  }
  return { groups, filter };
}

function isNameOfGroup(value: unknown): value is string {
  return typeof value === 'string' && isGroupName(value);
}
