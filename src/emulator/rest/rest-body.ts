import type { IncomingMessage } from 'node:http';
import { restErrors } from './rest.errors.js';

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Checks `Content-Length`, which is required and at most 1 MiB, so that a chunked body is refused [rest-api 5.1]; returns
 * the function that then reads the body. Throws 400.
 */
export function readRestBody(message: IncomingMessage): () => Promise<Buffer> {
  const text = message.headers['content-length'];
  if (text === undefined || !/^\d{1,9}$/.test(text) || Number(text) > MAX_BODY_BYTES) {
    throw restErrors.invalidContentLength();
  }
  return async () => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of message) chunks.push(chunk as Buffer);
    } catch {
      // The caller broke off; nobody reads the answer.
      throw restErrors.invalidContentLength();
    }
    return Buffer.concat(chunks);
  };
}
