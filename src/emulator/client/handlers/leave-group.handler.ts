import type { LeaveGroupMessage } from '../../../protocol/client-message.js';
import type { ClientSession } from '../client-session.js';
import { forbidden, type MessageOutcome } from './message-outcome.js';

/** Leaving a group the client is not in succeeds. */
export function handleLeaveGroup({ connection }: ClientSession, { group }: LeaveGroupMessage): MessageOutcome | void {
  if (!connection.permissions.mayJoinOrLeave(group)) return forbidden('leave', group);
  connection.hub.leaveGroup(connection, group);
}
