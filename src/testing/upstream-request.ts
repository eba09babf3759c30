import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { EventResponse } from '../protocol/event-reply.decoder.js';
import { encodeUtf8Header } from '../protocol/utf8-header.codec.js';

export interface UpstreamHttpRequest {
  readonly method: string;
  /** Values as Unicode text: they travel as UTF-8 bytes, as the service sends them [upstream-events 4.2]. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array;
}

/** Sends one request over a connection of its own, so that nothing is left open after a test. */
export function sendUpstreamRequest(url: URL, { method, headers, body }: UpstreamHttpRequest): Promise<EventResponse> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, { method, headers: encodeHeaders(headers), agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: decodeHeaders(response.rawHeaders),
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

function encodeHeaders(headers: UpstreamHttpRequest['headers']): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? encodeUtf8Header(value) : value.map(encodeUtf8Header),
    ]),
  );
}

function decodeHeaders(rawHeaders: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    (headers[rawHeaders[index].toLowerCase()] ??= []).push(rawHeaders[index + 1]);
  }
  return headers;
}
