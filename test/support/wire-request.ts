import { request as httpRequest } from 'node:http';
import { connect as connectHttp2, constants } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { createHmac } from 'node:crypto';

/** A request as bytes on the wire; header values are latin1. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: Uint8Array;
}

export interface WireAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Sends a request on a connection of its own to `http://` or `https://` (any certificate) of this machine. */
export function sendWireRequest(origin: string, { method, path, headers, body }: WireRequest): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const send = origin.startsWith('https:') ? httpsRequest : httpRequest;
    const length = body ? { 'Content-Length': String(body.byteLength) } : {};
    const outgoing = send(new URL(path, origin), {
      method,
      headers: { ...headers, ...length },
      agent: false,
      rejectUnauthorized: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    outgoing.end(body);
  });
}

/** The same over HTTP/2, with a session of its own. */
export async function sendHttp2Request(
  origin: string,
  { method, path, headers, body }: WireRequest,
): Promise<WireAnswer> {
  const session = connectHttp2(origin, { rejectUnauthorized: false });
  try {
    return await new Promise<WireAnswer>((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request(
        { ...headers, [constants.HTTP2_HEADER_METHOD]: method, [constants.HTTP2_HEADER_PATH]: path },
        { endStream: body === undefined },
      );
      const chunks: Buffer[] = [];
      let received: Record<string, string | string[] | undefined> = {};
      stream.on('response', (lines) => (received = lines as typeof received));
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () =>
        resolve({
          status: Number(received[constants.HTTP2_HEADER_STATUS]),
          headers: received,
          body: Buffer.concat(chunks),
        }),
      );
      if (body) stream.end(body);
    });
  } finally {
    session.destroy();
  }
}

/** What an event says, in the service's words; the rest is as in the examples of the reference. */
export interface WireEvent {
  /** Such as `azure.webpubsub.user.echo`. */
  readonly type: string;
  readonly hub?: string;
  readonly connectionId?: string;
  readonly contentType?: string;
  readonly body: string | Uint8Array;
  readonly key: string;
  readonly origin?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

let events = 0;

/** An event as the service sends it, written from the reference and not by our own codec [upstream-events 4, 7, 10]. */
export function wireEvent(path: string, event: WireEvent): WireRequest {
  const { type, hub = 'hosts', connectionId = 'Zk3vQ9yT1uJr8aXbN0pLwA1f2d3c4e5' } = event;
  const signature = createHmac('sha256', event.key).update(connectionId).digest('hex');
  return {
    method: 'POST',
    path,
    headers: {
      'WebHook-Request-Origin': event.origin ?? 'demo.webpubsub.azure.com',
      'Content-Type': event.contentType ?? 'application/json',
      'ce-specversion': '1.0',
      'ce-awpsversion': '1.0',
      'ce-type': type,
      'ce-source': `/hubs/${hub}/client/${connectionId}`,
      'ce-id': String(events++),
      'ce-time': '2026-03-04T05:06:07Z',
      'ce-signature': `sha256=${signature}`,
      'ce-connectionId': connectionId,
      'ce-hub': hub,
      'ce-eventName': type.slice(type.lastIndexOf('.') + 1),
      'ce-userId': Buffer.from('Zoë').toString('latin1'),
      'x-ms-client-request-id': '5b0c8f3e-6c8e-4d0b-9d53-1f1f6f0f2a11',
      ...event.headers,
    },
    body: Buffer.from(event.body),
  };
}

/** The validation of a webhook [upstream-events 3]. */
export function wireValidation(path: string, origin = 'demo.webpubsub.azure.com', method = 'OPTIONS'): WireRequest {
  return { method, path, headers: { 'WebHook-Request-Origin': origin, 'ce-awpsversion': '1.0' } };
}
