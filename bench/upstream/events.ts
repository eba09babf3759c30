import { signConnectionId } from '../../src/protocol/signature.js';

/** The access key that contenders check signatures with, those that check. */
export const ACCESS_KEY = 'bench-key-0123456789abcdef0123456789abcdef';
export const ORIGIN = 'bench.webpubsub.azure.com';
export const HUB = 'bench';
export const CONNECTION_IDS = Array.from({ length: 1000 }, (_, index) => `bench-connection-${index}-0123456789`);

/** One kind of event to measure: the body, and what a right answer's body is. */
export interface EventCase {
  readonly name: string;
  readonly type: string;
  readonly contentType: string;
  readonly body: Buffer;
  /** Undefined: any 2xx will do. */
  readonly echo?: Buffer;
}

const json = Buffer.from(
  JSON.stringify({ items: Array.from({ length: 21 }, (_, id) => ({ id, text: 'x'.repeat(25) })) }),
);
const connect = Buffer.from(
  JSON.stringify({
    claims: { sub: ['ann'], role: ['webpubsub.sendToGroup'], exp: ['1772603600'] },
    query: { lang: ['en'] },
    headers: { Origin: ['https://app.example'], 'User-Agent': ['bench'] },
    subprotocols: ['json.webpubsub.azure.v1'],
    clientCertificates: [],
  }),
);

const userEvent = (name: string, contentType: string, body: Buffer): EventCase => ({
  name,
  type: 'azure.webpubsub.user.message',
  contentType,
  body,
  echo: body,
});

export const EVENT_CASES: readonly EventCase[] = [
  userEvent('text 100 B', 'text/plain; charset=utf-8', Buffer.alloc(100, 'a')),
  userEvent('JSON 1 kB', 'application/json', json),
  userEvent('binary 64 kB', 'application/octet-stream', Buffer.alloc(64 * 1024, 7)),
  { name: 'connect', type: 'azure.webpubsub.sys.connect', contentType: 'application/json', body: connect },
];

/** The request as the service sends it. */
export function eventRequest(event: EventCase, connectionId: string): Buffer {
  const eventName = event.type.slice(event.type.lastIndexOf('.') + 1);
  const head = [
    'POST /eventhandler HTTP/1.1',
    'Host: 127.0.0.1',
    `WebHook-Request-Origin: ${ORIGIN}`,
    `Content-Type: ${event.contentType}`,
    `Content-Length: ${event.body.length}`,
    'ce-specversion: 1.0',
    'ce-awpsversion: 1.0',
    `ce-type: ${event.type}`,
    `ce-source: /hubs/${HUB}/client/${connectionId}`,
    'ce-id: 1',
    'ce-time: 2026-03-04T05:06:07Z',
    `ce-signature: ${signConnectionId(connectionId, [ACCESS_KEY])}`,
    `ce-connectionId: ${connectionId}`,
    `ce-hub: ${HUB}`,
    `ce-eventName: ${eventName}`,
    'ce-userId: ann',
    '',
    '',
  ].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), event.body]);
}
