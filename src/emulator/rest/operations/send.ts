import { contentOf } from '../../../protocol/message-data.js';
import type { DataMessage } from '../../../protocol/service-message.js';
import type { Hub, Selection } from '../../core/hub.js';
import type { RestParameters } from '../rest-parameters.js';
import type { RestAction, RestRoute, RestService } from '../rest-route.js';
import { readFilter, selectBy } from '../rest-filter.js';

/** Sends are accepted whether or not anybody is there to receive them [rest-api 3]. */
export const sendRoutes: readonly RestRoute[] = [
  {
    id: 'WebPubSub_SendToAll',
    method: 'POST',
    path: '/api/hubs/{hub}/:send',
    prepare(parameters, service) {
      const excluded = parameters.excluded();
      return sending(parameters, service, {
        receiver: 'all',
        members: (hub) => hub.connections.values(),
        deliver: (hub, message, selection) => hub.sendToAll(message, { ...selection, excluded }),
      });
    },
  },
  {
    id: 'WebPubSub_SendToConnection',
    method: 'POST',
    path: '/api/hubs/{hub}/connections/{connectionId}/:send',
    prepare(parameters, service) {
      const connectionId = parameters.connectionId();
      return sending(parameters, service, {
        receiver: `connection ${connectionId}`,
        deliver: (hub, message) => hub.sendToConnection(connectionId, message),
      });
    },
  },
  {
    id: 'WebPubSub_SendToUser',
    method: 'POST',
    path: '/api/hubs/{hub}/users/{userId}/:send',
    prepare(parameters, service) {
      const userId = parameters.userId();
      return sending(parameters, service, {
        receiver: `user ${userId}`,
        members: (hub) => hub.connectionsOfUser(userId),
        deliver: (hub, message, selection) => hub.sendToUser(userId, message, selection),
      });
    },
  },
  {
    id: 'WebPubSub_SendToGroup',
    method: 'POST',
    path: '/api/hubs/{hub}/groups/{group}/:send',
    prepare(parameters, service) {
      const group = parameters.group();
      const excluded = parameters.excluded();
      return sending(parameters, service, {
        receiver: `group ${group}`,
        group,
        members: (hub) => hub.connectionsInGroup(group),
        deliver: (hub, message, selection) =>
          message.kind === 'groupData' ? hub.sendToGroup(message, { ...selection, excluded }) : 0,
      });
    },
  },
];

interface Addressee {
  /** For the traffic record. */
  readonly receiver: string;
  /** Present: the message says that it comes from the group. */
  readonly group?: string;
  /** Those a filter may choose among; absent: the operation takes no filter. */
  members?(hub: Hub): Iterable<Parameters<NonNullable<Selection['filter']>>[0]>;
  deliver(hub: Hub, message: DataMessage, selection: Selection): number;
}

function sending(parameters: RestParameters, service: RestService, addressee: Addressee): RestAction {
  const ttlSeconds = parameters.messageTtlSeconds();
  const hubName = parameters.hub();
  return async (request) => {
    const filter = addressee.members && readFilter(parameters.query.text('filter'));
    const data = await request.data();
    const metadata = request.metadata();
    const { clock, traffic } = service.context;
    const content = { data, metadata, ...(ttlSeconds > 0 && { expiresAt: clock.now() + ttlSeconds * 1000 }) };
    const message: DataMessage =
      addressee.group === undefined
        ? { kind: 'serverData', ...content }
        : { kind: 'groupData', group: addressee.group, ...content };
    const hub = service.hubs.find(hubName);
    const selection = hub && filter ? { filter: selectBy(filter, addressee.members!(hub)) } : {};
    traffic.record({
      door: 'client',
      action: 'fanOut',
      hub: hubName,
      summary: `message to ${addressee.receiver}`,
      frame: contentOf(data),
      receivers: hub ? addressee.deliver(hub, message, selection) : 0,
    });
    return { status: 202 };
  };
}
