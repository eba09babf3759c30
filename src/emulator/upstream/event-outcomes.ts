import type { ConnectReply, UserEventReply } from '../../protocol/cloud-event.js';
import { decodeConnectReply, decodeMqttProperties } from '../../protocol/event-reply.decoder.js';
import type { ConnectOutcome, UserEventOutcome } from '../core/event-sink.js';
import type { UpstreamResponse } from '../core/upstream-transport.js';

/** What came of asking upstream: a reply that makes sense, or a failure with upstream's last answer if there was one. */
export type Asked<Reply> =
  | { readonly kind: 'replied'; readonly reply: Reply; readonly response: UpstreamResponse }
  | { readonly kind: 'failed'; readonly reason: string; readonly response?: UpstreamResponse };

/** What the client is told when upstream could not be asked or made no sense [upstream-events 6.1]. */
const FAILURE_STATUS = 500;

/** [upstream-events 6.1] */
export function toConnectOutcome(asked: Asked<ConnectReply>): ConnectOutcome {
  if (asked.kind === 'replied') {
    const { userId, groups, roles, subprotocol, mqtt } = asked.reply;
    return {
      kind: 'accepted',
      ...(userId !== undefined && { userId }),
      ...(groups && { groups }),
      ...(roles && { roles }),
      ...(subprotocol !== undefined && { subprotocol }),
      ...(mqtt && { mqtt }),
    };
  }
  const refusal = asked.response && decodeConnectReply(asked.response);
  if (refusal?.kind !== 'refusal') return { kind: 'refused', status: FAILURE_STATUS, reason: asked.reason };
  const { status, reason, mqtt } = refusal;
  return {
    kind: 'refused',
    // A redirect means nothing to the client [assumed].
    status: status < 400 ? FAILURE_STATUS : status,
    reason: reason === '' ? asked.reason : reason,
    ...(mqtt && { mqtt }),
  };
}

/** [upstream-events 6.3, 6.6] */
export function toUserEventOutcome(asked: Asked<UserEventReply>, isMqtt: boolean): UserEventOutcome {
  const { response } = asked;
  if (asked.kind === 'replied') {
    const { data, metadata, mqtt } = asked.reply;
    return {
      kind: 'handled',
      status: asked.response.status,
      ...(data && { data }),
      ...(metadata && { metadata }),
      ...(isMqtt && { mqtt: { ...mqtt, userProperties: mqtt?.userProperties ?? [] } }),
    };
  }
  return {
    kind: 'failed',
    ...(response && { status: response.status }),
    reason: asked.reason,
    ...(isMqtt && response && { mqtt: { ...decodeMqttProperties(response), payload: response.body } }),
  };
}
