import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { HubEvent, RefusalReply } from '../../protocol/cloud-event.js';
import { BadConnectionStateError } from '../../protocol/connection-states.codec.js';
import { MalformedEventError } from '../../protocol/malformed-event.error.js';
import { isMqttCode, mqttCodeOfStatus } from '../errors/mqtt-codes.js';
import { MqttConnectException } from '../errors/mqtt-connect.exception.js';

/** All that the service learns of an error that is not meant for it. */
export const INTERNAL_ERROR = 'Internal server error';

export interface RefusalVerdict {
  readonly reply: RefusalReply;
  /** An error that the application did not mean as an answer. */
  readonly isUnexpected: boolean;
}

/**
 * What an error becomes: an `HttpException` its status and message, anything else 500 without a detail, whatever properties
 * it has; 500 too, if the status says success: nobody comes in by an error. An MQTT client gets a CONNACK code for its protocol version [upstream-events 6.6].
 */
export function createRefusal(event: HubEvent, error: unknown): RefusalVerdict {
  const isHttp = error instanceof HttpException && isRefusalStatus(error.getStatus());
  const status = isHttp ? error.getStatus() : 500;
  const reason = isHttp ? messageOf(error) : INTERNAL_ERROR;
  const isUnexpected = !isHttp || (status >= 500 && error.getResponse() instanceof Error);
  return { isUnexpected, reply: withMqtt(event, { kind: 'refusal', status, reason }, error) };
}

/** A refusal with a status and reason that were said in another way than by throwing. */
export function createPlainRefusal(event: HubEvent, status: number, reason: string): RefusalReply {
  return withMqtt(event, { kind: 'refusal', status, reason }, undefined);
}

/** Why an event that could not be read is refused; undefined when the error says nothing of that kind. */
export function malformedReasonOf(error: unknown): string | undefined {
  return error instanceof MalformedEventError || error instanceof BadConnectionStateError ? error.reason : undefined;
}

/** Statuses below 200 are no answers, and above 599 no statuses. */
export function isAnswerStatus(status: unknown): status is number {
  return typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599;
}

function isRefusalStatus(status: unknown): boolean {
  return isAnswerStatus(status) && status >= 300;
}

function withMqtt(event: HubEvent, reply: RefusalReply, error: unknown): RefusalReply {
  if (event.kind !== 'connect' || !event.context.mqtt) return reply;
  const protocolVersion = event.mqtt?.protocolVersion ?? 5;
  const { reason } = reply;
  if (!MqttConnectException.is(error)) {
    const code = mqttCodeOfStatus(reply.status, protocolVersion);
    return { ...reply, mqtt: { code, ...(reason !== INTERNAL_ERROR && { reason }) } };
  }
  const code = isMqttCode(error.code, protocolVersion) ? error.code : mqttCodeOfStatus(reply.status, protocolVersion);
  return { ...reply, mqtt: { code, reason: error.reason, userProperties: error.userProperties } };
}

/** ValidationPipe and others say more in the exception's response than in its message. */
function messageOf(exception: HttpException): string {
  const response: unknown = exception.getResponse();
  if (typeof response === 'string') return response;
  // Of another error, whose words are not meant for strangers.
  if (response instanceof Error) return STATUS_CODES[exception.getStatus()] ?? INTERNAL_ERROR;
  return messageIn(response) ?? exception.message;
}

/** Of an error body that was meant for HTTP: its message, or its list of messages as one line. */
export function messageIn(body: unknown): string | undefined {
  const { message } = (body ?? {}) as { message?: unknown };
  if (typeof message === 'string') return message;
  return Array.isArray(message) ? message.map(textOf).join('; ') : undefined;
}

/** As `String`, also of what cannot be made a text: objects without a prototype, or with members that hide its methods. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'a value that is no text';
  }
}
