import type { SetGroupStateMessage } from '../../../protocol/client-message.js';
import type { ClientSession } from '../client-session.js';
import { forbidden, type MessageOutcome } from './message-outcome.js';

const MAX_STATE_BYTES = 512;

/** Only members have a state in a group [client-websocket 5.8]. */
export function handleSetGroupState(
  { connection }: ClientSession,
  { group, state }: SetGroupStateMessage,
): MessageOutcome | void {
  if (!connection.permissions.maySetState(group) || !connection.groups.has(group)) {
    return forbidden('set the state of', group);
  }
  if (state && byteLengthOf(state) > MAX_STATE_BYTES) {
    return {
      error: { name: 'BadRequest', message: `The keys and values of a state have at most ${MAX_STATE_BYTES} bytes.` },
    };
  }
  connection.hub.groupStates.set(connection, group, state);
}

function byteLengthOf(state: Readonly<Record<string, string>>): number {
  return Object.entries(state).reduce((sum, entry) => sum + Buffer.byteLength(entry.join('')), 0);
}
