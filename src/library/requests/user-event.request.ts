import type { MqttUserProperty, UserEvent } from '../../protocol/cloud-event.js';
import { parseEventJson } from '../../protocol/event-body.decoder.js';
import type { MessageData, MessageDataType } from '../../protocol/message-data.js';
import type { ConnectionContext } from './connection-context.js';
import { HubRequest } from './hub.request.js';

/**
 * What a client sent to the application [upstream-events 6.3].
 *
 * @publicApi
 */
export class UserEventRequest<T = unknown> extends HubRequest {
  readonly dataType: MessageDataType;
  /** A string, any JSON value, or a Buffer: of bytes, or of a serialized `google.protobuf.Any`. */
  readonly data: T;
  /** Metadata of the message; keys in lower case. */
  readonly metadata: Record<string, string>;
  /** Of an MQTT client: user properties and content type of its PUBLISH packet. */
  readonly mqtt?: { readonly contentType?: string; readonly userProperties: MqttUserProperty[] };

  /** Throws a `MalformedEventError` when the data should be JSON and is not. */
  constructor(event: UserEvent, context: ConnectionContext) {
    super(context);
    this.dataType = event.data.kind;
    this.data = valueOf(event.data) as T;
    this.metadata = event.metadata;
    this.mqtt = event.mqtt;
  }
}

function valueOf(data: MessageData): unknown {
  switch (data.kind) {
    case 'text':
      return data.text;
    case 'json':
      return parseEventJson(data.json);
    default:
      return data.bytes;
  }
}
