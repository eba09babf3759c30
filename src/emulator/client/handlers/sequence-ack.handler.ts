import type { SequenceAckMessage } from '../../../protocol/client-message.js';
import type { ClientSession } from '../client-session.js';

/** Without effect on a connection that is not reliable [client-websocket 5.2]. */
export function handleSequenceAck(session: ClientSession, { sequenceId }: SequenceAckMessage): void {
  session.acknowledge(sequenceId);
}
