import type { SubscribeGroupStateMessage } from '../../../protocol/client-message.js';
import type { ClientSession } from '../client-session.js';
import { forbidden, type MessageOutcome } from './message-outcome.js';

/** The snapshot follows the ack [client-websocket 5.8]. */
export function handleSubscribeGroupState(
  session: ClientSession,
  { group }: SubscribeGroupStateMessage,
): MessageOutcome {
  const { connection } = session;
  const { groupStates } = connection.hub;
  if (!connection.permissions.mayGetState(group) || !connection.groups.has(group)) {
    return forbidden('get the state of', group);
  }
  groupStates.subscribe(connection, group, (message) => session.deliverGroupState(message));
  return { afterAck: () => session.deliverGroupState(groupStates.snapshot(group)) };
}
