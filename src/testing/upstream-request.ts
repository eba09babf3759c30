import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { EventResponse } from '../protocol/event-reply.decoder.js';
import { encodeHeaderTexts, readHeaderLines, type HeaderTexts } from '../protocol/header-lines.js';

export interface UpstreamHttpRequest {
  readonly method: string;
  readonly headers: HeaderTexts;
  readonly body?: Uint8Array;
}

/** Sends one request over a connection of its own, so that nothing is left open after a test. */
export function sendUpstreamRequest(url: URL, { method, headers, body }: UpstreamHttpRequest): Promise<EventResponse> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, { method, headers: encodeHeaderTexts(headers), agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(readHeaderLines(response.rawHeaders)),
          body: Buffer.concat(chunks),
        }),
      );
    });
    request.on('error', (error) =>
      reject(new Error(`Upstream at ${url.origin} cannot be reached: ${error.message}`, { cause: error })),
    );
    request.end(body);
  });
}
