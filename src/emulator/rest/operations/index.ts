import type { RestRoute } from '../rest-route.js';
import { bulkMembershipRoutes } from './bulk-membership.js';
import { clientTokenRoutes } from './client-token.js';
import { closeRoutes } from './close.js';
import { existsRoutes } from './exists.js';
import { healthRoutes } from './health.js';
import { memberListRoutes } from './member-list.js';
import { membershipRoutes } from './membership.js';
import { permissionRoutes } from './permissions.js';
import { sendRoutes } from './send.js';

/** Every operation of the REST API [rest-api 3]. */
export const restRoutes: readonly RestRoute[] = [
  ...healthRoutes,
  ...sendRoutes,
  ...existsRoutes,
  ...closeRoutes,
  ...membershipRoutes,
  ...bulkMembershipRoutes,
  ...memberListRoutes,
  ...permissionRoutes,
  ...clientTokenRoutes,
];
