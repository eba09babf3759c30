import type { SendToGroupMessage } from '../../../protocol/client-message.js';
import type { GroupDataMessage } from '../../../protocol/service-message.js';
import type { ClientSession } from '../client-session.js';
import { forbidden, type MessageOutcome } from './message-outcome.js';

/** Membership is not needed, and nobody need be there: success means accepted. */
export function handleSendToGroup(session: ClientSession, message: SendToGroupMessage): MessageOutcome | void {
  const { connection, context } = session;
  const { group, data, noEcho, ttlSeconds, metadata } = message;
  if (!connection.permissions.maySendTo(group)) return forbidden('send to', group);
  const sent: GroupDataMessage = {
    kind: 'groupData',
    group,
    data,
    ...(connection.userId !== undefined && { fromUserId: connection.userId }),
    ...(metadata && { metadata }),
    ...(ttlSeconds && { expiresAt: context.clock.now() + ttlSeconds * 1000 }),
  };
  const receivers = connection.hub.sendToGroup(sent, noEcho ? { sender: connection } : undefined);
  session.record('fanOut', `message to group ${group}`, { receivers });
}
