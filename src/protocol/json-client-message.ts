import type { ClientMessage, EndStreamMessage, StartStreamMessage } from './client-message.js';
import { readJsonMembers } from './json-members.js';
import { MAX_MESSAGE_TTL_SECONDS, type MessageData, type MessageMetadata } from './message-data.js';
import { validateMetadata } from './message-metadata.js';
import { isEventName, isGroupName } from './names.js';
import { MalformedMessageError } from './subprotocol-codec.js';

const MAX_UINT64 = 2n ** 64n - 1n;
const UNSIGNED = /^\d{1,20}$/;
const INTEGER = /^-?\d{1,15}$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Reads a request of the JSON subprotocols [client-websocket 5.1, 5.2]. Throws a MalformedMessageError. */
export function readJsonClientMessage(text: string): ClientMessage {
  const request = new JsonRequest(text);
  const type = request.string('type');
  switch (type.toLowerCase()) {
    case 'joingroup':
      return { kind: 'joinGroup', group: request.group(), ...request.ackId() };
    case 'leavegroup':
      return { kind: 'leaveGroup', group: request.group(), ...request.ackId() };
    case 'sendtogroup':
      return request.isAbsent('stream') ? readSendToGroup(request) : readStartStream(request);
    case 'event': {
      const metadata = request.metadata();
      return {
        kind: 'sendEvent',
        event: request.event(),
        data: request.dataOrMetadata(metadata),
        ...request.ackId(),
        ...(metadata && { metadata }),
      };
    }
    case 'ping':
      return { kind: 'ping' };
    case 'sequenceack':
      return { kind: 'sequenceAck', sequenceId: request.requiredUint64('sequenceId') };
    case 'invoke':
      return readInvoke(request);
    case 'cancelinvocation':
      return { kind: 'cancelInvocation', invocationId: request.nonEmptyString('invocationId') };
    case 'streamdata':
      return readStreamData(request);
    case 'streamend':
      return readEndStream(request);
    case 'setgroupstate':
      return { kind: 'setGroupState', group: request.group(), ...request.ackId(), ...readState(request) };
    case 'subscribegroupstate':
      return { kind: 'subscribeGroupState', group: request.group(), ...request.ackId() };
    case 'unsubscribegroupstate':
      return { kind: 'unsubscribeGroupState', group: request.group(), ...request.ackId() };
    default:
      throw new MalformedMessageError(`the type ${JSON.stringify(type)} is unknown`);
  }
}

function readSendToGroup(request: JsonRequest): ClientMessage {
  const metadata = request.metadata();
  const ttlSeconds = request.ttlSeconds();
  return {
    kind: 'sendToGroup',
    group: request.group(),
    data: request.dataOrMetadata(metadata),
    noEcho: request.noEcho(),
    ...request.ackId(),
    ...(ttlSeconds !== undefined && { ttlSeconds }),
    ...(metadata && { metadata }),
  };
}

function readStartStream(request: JsonRequest): StartStreamMessage {
  if (!request.isAbsent('data') || !request.isAbsent('ackId')) {
    throw new MalformedMessageError('the start of a stream carries neither data nor ackId');
  }
  const stream = request.object('stream');
  const idleTimeout = stream.raw('idleTimeoutMs');
  if (idleTimeout !== undefined && !INTEGER.test(idleTimeout)) {
    throw new MalformedMessageError('idleTimeoutMs is not an integer');
  }
  return {
    kind: 'startStream',
    group: request.group(),
    streamId: stream.nonEmptyString('streamId'),
    noEcho: request.noEcho(),
    ...(idleTimeout !== undefined && { idleTimeoutMs: Number(idleTimeout) }),
  };
}

function readStreamData(request: JsonRequest): ClientMessage {
  const streamId = request.nonEmptyString('streamId');
  const fields = ['streamSequenceId', 'dataType', 'data'];
  const present = fields.filter((name) => request.has(name)).length;
  if (present === 0) return { kind: 'streamData', streamId };
  if (present < fields.length) throw new MalformedMessageError(`${fields.join(', ')} come together or not at all`);
  return {
    kind: 'streamData',
    streamId,
    sequenceId: request.requiredUint64('streamSequenceId'),
    data: request.requiredData(),
  };
}

