import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { performance } from 'node:perf_hooks';
import { encodeHeaderTexts, readHeaderLines, type HeaderTexts } from '../../protocol/header-lines.js';

/** A request as the service would send it. */
export interface ProbeRequest {
  readonly method: 'OPTIONS' | 'GET' | 'POST';
  readonly headers: HeaderTexts;
  readonly body?: Uint8Array;
}

export type ProbeResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** Names in lower case, to one value per header line: how often a line came is of importance. */
      readonly headers: ReadonlyMap<string, readonly string[]>;
      readonly body: string;
      readonly elapsedMs: number;
    }
  /** `code` is Node's error code, `TIMEOUT` when there was no whole answer in time. */
  | { readonly kind: 'failed'; readonly code: string };

/** More than any answer of interest. */
const MAX_BODY_BYTES = 64 * 1024;

/** Sends one request on a connection of its own and reads the answer. Never rejects, and ends within `timeoutMs`. */
export function probeUpstream(url: URL, request: ProbeRequest, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const start = performance.now();
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = send(url, { method: request.method, headers: wireHeaders(request), agent: false });
    const timer = setTimeout(
      () => outgoing.destroy(Object.assign(new Error('timeout'), { code: 'TIMEOUT' })),
      timeoutMs,
    );
    const finish = (result: ProbeResult) => {
      clearTimeout(timer);
      resolve(result);
      outgoing.destroy();
    };
    const fail = (error: Error) =>
      finish({ kind: 'failed', code: (error as NodeJS.ErrnoException).code ?? error.name });
    outgoing.on('error', fail);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const answer = () =>
        finish({
          kind: 'answered',
          status: response.statusCode ?? 0,
          headers: readHeaderLines(response.rawHeaders),
          body: Buffer.concat(chunks).toString('utf8'),
          elapsedMs: performance.now() - start,
        });
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > MAX_BODY_BYTES) answer();
      });
      response.on('end', answer);
      response.on('error', fail);
    });
    outgoing.end(request.body);
  });
}

function wireHeaders({ headers, body }: ProbeRequest): Record<string, string | string[]> {
  return { ...encodeHeaderTexts(headers), ...(body && { 'Content-Length': String(body.byteLength) }) };
}
