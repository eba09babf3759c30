import type { JoinGroupMessage } from '../../../protocol/client-message.js';
import type { ClientSession } from '../client-session.js';
import { forbidden, type MessageOutcome } from './message-outcome.js';

export function handleJoinGroup({ connection }: ClientSession, { group }: JoinGroupMessage): MessageOutcome | void {
  if (!connection.permissions.mayJoinOrLeave(group)) return forbidden('join', group);
  connection.hub.joinGroup(connection, group);
}