function readEndStream(request: JsonRequest): EndStreamMessage {
  const streamId = request.nonEmptyString('streamId');
  if (request.isAbsent('error')) return { kind: 'streamEnd', streamId };
  const error = request.object('error');
  const message = error.optionalString('message');
  const userErrorCode = error.optionalString('userErrorCode');
  return {
    kind: 'streamEnd',
    streamId,
    error: { ...(message !== undefined && { message }), ...(userErrorCode !== undefined && { userErrorCode }) },
  };
}

function readInvoke(request: JsonRequest): ClientMessage {
  if (request.string('target').toLowerCase() !== 'event') throw new MalformedMessageError('the target is not "event"');
  const hasData = request.has('data') || request.has('dataType');
  return {
    kind: 'invoke',
    invocationId: request.nonEmptyString('invocationId'),
    event: request.event(),
    ...(hasData && { data: request.requiredData() }),
  };
}

function readState(request: JsonRequest): { state?: Record<string, string> } {
  if (request.isAbsent('state')) return {};
  return { state: Object.fromEntries(request.object('state').stringEntries()) };
}

/** A JSON object of a request, with its members by name and as they were written. */
class JsonRequest {
  readonly #values: Readonly<Record<string, unknown>>;
  #members?: Map<string, string>;

  constructor(private readonly text: string) {
    const value = parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new MalformedMessageError('it is not a JSON object');
    }
    this.#values = value as Record<string, unknown>;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name);
  }

  /** Missing, or `null`. */
  isAbsent(name: string): boolean {
    return !this.has(name) || this.#values[name] === null;
  }

  /** The text of a value; undefined when it is absent. */
  raw(name: string): string | undefined {
    if (this.isAbsent(name)) return undefined;
    this.#members ??= new Map(readJsonMembers(this.text));
    return this.#members.get(name);
  }

  string(name: string): string {
    const value = this.has(name) ? this.#values[name] : undefined;
    if (typeof value !== 'string') throw new MalformedMessageError(`${name} is missing or not a string`);
    return value;
  }

  nonEmptyString(name: string): string {
    const value = this.string(name);
    if (value === '') throw new MalformedMessageError(`${name} is empty`);
    return value;
  }

  optionalString(name: string): string | undefined {
    return this.isAbsent(name) ? undefined : this.string(name);
  }

  object(name: string): JsonRequest {
    return new JsonRequest(this.raw(name) ?? '');
  }

  /** Every member, repeated ones too; all of them must be strings. */
  stringEntries(): [string, string][] {
    return readJsonMembers(this.text).map(([name, raw]) => {
      const value: unknown = JSON.parse(raw);
      if (typeof value !== 'string') throw new MalformedMessageError(`${name} is not a string`);
      return [name, value];
    });
  }

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

  noEcho(): boolean {
    if (!this.has('noEcho')) return false;
    const value = this.#values['noEcho'];
    if (typeof value !== 'boolean') throw new MalformedMessageError('noEcho is not a boolean');
    return value;
  }

  /** To be spread into a message: absent stays absent. */
  ackId(): { ackId?: bigint } {
    return this.isAbsent('ackId') ? {} : { ackId: this.requiredUint64('ackId') };
  }

  requiredUint64(name: string): bigint {
    const raw = this.raw(name);
    if (raw === undefined || !UNSIGNED.test(raw) || BigInt(raw) > MAX_UINT64) {
      throw new MalformedMessageError(`${name} is missing or not an unsigned 64-bit integer`);
    }
    return BigInt(raw);
  }

  ttlSeconds(): number | undefined {
    const raw = this.raw('ttlSeconds');
    if (raw === undefined) return undefined;
    if (!UNSIGNED.test(raw) || Number(raw) > MAX_MESSAGE_TTL_SECONDS) {
      throw new MalformedMessageError(`ttlSeconds is not an integer from 0 to ${MAX_MESSAGE_TTL_SECONDS}`);
    }
    return Number(raw);
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
    return this.requiredData();
  }

  requiredData(): MessageData {
    const type = this.#dataType();
    if (!this.has('data')) throw new MalformedMessageError('data is missing');
    switch (type) {
      case 'text':
        return { kind: 'text', text: this.string('data') };
      case 'binary':
      // Learn lists no protobuf for requests, but the official JavaScript client writes it.
      case 'protobuf':
        return { kind: type, bytes: this.#base64('data') };
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

  #base64(name: string): Uint8Array {
    const text = this.string(name);
    if (text.length % 4 !== 0 || !BASE64.test(text)) throw new MalformedMessageError(`${name} is not base64`);
    return Buffer.from(text, 'base64');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedMessageError('it is not JSON');
  }
}
