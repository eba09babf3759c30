import type { SendEventMessage } from '../../../protocol/client-message.js';
import type { ClientSession } from '../client-session.js';
import { INTERNAL_ERROR, type MessageOutcome } from './message-outcome.js';

/** What upstream answers reaches the client before the ack; why it failed never does [client-websocket 7]. */
export async function handleSendEvent(
  session: ClientSession,
  { event, data, metadata }: SendEventMessage,
): Promise<MessageOutcome | void> {
  const { connection, signal } = session;
  const outcome = await connection.hub.events.userEvent(
    connection,
    { name: event, data, ...(metadata && { metadata }) },
    signal,
  );
  if (outcome.kind === 'failed') return { error: INTERNAL_ERROR };
  if (!outcome.data) return;
  session.reply({ kind: 'serverData', data: outcome.data, ...(outcome.metadata && { metadata: outcome.metadata }) });
}
