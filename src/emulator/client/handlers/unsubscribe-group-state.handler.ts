import type { UnsubscribeGroupStateMessage } from '../../../protocol/client-message.js';
import type { ClientSession } from '../client-session.js';

/** Needs no role. */
export function handleUnsubscribeGroupState(
  { connection }: ClientSession,
  { group }: UnsubscribeGroupStateMessage,
): void {
  connection.hub.groupStates.unsubscribe(connection, group);
}
