import { HttpException } from '@nestjs/common';
import type { MqttUserProperty } from '../../protocol/cloud-event.js';
import { statusOfMqttCode } from './mqtt-codes.js';

/** By this mark the exception is known, whichever copy of the package made it. */
const EXCEPTION_MARK = Symbol.for('nestjs-web-pubsub.mqtt-connect-exception');

/**
 * Refuses an MQTT client with a CONNACK code of one's choice: a return code of MQTT 3.1.1 (1 to 5) or a reason code of
 * MQTT 5.0 (128 and up) [upstream-events 6.6]. A code that the client's version does not have becomes the one that fits its
 * HTTP status. Thrown for a client that is not MQTT, it is an `HttpException` like any other.
 *
 * @publicApi
 */
export class MqttConnectException extends HttpException {
  readonly code: number;
  /** For MQTT 5.0 clients. */
  readonly reason?: string;
  /** For MQTT 5.0 clients. */
  readonly userProperties?: readonly MqttUserProperty[];

  constructor(code: number, reason?: string, userProperties?: readonly MqttUserProperty[]) {
    super(reason ?? 'The client was refused.', statusOfMqttCode(code));
    this.code = code;
    this.reason = reason;
    this.userProperties = userProperties;
  }

  /** @internal */
  static is(error: unknown): error is MqttConnectException {
    return typeof error === 'object' && error !== null && EXCEPTION_MARK in error;
  }
}

Object.defineProperty(MqttConnectException.prototype, EXCEPTION_MARK, { value: true });
