import type { CancelInvocationMessage } from '../../../protocol/client-message.js';
import type { ClientSession } from '../client-session.js';

/** An unknown id is no error: the answer may have crossed the cancellation on its way. */
export function handleCancelInvocation(
  { invocations }: ClientSession,
  { invocationId }: CancelInvocationMessage,
): void {
  invocations.get(invocationId)?.abort();
  invocations.delete(invocationId);
}
