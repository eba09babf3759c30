import type { ClientMessage, EndStreamMessage, StartStreamMessage } from './client-message.js';
import { JsonRequest } from './json-request.js';
import { MalformedMessageError } from './subprotocol-codec.js';

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
      return { kind: 'sequenceAck', sequenceId: request.uint64('sequenceId') };
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
    noEcho: request.boolean('noEcho'),
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
  const idleTimeoutMs = stream.optionalInteger('idleTimeoutMs');
  return {
    kind: 'startStream',
    group: request.group(),
    streamId: stream.nonEmptyString('streamId'),
    noEcho: request.boolean('noEcho'),
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
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
    sequenceId: request.uint64('streamSequenceId'),
    data: request.data(),
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
    ...(hasData && { data: request.data() }),
  };
}

function readState(request: JsonRequest): { state?: Record<string, string> } {
  if (request.isAbsent('state')) return {};
  return { state: Object.fromEntries(request.object('state').stringEntries()) };
}
