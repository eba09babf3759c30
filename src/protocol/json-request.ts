import { JsonObject } from './json-object.js';
import { MAX_MESSAGE_TTL_SECONDS, type MessageData, type MessageMetadata } from './message-data.js';
import { validateMetadata } from './message-metadata.js';
import { isEventName, isGroupName } from './names.js';
import { MalformedMessageError } from './subprotocol-codec.js';

/** A request of the JSON subprotocols [client-websocket 5.1], with the members that several kinds of it have. */
export class JsonRequest extends JsonObject {
  group(): string {
    const group = this.string('group');
    if (!isGroupName(group)) throw new MalformedMessageError('the group name is invalid');
    return group;
  }

  event(): string {
    const event = this.string('event');
    if (!isEventName(event)) throw new MalformedMessageError('the event name is invalid');
    return event;
  }

  /** To be spread into a message: absent stays absent. */
  ackId(): { ackId?: bigint } {
    return this.isAbsent('ackId') ? {} : { ackId: this.uint64('ackId') };
  }

  ttlSeconds(): number | undefined {
    return this.optionalUnsigned('ttlSeconds', MAX_MESSAGE_TTL_SECONDS);
  }

  metadata(): MessageMetadata | undefined {
    if (this.isAbsent('metadata')) return undefined;
    const verdict = validateMetadata(this.object('metadata').stringEntries());
    if (!verdict.isValid) throw new MalformedMessageError(verdict.problem);
    return verdict.metadata;
  }

  /** [client-websocket 5.1] data may be missing where metadata is given: then it is an empty text. */
  dataOrMetadata(metadata: MessageMetadata | undefined): MessageData {
    if (!this.has('data') && metadata && Object.keys(metadata).length > 0) {
      this.#dataType();
      return { kind: 'text', text: '' };
    }
    return this.data();
  }

  data(): MessageData {
    const type = this.#dataType();
    if (!this.has('data')) throw new MalformedMessageError('data is missing');
    switch (type) {
      case 'text':
        return { kind: 'text', text: this.string('data') };
      case 'binary':
      // Learn lists no protobuf for requests, but the official JavaScript client writes it.
      case 'protobuf':
        return { kind: type, bytes: this.base64('data') };
      default: {
        const json = this.raw('data');
        if (json === undefined) throw new MalformedMessageError('data is null');
        return { kind: 'json', json };
      }
    }
  }

  #dataType(): MessageData['kind'] {
    if (!this.has('dataType')) return 'json';
    const type = this.string('dataType').toLowerCase();
    if (type !== 'json' && type !== 'text' && type !== 'binary' && type !== 'protobuf') {
      throw new MalformedMessageError(`the dataType ${JSON.stringify(type)} is unknown`);
    }
    return type;
  }
}
