import { compileConnectionFilter } from '../../src/emulator/core/connection-filter.js';
import { ConnectionPermissions } from '../../src/emulator/core/permissions.js';
import { createHubRequest } from '../../src/library/requests/hub-request.factory.js';
import { SignatureVerifier } from '../../src/library/security/signature-verifier.js';
import { HttpResponseStandIn } from '../../src/library/hubs/http-response.stand-in.js';
import { encodeEventReply } from '../../src/protocol/event-reply.encoder.js';
import { decodeEventRequest } from '../../src/protocol/event-request.decoder.js';
import { readDataType, readEventType } from '../../src/protocol/event-request-headers.js';
import { encodeEventRequest } from '../../src/protocol/event-request.encoder.js';
import { computeSignature } from '../../src/protocol/signature.js';
import { findSubprotocol } from '../../src/protocol/subprotocol.js';
import type { HubEvent, UserEvent } from '../../src/protocol/cloud-event.js';
import { encodeSendToGroup } from '../fan-out/frames.js';
import { ACCESS_KEY, CONNECTION_IDS, HUB, ORIGIN } from '../upstream/events.js';
import { startHubUnderTest } from './hub-under-test.js';

export interface Operation {
  readonly layer: string;
  readonly name: string;
  readonly run: () => unknown;
}

const [connectionId] = CONNECTION_IDS;
const headers = {
  'webhook-request-origin': ORIGIN,
  'ce-specversion': '1.0',
  'ce-awpsversion': '1.0',
  'ce-type': 'azure.webpubsub.user.parameters',
  'ce-source': `/hubs/${HUB}/client/${connectionId}`,
  'ce-id': '1',
  'ce-time': '2026-03-04T05:06:07Z',
  'ce-connectionid': connectionId,
  'ce-hub': HUB,
  'ce-eventname': 'parameters',
  'ce-userid': 'ann',
  'ce-signature': computeSignature(connectionId, ACCESS_KEY),
};
const json = Buffer.from(JSON.stringify({ text: 'a'.repeat(85) }));

/** Everything that is done for an event or a frame, by the layer that does it. */
export async function listOperations(): Promise<{ operations: Operation[]; close: () => Promise<void> }> {
  const { handlers, close } = await startHubUnderTest();
  const event = decoding('application/json', json)() as UserEvent;
  const keys = [ACCESS_KEY];
  const verifier = new SignatureVerifier(() => keys);
  const call = (name: string) => () => {
    const request = createHubRequest({ ...event, context: { ...event.context, eventName: name } }, 'json');
    const handler = handlers.find('user', name)!;
    return handler.invoke(request, handler.hasEnhancers ? new HttpResponseStandIn() : undefined);
  };
  const library: Operation[] = [
    { layer: 'decode', name: 'text event', run: decoding('text/plain', json) },
    { layer: 'decode', name: 'JSON event', run: decoding('application/json', json) },
    { layer: 'signature', name: 'computed', run: () => computeSignature(connectionId, ACCESS_KEY) },
    { layer: 'signature', name: 'remembered', run: () => verifier.verify(connectionId, headers['ce-signature']) },
    { layer: 'routing', name: 'handler of an event', run: () => handlers.find('user', 'parameters') },
    { layer: 'pipeline', name: 'request, no parameters', run: call('request') },
    { layer: 'pipeline', name: 'two parameters', run: call('parameters') },
    { layer: 'pipeline', name: 'with a guard', run: call('guard') },
    { layer: 'pipeline', name: 'with an interceptor', run: call('interceptor') },
    { layer: 'pipeline', name: 'with ValidationPipe', run: call('validation') },
    { layer: 'pipeline', name: 'request-scoped', run: call('scoped') },
    {
      layer: 'encode',
      name: 'JSON answer',
      run: () => encodeEventReply({ kind: 'user', data: { kind: 'json', json: '{"ok":true}' } }),
    },
  ];
  return { operations: [...library, ...emulatorOperations(event)], close };
}

function emulatorOperations(event: UserEvent): Operation[] {
  const permissions = new ConnectionPermissions(['webpubsub.sendToGroups.rooms.*', 'webpubsub.joinLeaveGroup.lobby']);
  const filter = compileConnectionFilter("'lobby' in groups and not (userId eq 'bob' or startswith(userId, 'bot-'))");
  const member = { connectionId, userId: 'ann', groups: new Set(['lobby']), protocol: undefined };
  const codecs = ['json.webpubsub.azure.v1', 'protobuf.webpubsub.azure.v1'].flatMap((name): Operation[] => {
    const { codec } = findSubprotocol(name)!;
    const { payload, opcode } = encodeSendToGroup(name, 'rooms.a', 'a'.repeat(100));
    const message = { kind: 'groupData', group: 'rooms.a', data: { kind: 'text', text: 'a'.repeat(100) } } as const;
    return [
      { layer: 'frame', name: `${name}, sendToGroup decoded`, run: () => codec.decode(payload, opcode === 2) },
      { layer: 'frame', name: `${name}, message encoded`, run: () => codec.encode({ ...message }) },
    ];
  });
  return [
    ...codecs,
    { layer: 'permission', name: 'by a pattern', run: () => permissions.maySendTo('rooms.a') },
    { layer: 'filter', name: 'on one connection', run: () => filter(member) },
    { layer: 'encode', name: 'event for upstream', run: () => encodeEventRequest(event, headers['ce-signature']) },
  ];
}

function decoding(contentType: string, body: Buffer): () => HubEvent {
  const parts = { ...headers, 'content-type': contentType };
  const origins = [ORIGIN];
  return () => {
    const type = readEventType(parts) as { kind: HubEvent['kind']; eventName: string };
    return decodeEventRequest({ type, dataType: readDataType('user', parts)!, headers: parts, origins, body });
  };
}
