import type { RestRoute } from '../rest-route.js';

/** HEAD is the documented verb; GET answers alike, for browsers and probes [assumed]. */
export const healthRoutes: readonly RestRoute[] = (['HEAD', 'GET'] as const).map((method) => ({
  id: 'HealthApi_GetServiceStatus',
  method,
  path: '/api/health',
  isPublic: true,
  prepare: () => () => ({ status: 200 }),
}));
