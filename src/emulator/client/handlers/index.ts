import type { ClientMessage } from '../../../protocol/client-message.js';
import type { ClientSession } from '../client-session.js';
import { CLOSES } from '../close-reasons.js';
import { handleCancelInvocation } from './cancel-invocation.handler.js';
import { handleEndStream } from './end-stream.handler.js';
import { handleInvoke } from './invoke.handler.js';
import { handleJoinGroup } from './join-group.handler.js';
import { handleLeaveGroup } from './leave-group.handler.js';
import { INTERNAL_ERROR, type MessageOutcome } from './message-outcome.js';
import { handlePing } from './ping.handler.js';
import { handleSendEvent } from './send-event.handler.js';
import { handleSendToGroup } from './send-to-group.handler.js';
import { handleSequenceAck } from './sequence-ack.handler.js';
import { handleSetGroupState } from './set-group-state.handler.js';
import { handleStartStream } from './start-stream.handler.js';
import { handleStreamData } from './stream-data.handler.js';
import { handleSubscribeGroupState } from './subscribe-group-state.handler.js';
import { handleUnsubscribeGroupState } from './unsubscribe-group-state.handler.js';

type Handled = MessageOutcome | void | Promise<MessageOutcome | void>;

type Handlers = {
  readonly [K in ClientMessage['kind']]: (
    session: ClientSession,
    message: Extract<ClientMessage, { kind: K }>,
  ) => Handled;
};

const HANDLERS: Handlers = {
  joinGroup: handleJoinGroup,
  leaveGroup: handleLeaveGroup,
  sendToGroup: handleSendToGroup,
  sendEvent: handleSendEvent,
  sequenceAck: handleSequenceAck,
  ping: handlePing,
  invoke: handleInvoke,
  cancelInvocation: handleCancelInvocation,
  startStream: handleStartStream,
  streamData: handleStreamData,
  streamEnd: handleEndStream,
  setGroupState: handleSetGroupState,
  subscribeGroupState: handleSubscribeGroupState,
  unsubscribeGroupState: handleUnsubscribeGroupState,
};

/**
 * Carries out what a client asks and answers with the ack it wants. The promise, where there is one, settles when the
 * next message of that client may be handled; it never rejects.
 */
export function handleClientMessage(session: ClientSession, message: ClientMessage): Promise<void> | undefined {
  const ackId = 'ackId' in message ? message.ackId : undefined;
  if (ackId !== undefined && session.ackHistory.has(ackId)) {
    session.send({
      kind: 'ack',
      ackId,
      error: { name: 'Duplicate', message: `Message with ack-id: ${ackId} has been processed` },
    });
    return undefined;
  }
  const fail = (error: unknown): void => {
    session.context.logger.error(`A client message of kind ${message.kind} failed: ${String(error)}`);
    answer(session, message.kind, ackId, { error: INTERNAL_ERROR });
  };
  // The table is typed by kind; a lookup by a union of kinds loses the tie between handler and message.
  const handler = HANDLERS[message.kind] as (session: ClientSession, message: ClientMessage) => Handled;
  try {
    const handled = handler(session, message);
    if (handled instanceof Promise)
      return handled.then((outcome) => answer(session, message.kind, ackId, outcome)).catch(fail);
    answer(session, message.kind, ackId, handled);
  } catch (error) {
    fail(error);
  }
  return undefined;
}

function answer(
  session: ClientSession,
  kind: ClientMessage['kind'],
  ackId: bigint | undefined,
  outcome: MessageOutcome | void,
): void {
  const error = outcome?.error;
  if (session.isSimple) {
    // [client-websocket 4] there are no acks to carry a failure.
    if (error) session.closeWith(kind === 'sendEvent' ? CLOSES.eventFailed : CLOSES.notAuthorizedToSend);
    return;
  }
  if (ackId !== undefined) {
    // [client-websocket 5.4] only a success uses up the id.
    if (!error) session.ackHistory.add(ackId);
    session.send({ kind: 'ack', ackId, ...(error && { error }) });
  }
  outcome?.afterAck?.();
}
