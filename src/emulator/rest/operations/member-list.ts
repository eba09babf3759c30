import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { findHub, type RestRoute } from '../rest-route.js';
import { restErrors } from '../rest.errors.js';

const MAX_PAGE_SIZE = 200;
const MAX_TOKEN_LENGTH = 2048;
const MAX_TOP = 2 ** 31 - 1;
const NEWEST_VERSION = '2024-12-01';

/** Tokens of an earlier run are refused, as the service's own are bound to what made them [rest-api 6.2]. */
const tokenKey = randomBytes(32);

export const memberListRoutes: readonly RestRoute[] = [
  {
    id: 'WebPubSub_ListConnectionsInGroup',
    method: 'GET',
    path: '/api/hubs/{hub}/groups/{group}/connections',
    prepare(parameters, service) {
      const { query } = parameters;
      const scope = `${parameters.hub()}\n${parameters.group()}`;
      for (const name of ['maxpagesize', 'top', 'continuationToken']) query.requireAtMostOne(name);
      const pageSize = query.integer('maxpagesize', 1, MAX_PAGE_SIZE) ?? MAX_PAGE_SIZE;
      const top = query.integer('top', 1, MAX_TOP);
      const token = query.text('continuationToken');
      const hub = findHub(parameters, service);
      return (request) => {
        const after = token === undefined ? undefined : readToken(token, scope);
        const members = [...(hub?.connectionsInGroup(parameters.group()) ?? [])]
          .filter(({ connectionId }) => after === undefined || connectionId > after)
          .sort((a, b) => (a.connectionId < b.connectionId ? -1 : 1));
        const page = members.slice(0, Math.min(pageSize, top ?? MAX_PAGE_SIZE));
        const remaining = top === undefined ? undefined : top - page.length;
        const hasMore = members.length > page.length && remaining !== 0;
        const next = new URLSearchParams({
          'api-version': query.text('api-version') ?? NEWEST_VERSION,
          maxpagesize: String(pageSize),
          ...(hasMore && { continuationToken: writeToken(page.at(-1)!.connectionId, scope) }),
          ...(remaining !== undefined && { top: String(remaining) }),
        });
        return {
          status: 200,
          body: {
            value: page.map(({ connectionId, userId }) => ({ connectionId, userId: userId ?? null })),
            nextLink: hasMore ? `${request.origin}${request.rawPath}?${next.toString()}` : null,
          },
        };
      };
    },
  },
];

/** The id that the page ended with, signed together with the hub and group it is good for. */
function writeToken(connectionId: string, scope: string): string {
  return `${Buffer.from(connectionId).toString('base64url')}.${sign(connectionId, scope).toString('base64url')}`;
}

function readToken(token: string, scope: string): string {
  const [id = '', signature = ''] = token.split('.');
  const connectionId = Buffer.from(id, 'base64url').toString();
  const expected = sign(connectionId, scope);
  const given = Buffer.from(signature, 'base64url');
  if (token.length > MAX_TOKEN_LENGTH || given.length !== expected.length || !timingSafeEqual(given, expected)) {
    const rule = 'as nextLink of the page before has it, for the same group and the same run of the emulator';
    throw restErrors.invalidParameter('continuationToken', rule);
  }
  return connectionId;
}

function sign(connectionId: string, scope: string): Buffer {
  return createHmac('sha256', tokenKey).update(`${scope}\n${connectionId}`).digest();
}
