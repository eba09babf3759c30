import type { ServerResponse } from 'node:http';
import { CORS_HEADERS } from './rest-cors.js';
import type { RestAnswer } from './rest-route.js';
import type { RestError } from './rest.errors.js';

/** Every operation is served under every version [rest-api 1]. */
export const API_VERSIONS = ['2021-10-01', '2022-11-01', '2023-07-01', '2024-01-01', '2024-12-01'] as const;

const COMMON_HEADERS = { ...CORS_HEADERS, 'api-supported-versions': API_VERSIONS.join(', ') };

/** Writes the answer; returns its body, if it has one. */
export function writeAnswer(response: ServerResponse, { status, body }: RestAnswer): Buffer | undefined {
  if (body !== undefined) return writeJson(response, status, body, {});
  writeHead(response, status, status === 204 ? {} : { 'Content-Length': 0 });
  response.end();
  return undefined;
}

export function writeError(response: ServerResponse, { status, detail, headers }: RestError): Buffer | undefined {
  return writeJson(response, status, detail, { ...headers, 'x-ms-error-code': detail.code });
}

/** An answer to HEAD has no body, and nothing that would describe one. */
function writeJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Buffer | undefined {
  if (response.req.method === 'HEAD') {
    writeHead(response, status, headers);
    response.end();
    return undefined;
  }
  const bytes = Buffer.from(JSON.stringify(body));
  writeHead(response, status, {
    ...headers,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': bytes.length,
  });
  response.end(bytes);
  return bytes;
}

function writeHead(response: ServerResponse, status: number, headers: Readonly<Record<string, string | number>>): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries({ ...COMMON_HEADERS, ...headers })) response.setHeader(name, value);
}
