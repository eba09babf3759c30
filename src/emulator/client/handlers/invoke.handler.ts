import type { InvokeMessage } from '../../../protocol/client-message.js';
import type { MessageData } from '../../../protocol/message-data.js';
import type { ClientSession } from '../client-session.js';
import { INTERNAL_ERROR } from './message-outcome.js';

/** [assumed] */
const MAX_INVOCATIONS = 256;
const NO_DATA: MessageData = { kind: 'text', text: '' };

/**
 * An invocation is a user event whose answer goes into the `invokeResponse` [client-websocket 5.6]. It does not hold up
 * the frames behind it: one of them may cancel it. Its error names are those of acks [assumed].
 */
export function handleInvoke(session: ClientSession, message: InvokeMessage): void {
  const { invocationId } = message;
  const problem = findProblem(session, invocationId);
  if (problem !== undefined) {
    return session.send({ kind: 'invokeResponse', invocationId, error: { name: 'BadRequest', message: problem } });
  }
  void invoke(session, message);
}

function findProblem({ invocations }: ClientSession, invocationId: string): string | undefined {
  if (invocations.has(invocationId)) return `The invocation '${invocationId}' is running already.`;
  if (invocations.size >= MAX_INVOCATIONS) return `A connection has at most ${MAX_INVOCATIONS} running invocations.`;
  return undefined;
}

async function invoke(session: ClientSession, { invocationId, event, data }: InvokeMessage): Promise<void> {
  const { connection, invocations } = session;
  const cancellation = new AbortController();
  invocations.set(invocationId, cancellation);
  const outcome = await connection.hub.events.userEvent(
    connection,
    { name: event, data: data ?? NO_DATA },
    cancellation.signal,
  );
  // The client has stopped waiting, and may have used the id anew.
  if (invocations.get(invocationId) === cancellation) invocations.delete(invocationId);
  if (cancellation.signal.aborted) return;
  session.send({
    kind: 'invokeResponse',
    invocationId,
    ...(outcome.kind === 'failed' ? { error: INTERNAL_ERROR } : outcome.data && { data: outcome.data }),
  });
}
