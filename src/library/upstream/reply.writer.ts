import type { IncomingMessage, ServerResponse } from 'node:http';
import { clearTimeout, setTimeout } from 'node:timers';
import type { EncodedReply } from '../../protocol/event-reply.encoder.js';

/** How long, and in how many multiples of the largest body, what nobody wants to read is received before the line is cut. */
const DISCARD_MS = 2_000;
const DISCARD_FACTOR = 4;

/** Between looks whether a stream can be closed. */
const CLOSE_INTERVAL_MS = 5;

export interface WriteOptions {
  /** The request may have a body that was not read to its end. */
  readonly isUnread: boolean;
  /** Largest body of an event. */
  readonly maxBodyBytes: number;
  /** The connection is to be closed after this answer. */
  readonly isLast: boolean;
}

/** Writes an answer in one go; does nothing when the sender is gone or has been answered. */
export function writeReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: EncodedReply,
  options: WriteOptions,
): void {
  if (response.headersSent || response.writableEnded || response.destroyed) return;
  const isHttp1 = (request.httpVersionMajor ?? 1) < 2;
  const isCut = isHttp1 && options.isUnread && !isShort(request, options.maxBodyBytes);
  // Not by spreading, which takes V8 longer than all else here.
  const headers: Record<string, string | number | string[]> = Object.assign({}, reply.headers);
  const { body } = reply;
  const length = body === undefined ? 0 : Buffer.byteLength(body);
  if (body !== undefined) headers['content-length'] = length;
  if (isCut || (isHttp1 && options.isLast)) headers['connection'] = 'close';
  response.writeHead(reply.status, headers);
  if (isCut) {
    writeThenDiscard(request, response, body ?? '', options.maxBodyBytes * DISCARD_FACTOR);
  } else if (!isHttp1 && options.isUnread) {
    response.end(body ?? '', () => closeStream(response));
  } else {
    // What is left of a short body Node receives and drops, so that the connection can be used again.
    if (body === undefined) response.end();
    // ASCII: the same bytes, which Node writes faster in this encoding.
    else if (typeof body === 'string' && body.length === length) response.end(body, 'latin1');
    else response.end(body);
  }
}

/** A declared length says that the rest will be received soon. */
function isShort({ headers }: IncomingMessage, maxBodyBytes: number): boolean {
  if (headers['transfer-encoding'] !== undefined) return false;
  return Number(headers['content-length'] ?? 0) <= maxBodyBytes;
}

/**
 * The sender may read no answer before it has sent everything, and a closed socket would take the answer away from it: so
 * the answer goes out whole, then the rest of the body is dropped for a while, then the connection is closed.
 */
function writeThenDiscard(
  request: IncomingMessage,
  response: ServerResponse,
  body: string | Uint8Array,
  maxBytes: number,
) {
  let discarded = 0;
  const finish = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(finish, DISCARD_MS);
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > maxBytes) finish();
  });
  request.once('end', finish);
  request.once('error', finish);
  request.once('close', finish);
  response.on('error', finish);
  if (body.length > 0) response.write(body);
  else response.flushHeaders();
  request.resume();
}

/** Of an HTTP/2 stream. */
interface Stream {
  readonly closed: boolean;
  /** 1 when all has been sent. */
  readonly state: { readonly localClose?: number };
  close(code: number): void;
}

/**
 * HTTP/2: tells the sender to stop, without an error; the connection goes on [RFC 9113 8.1]. Node ends the whole process when
 * a stream is closed whose last frame is still on its way, and does not tell when it has left: so it is asked now and then.
 */
function closeStream(response: ServerResponse): void {
  const { stream } = response as { stream?: Stream };
  const endsAt = performance.now() + DISCARD_MS;
  const attempt = (): void => {
    if (!stream || stream.closed || performance.now() > endsAt) return;
    if (stream.state.localClose === 1) stream.close(0);
    else setTimeout(attempt, CLOSE_INTERVAL_MS);
  };
  attempt();
}
