import type { ConnectOutcome } from '../core/event-sink.js';

/** Reason codes of MQTT 5.0, under their names in the standard. */
export const REASON_CODES = {
  success: 0x00,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  unspecifiedError: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  unsupportedProtocolVersion: 0x84,
  clientIdentifierNotValid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdentifierNotFound: 0x92,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  messageRateTooHigh: 0x96,
  administrativeAction: 0x98,
  retainNotSupported: 0x9a,
  sharedSubscriptionsNotSupported: 0x9e,
  wildcardSubscriptionsNotSupported: 0xa2,
} as const;

/** Return codes of an MQTT 3.1.1 CONNACK. */
export const RETURN_CODES = {
  unacceptableProtocolVersion: 1,
  identifierRejected: 2,
  serverUnavailable: 3,
  badUserNameOrPassword: 4,
  notAuthorized: 5,
} as const;

/** What SUBACK says of every refused topic filter in MQTT 3.1.1. */
export const SUBSCRIPTION_FAILURE = 0x80;

/** From here on a reason code is a failure. */
export function isFailure(reasonCode: number): boolean {
  return reasonCode >= 0x80;
}

/** Why a CONNECT is not accepted, in the code of either version. */
export interface ConnectRefusal {
  readonly reasonCode: number;
  readonly returnCode: number;
  /** These two reach MQTT 5.0 clients only. */
  readonly reason?: string;
  readonly userProperties?: readonly { readonly name: string; readonly value: string }[];
}

/** The codes an event handler may refuse a CONNECT with [client-mqtt 3.1]. */
const CONNACK_REASON_CODES: ReadonlySet<number> = new Set([
  128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 140, 144, 149, 151, 153, 154, 155, 156, 157, 159,
]);

/** Statuses of refusals that name no MQTT code, as the service's own SDKs pair them [client-mqtt 3.1]. */
const CODES_BY_STATUS = new Map<number, Pick<ConnectRefusal, 'reasonCode' | 'returnCode'>>([
  [400, { reasonCode: REASON_CODES.badUserNameOrPassword, returnCode: RETURN_CODES.badUserNameOrPassword }],
  [401, { reasonCode: REASON_CODES.notAuthorized, returnCode: RETURN_CODES.notAuthorized }],
]);

const CONNACK_RETURN_CODES: ReadonlySet<number> = new Set(Object.values(RETURN_CODES));

const UNSPECIFIED = { reasonCode: REASON_CODES.unspecifiedError, returnCode: RETURN_CODES.serverUnavailable };

/** A code that the client's version does not know becomes "unspecified error" [client-mqtt 3.1]. */
export function toConnectRefusal(outcome: ConnectOutcome & { kind: 'refused' }): ConnectRefusal {
  const { mqtt } = outcome;
  if (!mqtt) return CODES_BY_STATUS.get(outcome.status) ?? UNSPECIFIED;
  return {
    reasonCode: CONNACK_REASON_CODES.has(mqtt.code) ? mqtt.code : UNSPECIFIED.reasonCode,
    returnCode: CONNACK_RETURN_CODES.has(mqtt.code) ? mqtt.code : UNSPECIFIED.returnCode,
    reason: mqtt.reason,
    userProperties: mqtt.userProperties,
  };
}
