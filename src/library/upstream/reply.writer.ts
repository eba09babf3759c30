import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EncodedReply } from '../../protocol/event-reply.encoder.js';

/** How long, and in how many multiples of the largest body, what nobody wants to read is received before the line is cut. */
const DISCARD_MS = 2_000;
const DISCARD_FACTOR = 4;

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
  const isCut = options.isUnread && !isShort(request, options.maxBodyBytes);
  // Not by spreading, which takes V8 longer than all else here.
  const headers: Record<string, string | number | string[]> = Object.assign({}, reply.headers);
  const { body } = reply;
  if (body !== undefined) headers['content-length'] = Buffer.byteLength(body);
  if (isHttp1 && (isCut || options.isLast)) headers['connection'] = 'close';
  response.writeHead(reply.status, headers);
  if (!isCut) {
    // What is left of a short body Node receives and drops, so that the connection can be used again.
    if (body === undefined) response.end();
    else response.end(body);
  } else if (isHttp1) {
    writeThenDiscard(request, response, body ?? '', options.maxBodyBytes * DISCARD_FACTOR);
  } else {
    response.end(body ?? '', () => closeStream(response));
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

/** HTTP/2: tells the sender to stop, without an error. */
function closeStream(response: ServerResponse): void {
  const { stream } = response as { stream?: { close?: (code: number) => void } };
  stream?.close?.(0);
}
