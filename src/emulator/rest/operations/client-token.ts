import { signClientToken } from '../../../protocol/client-token.js';
import { isGroupName } from '../../../protocol/names.js';
import type { RestRoute } from '../rest-route.js';
import { restErrors } from '../rest.errors.js';

const DEFAULT_MINUTES = 60;
const MAX_MINUTES = 2 ** 31 - 1;

/** The path of the client endpoint a token is for [auth 3]. */
const CLIENT_PATHS = new Map([
  ['default', '/client/hubs/'],
  ['mqtt', '/clients/mqtt/hubs/'],
]);

export const clientTokenRoutes: readonly RestRoute[] = [
  {
    id: 'WebPubSub_GenerateClientToken',
    method: 'POST',
    path: '/api/hubs/{hub}/:generateToken',
    prepare(parameters, service) {
      const { query } = parameters;
      const hub = parameters.hub();
      const minutes = query.integer('minutesToExpire', 1, MAX_MINUTES) ?? DEFAULT_MINUTES;
      const clientPath = CLIENT_PATHS.get((query.text('clientType') ?? 'default').toLowerCase());
      if (clientPath === undefined) {
        throw restErrors.invalidParameter('clientType', 'Default or MQTT; the emulator has no Socket.IO');
      }
      const groups = query.list('group');
      if (!groups.every(isGroupName)) throw restErrors.invalidGroupName();
      const roles = query.list('role');
      const userId = query.text('userId');
      return (request) => {
        const audience = `${request.origin}${clientPath}${encodeURIComponent(hub)}`;
        const { clock, accessKeys } = service.context;
        const token = signClientToken(
          { audience, userId, roles, groups, issuedAt: clock.now(), lifetimeSeconds: minutes * 60 },
          accessKeys.primary,
        );
        return { status: 200, body: { token }, isSecret: true };
      };
    },
  },
];
