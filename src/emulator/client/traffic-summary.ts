import type { ClientMessage } from '../../protocol/client-message.js';
import type { ServiceMessage } from '../../protocol/service-message.js';

/** A client message in a few words, for the traffic record. */
export function describeClientMessage(message: ClientMessage): string {
  switch (message.kind) {
    case 'joinGroup':
    case 'leaveGroup':
    case 'sendToGroup':
    case 'setGroupState':
    case 'subscribeGroupState':
    case 'unsubscribeGroupState':
      return `${message.kind} ${message.group}${ackSuffix(message.ackId)}`;
    case 'sendEvent':
      return `event ${message.event}${ackSuffix(message.ackId)}`;
    case 'sequenceAck':
      return `sequenceAck ${message.sequenceId}`;
    case 'invoke':
      return `invoke ${message.event} (invocation ${message.invocationId})`;
    case 'cancelInvocation':
      return `cancelInvocation ${message.invocationId}`;
    case 'startStream':
      return `start of stream ${message.streamId} to ${message.group}`;
    case 'streamData':
      return message.data
        ? `streamData ${message.streamId} ${message.sequenceId}`
        : `keep-alive of stream ${message.streamId}`;
    case 'streamEnd':
      return `streamEnd ${message.streamId}${message.error ? ' with an error' : ''}`;
    default:
      return message.kind;
  }
}

/** A service message in a few words, for the traffic record. */
export function describeServiceMessage(message: ServiceMessage): string {
  switch (message.kind) {
    case 'groupData':
      return `message from group ${message.group}`;
    case 'serverData':
      return 'message from server';
    case 'ack':
      return `ack ${message.ackId} ${message.error?.name ?? 'success'}`;
    case 'disconnected':
      return `disconnected: ${message.reason}`;
    case 'invokeResponse':
      return `invokeResponse ${message.invocationId} ${message.error?.name ?? 'success'}`;
    case 'streamAck':
      return `streamAck ${message.streamId} expects ${message.expectedSequenceId}`;
    case 'streamNack':
      return `streamNack ${message.streamId} ${message.name}`;
    case 'streamClosed':
      return `streamClosed ${message.streamId}${message.error ? ` ${message.error.name}` : ''}`;
    case 'groupStateSnapshot':
    case 'groupStateUpdate':
      return `${message.kind} ${message.group}`;
    default:
      return message.kind;
  }
}

function ackSuffix(ackId: bigint | undefined): string {
  return ackId === undefined ? '' : ` (ack ${ackId})`;
}
